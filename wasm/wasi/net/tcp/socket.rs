use super::super::system::Unbound;
use super::super::{host, unsupported};
use super::{TcpListener, TcpStream};
use core::fmt;
use std::boxed::Box;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

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
    inner: Box<dyn Unbound>,
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
        Ok(Self { inner: host::socket(like)? })
    }

    /// Whether an idle connection is probed.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keep_alive()
    }

    /// Sets whether an idle connection is probed.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.inner.set_keep_alive(keepalive)
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
        let refused = || unsupported("a WASI host always lets an address be bound again");
        reuseaddr.then_some(()).ok_or_else(refused)
    }

    /// How large the host's buffer for sending is.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturated)
    }

    /// Sets how large the host's buffer for sending is.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size.into())
    }

    /// How large the host's buffer for receiving is.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.receive_buffer_size().map(saturated)
    }

    /// Sets how large the host's buffer for receiving is.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_receive_buffer_size(size.into())
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// If it is not bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Binds the socket to an address.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(addr)
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
        self.inner.connect(addr).await.map(TcpStream::new)
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
        self.inner.listen(backlog.max(1).into()).map(TcpListener::new)
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
