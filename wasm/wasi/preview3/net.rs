//! Sockets of preview 3: the names of [`creel::net`](crate::wasm::wasi::net), as far as streams that are
//! read and written by completion go. Addresses are numbers or names, which the host looks up.

mod udp;

pub use udp::UdpSocket;

use super::single::Single;
use super::streams::{Reader, Writer};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::socket::addr::{ToSocketAddrs, addresses, try_each};
use crate::socket::race;
use crate::sync::Mutex;
use crate::wasm::wasi::address::BACKLOG;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::format;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::string::String;
use std::vec::Vec;
use wasip3::sockets::types::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
    TcpSocket,
};
use wasip3::wit_bindgen::StreamReader;

crate::wasm::wasi::address::addresses!();

/// A socket that accepts connections.
pub struct TcpListener {
    socket: TcpSocket,
    incoming: Mutex<Incoming>,
}

enum Incoming {
    Idle(Option<StreamReader<TcpSocket>>),
    /// A wait that outlives the future which began it, so that no connection is lost.
    Busy(Single<(StreamReader<TcpSocket>, Option<TcpSocket>)>),
}

impl Incoming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<TcpSocket>> {
        loop {
            match self {
                Self::Idle(stream) => {
                    let Some(mut stream) = stream.take() else {
                        return Poll::Ready(Err(io::Error::other("the host accepts no more")));
                    };
                    *self = Self::Busy(Single::new(async move {
                        let socket = stream.next().await;
                        (stream, socket)
                    }));
                }
                Self::Busy(waiting) => {
                    let (stream, socket) = ready!(Pin::new(waiting).poll(cx));
                    *self = Self::Idle(socket.is_some().then_some(stream));
                    if let Some(socket) = socket {
                        return Poll::Ready(Ok(socket));
                    }
                }
            }
        }
    }
}

impl TcpListener {
    /// Listens on the first of the addresses that can be bound. Port zero stands for one that the
    /// system chooses.
    ///
    /// # Errors
    /// If none can be bound; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; nothing stays bound.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        try_each(addr, async |address| {
            let socket = TcpSocket::create(family(&address)).map_err(error_from_host)?;
            socket.bind(to_host(address)).map_err(error_from_host)?;
            // A wish: a host may have its own idea.
            let _ = socket.set_listen_backlog_size(BACKLOG.into());
            let incoming = socket.listen().map_err(error_from_host)?;
            Ok(Self { socket, incoming: Mutex::new(Incoming::Idle(Some(incoming))) })
        })
        .await
    }

    /// Waits for a connection, and answers it with the address of the other side.
    ///
    /// # Errors
    /// If the host accepts no more.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: the next call has it.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let mut incoming = self.incoming.lock().await;
        let socket = core::future::poll_fn(|cx| incoming.poll(cx)).await?;
        drop(incoming);
        let address = socket.get_remote_address().map(from_host).map_err(error_from_host)?;
        Ok((TcpStream::new(socket), address))
    }

    /// The address that this listens on.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_local_address().map(from_host).map_err(error_from_host)
    }
}

/// A connection.
pub struct TcpStream {
    reader: Reader,
    writer: Writer,
    /// How reading ended, once it has.
    received: Option<Single<Result<(), ErrorCode>>>,
    socket: TcpSocket,
}

impl TcpStream {
    fn new(socket: TcpSocket) -> Self {
        let (input, received) = socket.receive();
        let (writer, output) = wasip3::wit_stream::new();
        // How sending ended is told by the stream itself.
        drop(socket.send(output));
        Self {
            reader: Reader::new(input),
            writer: Writer::new(writer),
            received: Some(Single::new(async { received.await })),
            socket,
        }
    }

    /// Connects to the first of the addresses that answers: each has 250 ms before the next is tried
    /// beside it, as natively.
    ///
    /// # Errors
    /// If none does; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        race(addresses(addr).await?, async |address| {
            let socket = TcpSocket::create(family(&address)).map_err(error_from_host)?;
            let connecting = async move {
                socket.connect(to_host(address)).await?;
                Ok(socket)
            };
            Single::new(connecting).await.map(Self::new).map_err(error_from_host)
        })
        .await
    }

    /// The address of this side.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_local_address().map(from_host).map_err(error_from_host)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_remote_address().map(from_host).map_err(error_from_host)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ready = ready!(self.reader.poll_ready(cx));
        let count = ready.len().min(buf.remaining());
        buf.put_slice(&ready[..count]);
        if count == 0
            && buf.remaining() > 0
            && let Some(received) = &mut self.received
        {
            let ended = ready!(Pin::new(received).poll(cx));
            self.received = None;
            return Poll::Ready(ended.map_err(error_from_host));
        }
        self.reader.take(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.poll_idle(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.poll_end(cx)
    }
}

macro_rules! debug {
    ($($kind:ident)*) => {
        $(impl fmt::Debug for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($kind)).field("addr", &self.local_addr().ok()).finish()
            }
        })*
    };
}

debug!(TcpListener TcpStream);

fn error_from_host(code: ErrorCode) -> io::Error {
    let kind = match &code {
        ErrorCode::AccessDenied => ErrorKind::PermissionDenied,
        ErrorCode::NotSupported => ErrorKind::Unsupported,
        ErrorCode::InvalidArgument | ErrorCode::InvalidState => ErrorKind::InvalidInput,
        ErrorCode::OutOfMemory => ErrorKind::OutOfMemory,
        ErrorCode::Timeout => ErrorKind::TimedOut,
        ErrorCode::AddressNotBindable => ErrorKind::AddrNotAvailable,
        ErrorCode::AddressInUse => ErrorKind::AddrInUse,
        ErrorCode::RemoteUnreachable => ErrorKind::HostUnreachable,
        ErrorCode::ConnectionRefused => ErrorKind::ConnectionRefused,
        ErrorCode::ConnectionBroken => ErrorKind::BrokenPipe,
        ErrorCode::ConnectionReset => ErrorKind::ConnectionReset,
        ErrorCode::ConnectionAborted => ErrorKind::ConnectionAborted,
        ErrorCode::DatagramTooLarge | ErrorCode::Other(_) => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {code}"))
}

/// Names, for the runtimes of this host.
#[derive(Debug)]
pub(super) struct Names;

impl crate::platform::Driver for Names {
    fn lookup(&self, host: String, port: u16) -> crate::platform::Lookup {
        use wasip3::sockets::ip_name_lookup::resolve_addresses;
        std::boxed::Box::pin(Single::new(async move {
            let found = resolve_addresses(host).await.map_err(|code| {
                io::Error::new(ErrorKind::NotFound, format!("the host says: {code}"))
            })?;
            Ok(found
                .into_iter()
                .map(|ip| SocketAddr::new(ip_from_host(ip), port))
                .collect::<Vec<_>>())
        }))
    }

    /// What is waited for ends with the export.
    fn shut_down(&self) {}
}
