//! Why unsafe: whoever hands over a descriptor by number promises that it is theirs.

use super::{UnixDatagram, UnixListener, UnixStream};
use core::fmt;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io;
use std::os::fd::{FromRawFd, IntoRawFd, RawFd};
use std::path::Path;

/// A Unix socket that neither listens nor is connected yet.
///
/// # Examples
/// ```no_run
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let socket = creel::net::UnixSocket::new_stream()?;
/// socket.bind("/run/service.sock")?;
/// let listener = socket.listen(1024)?;
/// # Ok(())
/// # }
/// ```
pub struct UnixSocket {
    inner: Socket,
}

impl UnixSocket {
    /// A socket for datagrams.
    ///
    /// # Errors
    /// If the system has none to give.
    pub fn new_datagram() -> io::Result<Self> {
        Self::new(Type::DGRAM)
    }

    /// A socket for connections.
    ///
    /// # Errors
    /// If the system has none to give.
    pub fn new_stream() -> io::Result<Self> {
        Self::new(Type::STREAM)
    }

    fn new(kind: Type) -> io::Result<Self> {
        let inner = Socket::new(Domain::UNIX, kind, None)?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    fn expect(&self, kind: Type, refusal: &'static str) -> io::Result<()> {
        if self.inner.r#type()? == kind { Ok(()) } else { Err(io::Error::other(refusal)) }
    }

    /// Binds the socket to a path.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.bind(&SockAddr::unix(path)?)
    }

    /// Listens for connections, of which the system keeps up to `backlog` until they are accepted.
    ///
    /// # Errors
    /// If the socket is one for datagrams, or the system refuses it.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.expect(Type::STREAM, "listen cannot be called on a datagram socket")?;
        self.inner.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        UnixListener::new(mio::net::UnixListener::from_std(self.inner.into()))
    }

    /// Connects to who listens at a path.
    ///
    /// # Errors
    /// If the socket is one for datagrams, or nobody listens there.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        self.expect(Type::STREAM, "connect cannot be called on a datagram socket")?;
        match self.inner.connect(&SockAddr::unix(path)?) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        UnixStream::connecting(mio::net::UnixStream::from_std(self.inner.into())).await
    }

    /// The socket as one for datagrams.
    ///
    /// # Errors
    /// If it is one for connections.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.expect(Type::DGRAM, "datagram cannot be called on a stream socket")?;
        UnixDatagram::new(mio::net::UnixDatagram::from_std(self.inner.into()))
    }
}

impl fmt::Debug for UnixSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

descriptor!(UnixSocket, inner);

impl FromRawFd for UnixSocket {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller owns the descriptor.
        Self { inner: unsafe { Socket::from_raw_fd(fd) } }
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}
