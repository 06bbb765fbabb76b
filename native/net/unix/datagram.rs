use super::SocketAddr;
use crate::io::{Interest, ReadBuf, Ready};
use crate::native::driver::Source;
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use crate::socket::{Direction, fill};
use core::fmt;
use core::task::{Context, Poll};
use std::io;
use std::net::Shutdown;
use std::os::unix::net;
use std::path::Path;

/// A socket for datagrams between processes of this host.
///
/// All operations take `&self`, so that several tasks may use one, for instance behind an `Arc`.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (one, other) = creel::net::UnixDatagram::pair()?;
/// one.send(b"ping").await?;
/// let mut buf = [0; 16];
/// assert_eq!(other.recv(&mut buf).await?, 4);
/// # Ok(())
/// # }
/// ```
pub struct UnixDatagram {
    io: Source<mio::net::UnixDatagram>,
}

readiness!(UnixDatagram, poll_recv_ready, poll_send_ready);
conversions!(UnixDatagram, net::UnixDatagram, mio::net::UnixDatagram);
receiving!(UnixDatagram, SocketAddr);
sending!(UnixDatagram);

impl UnixDatagram {
    /// Binds a socket to a path, which must not exist.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::new(mio::net::UnixDatagram::bind(path)?)
    }

    #[track_caller]
    pub(super) fn new(socket: mio::net::UnixDatagram) -> io::Result<Self> {
        Ok(Self { io: Source::new(socket)? })
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the system has none to give.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = mio::net::UnixDatagram::pair()?;
        let fresh = |socket| -> io::Result<Self> {
            let io: Source<mio::net::UnixDatagram> = Source::new(socket)?;
            Ok(Self { io: io.assuming(Ready::WRITABLE) })
        };
        Ok((fresh(one)?, fresh(other)?))
    }

    /// A socket without an address.
    ///
    /// # Errors
    /// If the system has none to give.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn unbound() -> io::Result<Self> {
        Self::new(mio::net::UnixDatagram::unbound()?)
    }

    /// Has the socket send to a path, and receive from there only.
    ///
    /// # Errors
    /// If nobody is there.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.io.connect(path)
    }

    /// Sends a datagram to a path.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// A future that is dropped before it is ready has sent nothing.
    pub async fn send_to<P: AsRef<Path>>(&self, buf: &[u8], target: P) -> io::Result<usize> {
        let send = || self.io.send_to(buf, target.as_ref());
        self.io.registration().async_io(Interest::WRITABLE, send).await
    }

    /// Sends a datagram to a path; if there is no room, the task of `cx` is woken when there is.
    /// The task of the last call only.
    ///
    /// # Errors
    /// What the system reports.
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>> {
        let send = || self.io.send_to(buf, target.as_ref());
        self.io.registration().poll_io(cx, Direction::Write, send)
    }

    /// Sends a datagram to a path, at once.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; what the system reports.
    pub fn try_send_to<P: AsRef<Path>>(&self, buf: &[u8], target: P) -> io::Result<usize> {
        self.io.registration().try_io(Interest::WRITABLE, || self.io.send_to(buf, target))
    }

    /// The address of this side.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(Into::into)
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// If there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(Into::into)
    }

    /// Ends receiving, sending or both.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.shutdown(how)
    }
}
