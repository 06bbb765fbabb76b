use super::super::address::{from_host, to_host};
use super::super::{connection, unsupported};
use super::{TcpListener, TcpStream};
use crate::wasm::wasi::preview2::error::of_socket;
use core::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::ErrorCode;
use wasip2::sockets::tcp::TcpSocket as Socket;

/// A socket that is neither a listener nor a stream yet, to be configured first.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::net::TcpSocket;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(1024)?;
/// let stream = TcpSocket::new_v4()?.connect(listener.local_addr()?).await?;
/// # Ok(())
/// # }
/// ```
pub struct TcpSocket {
    inner: Socket,
}

impl TcpSocket {
    /// A socket for addresses of version 4.
    ///
    /// # Errors
    /// If the host has none to give.
    pub fn new_v4() -> io::Result<Self> {
        Self::new((Ipv4Addr::UNSPECIFIED, 0).into())
    }

    /// A socket for addresses of version 6.
    ///
    /// # Errors
    /// If the host has none to give.
    pub fn new_v6() -> io::Result<Self> {
        Self::new((Ipv6Addr::UNSPECIFIED, 0).into())
    }

    fn new(like: SocketAddr) -> io::Result<Self> {
        Ok(Self { inner: connection::create(&like)? })
    }

    /// Whether an idle connection is probed.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keep_alive_enabled().map_err(of_socket)
    }

    /// Sets whether an idle connection is probed.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.inner.set_keep_alive_enabled(keepalive).map_err(of_socket)
    }

    /// Whether an address may be bound again while old connections of it linger: hosts see to it.
    ///
    /// # Errors
    /// Never; as natively.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Sets whether an address may be bound again while old connections of it linger.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) for `false`: hosts see to it that it may.
    pub fn set_reuseaddr(&self, reuseaddr: bool) -> io::Result<()> {
        let refused = || unsupported("a preview 2 host always lets an address be bound again");
        reuseaddr.then_some(()).ok_or_else(refused)
    }

    /// How large the host's buffer for sending is.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturated).map_err(of_socket)
    }

    /// Sets how large the host's buffer for sending is.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size.into()).map_err(of_socket)
    }

    /// How large the host's buffer for receiving is.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.receive_buffer_size().map(saturated).map_err(of_socket)
    }

    /// Sets how large the host's buffer for receiving is.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_receive_buffer_size(size.into()).map_err(of_socket)
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// If it is not bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_address().map(from_host).map_err(of_socket)
    }

    /// Binds the socket to an address.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        let network = instance_network();
        self.inner.start_bind(&network, to_host(addr)).map_err(of_socket)?;
        self.at_once(Socket::finish_bind)
    }

    /// Connects the socket.
    ///
    /// # Errors
    /// If nobody answers there.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::new(connection::connect(self.inner, addr).await?)
    }

    /// Listens for connections, of which the host keeps up to `backlog` until they are accepted.
    ///
    /// # Errors
    /// If the host refuses it.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.inner.set_listen_backlog_size(backlog.max(1).into()).map_err(of_socket)?;
        self.inner.start_listen().map_err(of_socket)?;
        self.at_once(Socket::finish_listen)?;
        TcpListener::new(self.inner)
    }

    /// What does not go through the network is done when the host returns, or a moment later.
    fn at_once<T>(&self, finish: impl Fn(&Socket) -> Result<T, ErrorCode>) -> io::Result<T> {
        loop {
            match finish(&self.inner) {
                Err(ErrorCode::WouldBlock) => self.inner.subscribe().block(),
                done => return done.map_err(of_socket),
            }
        }
    }
}

fn saturated(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpSocket").finish_non_exhaustive()
    }
}
