use super::{error_from_host, family, from_host, to_host};
use crate::socket::addr::{ToSocketAddrs, addresses, no_address, try_each};
use crate::sync::Mutex;
use crate::wasm::wasi::preview3::single::Single;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::vec::Vec;
use wasip3::sockets::types::{ErrorCode, IpSocketAddress, UdpSocket as Socket};

/// A socket for datagrams.
///
/// All operations take `&self`, so that several tasks may use one, for instance behind an `Arc`. A
/// datagram that does not fit into a buffer loses its end.
pub struct UdpSocket {
    socket: Arc<Socket>,
    /// A wait that outlives the future which began it, so that no datagram is lost.
    receiving: Mutex<Option<Single<Received>>>,
}

type Received = Result<(Vec<u8>, IpSocketAddress), ErrorCode>;

impl UdpSocket {
    /// Binds a socket to the first of the addresses that can be bound. Port zero stands for one that
    /// the system chooses.
    ///
    /// # Errors
    /// If none can be bound; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; nothing is bound.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        try_each(addr, async |address| {
            let socket = Socket::create(family(&address)).map_err(error_from_host)?;
            socket.bind(to_host(address)).map_err(error_from_host)?;
            Ok(Self { socket: Arc::new(socket), receiving: Mutex::new(None) })
        })
        .await
    }

    /// Has the socket send to one address, and receive from there only.
    ///
    /// # Errors
    /// If the host takes none of the addresses; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; the socket is as it was.
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        try_each(addr, async |address| {
            self.socket.connect(to_host(address)).map_err(error_from_host)
        })
        .await
    }

    /// Sends a datagram to the first of the addresses, and answers its length.
    ///
    /// # Errors
    /// What the host reports.
    ///
    /// # Cancel safety
    /// Dropping the future may keep the datagram from being sent.
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        let target = addresses(target).await?.next().ok_or_else(no_address)?;
        self.transmit(buf, Some(target)).await
    }

    /// Sends a datagram to the address that the socket is connected to, and answers its length.
    ///
    /// # Errors
    /// If it is connected to none; what the host reports.
    ///
    /// # Cancel safety
    /// As [`send_to`](Self::send_to).
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.transmit(buf, None).await
    }

    async fn transmit(&self, buf: &[u8], target: Option<SocketAddr>) -> io::Result<usize> {
        let (socket, data) = (Arc::clone(&self.socket), buf.to_vec());
        let sending = async move { socket.send(data, target.map(to_host)).await };
        Single::new(sending).await.map_err(error_from_host)?;
        Ok(buf.len())
    }

    /// Waits for a datagram; answers its length and who sent it.
    ///
    /// # Errors
    /// What the host reports.
    ///
    /// # Cancel safety
    /// Dropping the future loses no datagram: the next call has it.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let mut under_way = self.receiving.lock().await;
        let receiving = under_way.get_or_insert_with(|| {
            let socket = Arc::clone(&self.socket);
            Single::new(async move { socket.receive().await })
        });
        let received = poll_fn(|cx| Pin::new(&mut *receiving).poll(cx)).await;
        *under_way = None;
        let (data, sender) = received.map_err(error_from_host)?;
        let count = data.len().min(buf.len());
        buf[..count].copy_from_slice(&data[..count]);
        Ok((count, from_host(sender)))
    }

    /// Waits for a datagram and answers its length.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    /// As [`recv_from`](Self::recv_from).
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv_from(buf).await.map(|(count, _)| count)
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_local_address().map(from_host).map_err(error_from_host)
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// If it is connected to none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_remote_address().map(from_host).map_err(error_from_host)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("addr", &self.local_addr().ok()).finish()
    }
}
