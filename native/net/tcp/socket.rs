//! Why unsafe: whoever hands over a descriptor by number promises that it is theirs.

use super::{TcpListener, TcpStream};
use core::fmt;
use core::time::Duration;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::SocketAddr;

/// A socket that neither listens nor is connected yet, to set options before it is.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::net::TcpSocket;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(1024)?;
/// let stream = TcpSocket::new_v4()?.connect(listener.local_addr()?).await?;
/// # Ok(())
/// # }
/// ```
pub struct TcpSocket {
    inner: Socket,
}

macro_rules! options {
    ($($get:ident, $set:ident, $of_socket:ident, $set_of_socket:ident, $kind:ty: $what:literal;)*) => {
        $(
            #[doc = concat!("Whether or how ", $what, ".")]
            ///
            /// # Errors
            /// If the system does not tell.
            pub fn $get(&self) -> io::Result<$kind> {
                self.inner.$of_socket().map(|value| value as $kind)
            }

            #[doc = concat!("Sets whether or how ", $what, ".")]
            ///
            /// # Errors
            /// If the system refuses it.
            pub fn $set(&self, value: $kind) -> io::Result<()> {
                self.inner.$set_of_socket(value as _)
            }
        )*
    };
}

impl TcpSocket {
    /// A socket for addresses of version 4.
    ///
    /// # Errors
    /// If the system has none to give.
    pub fn new_v4() -> io::Result<Self> {
        Self::new(Domain::IPV4)
    }

    /// A socket for addresses of version 6.
    ///
    /// # Errors
    /// If the system has none to give.
    pub fn new_v6() -> io::Result<Self> {
        Self::new(Domain::IPV6)
    }

    fn new(domain: Domain) -> io::Result<Self> {
        let inner = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    options! {
        keepalive, set_keepalive, keepalive, set_keepalive, bool:
            "an idle connection is probed";
        reuseaddr, set_reuseaddr, reuse_address, set_reuse_address, bool:
            "an address may be bound again while old connections of it linger";
        send_buffer_size, set_send_buffer_size, send_buffer_size, set_send_buffer_size, u32:
            "large the system's buffer for sending is";
        recv_buffer_size, set_recv_buffer_size, recv_buffer_size, set_recv_buffer_size, u32:
            "large the system's buffer for receiving is";
        nodelay, set_nodelay, tcp_nodelay, set_tcp_nodelay, bool:
            "small pieces are sent at once instead of being gathered";
    }

    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    options! {
        reuseport, set_reuseport, reuse_port, set_reuse_port, bool:
            "several sockets may bind the same address and port";
    }

    #[cfg(not(any(
        target_os = "fuchsia",
        target_os = "redox",
        target_os = "solaris",
        target_os = "illumos",
        target_os = "haiku"
    )))]
    options! {
        tos_v4, set_tos_v4, tos_v4, set_tos_v4, u32: "packets of version 4 are marked for service";
        tos, set_tos, tos_v4, set_tos_v4, u32: "packets of version 4 are marked for service";
    }

    #[cfg(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "fuchsia",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "cygwin"
    ))]
    options! {
        tclass_v6, set_tclass_v6, tclass_v6, set_tclass_v6, u32:
            "packets of version 6 are marked for service";
    }

    /// How long closing the socket waits for what was written to be sent.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Sets how long closing the socket waits for what was written to be sent.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(dur)
    }

    /// Has closing the socket throw away what was not sent and reset the connection.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.inner.set_linger(Some(Duration::ZERO))
    }

    /// The name of the interface that the socket is bound to.
    ///
    /// # Errors
    /// If the system does not tell.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    pub fn device(&self) -> io::Result<Option<std::vec::Vec<u8>>> {
        self.inner.device()
    }

    /// Binds the socket to the interface of this name, or to none.
    ///
    /// # Errors
    /// If the system refuses it.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.inner.bind_device(interface)
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let no_address = || io::Error::new(io::ErrorKind::InvalidInput, "not an internet address");
        self.inner.local_addr()?.as_socket().ok_or_else(no_address)
    }

    /// The error that the socket has kept since this was last asked.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Binds the socket to an address.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(&addr.into())
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
        match self.inner.connect(&SockAddr::from(addr)) {
            Err(error) if !is_under_way(&error) => return Err(error),
            _ => {}
        }
        TcpStream::connecting(mio::net::TcpStream::from_std(self.inner.into())).await
    }

    /// Listens for connections, of which the system keeps up to `backlog` until they are accepted.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.inner.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        TcpListener::new(mio::net::TcpListener::from_std(self.inner.into()))
    }

    /// Takes over a socket that the standard library calls a stream, be it connected or not. It
    /// should be non-blocking.
    pub fn from_std_stream(stream: std::net::TcpStream) -> Self {
        Self { inner: stream.into() }
    }
}

/// Whether the connection is being made.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    let is = error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(not(unix))]
    let is = error.kind() == io::ErrorKind::WouldBlock;
    is
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

descriptor!(TcpSocket, inner);

#[cfg(unix)]
const _: () = {
    use std::os::fd::{FromRawFd, IntoRawFd, RawFd};

    impl FromRawFd for TcpSocket {
        unsafe fn from_raw_fd(fd: RawFd) -> Self {
            // SAFETY: the caller owns the descriptor.
            Self { inner: unsafe { Socket::from_raw_fd(fd) } }
        }
    }

    impl IntoRawFd for TcpSocket {
        fn into_raw_fd(self) -> RawFd {
            self.inner.into_raw_fd()
        }
    }
};

#[cfg(windows)]
const _: () = {
    use std::os::windows::io::{FromRawSocket, IntoRawSocket, RawSocket};

    impl FromRawSocket for TcpSocket {
        unsafe fn from_raw_socket(socket: RawSocket) -> Self {
            // SAFETY: the caller owns the socket.
            Self { inner: unsafe { Socket::from_raw_socket(socket) } }
        }
    }

    impl IntoRawSocket for TcpSocket {
        fn into_raw_socket(self) -> RawSocket {
            self.inner.into_raw_socket()
        }
    }
};
