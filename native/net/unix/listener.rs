use super::{SocketAddr, UnixStream};
use crate::env::site::Site;
use crate::io::{Interest, Ready};
use crate::native::driver::{Source, Stream};
use crate::native::net::rest::Rest;
use crate::socket::Direction;
use core::fmt;
use core::future::Future;
use core::task::{Context, Poll, ready};
use std::io;
use std::os::unix::net;
use std::path::Path;

/// A socket that accepts connections from processes of this host.
///
/// # Examples
/// ```no_run
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = creel::net::UnixListener::bind("/run/service.sock")?;
/// let (stream, _) = listener.accept().await?;
/// # Ok(())
/// # }
/// ```
pub struct UnixListener {
    io: Source<mio::net::UnixListener>,
    rest: Rest,
}

conversions!(UnixListener, net::UnixListener, mio::net::UnixListener);

impl UnixListener {
    /// Listens at a path, which must not exist. Where the system has abstract names, a path that
    /// begins with a zero byte is one.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::bind_addr(&SocketAddr::of(path.as_ref())?)
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<Self> {
        Self::new(mio::net::UnixListener::bind_addr(&socket_addr.0)?)
    }

    #[track_caller]
    pub(super) fn new(listener: mio::net::UnixListener) -> io::Result<Self> {
        let io = Source::with_interest(listener, Interest::READABLE)?;
        Ok(Self { io, rest: Rest::default() })
    }

    /// The address that this listens at.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(Into::into)
    }

    /// Waits for a connection, and answers it with the address of the other side.
    ///
    /// # Errors
    /// What the system reports. If it has no descriptor to give (EMFILE), the connection stays with
    /// the system, and the next `accept` begins with a rest of 5 to 100 ms.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: what is not accepted yet stays with the system.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(UnixStream, SocketAddr)>> {
        Site::here().of(async move {
            self.rest.over().await;
            let accept = || self.io.accept();
            let accepted = self.io.registration().async_io(Interest::READABLE, accept).await;
            self.rest.after(accepted.and_then(Self::accepted))
        })
    }

    /// Accepts a connection; if there is none, the task of `cx` is woken when there is. The task
    /// of the last call only.
    ///
    /// # Errors
    /// What the system reports.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        ready!(self.rest.poll_over(cx));
        let accepted = self.io.registration().poll_io(cx, Direction::Read, || self.io.accept());
        accepted.map(|accepted| self.rest.after(accepted.and_then(Self::accepted)))
    }

    /// Accepts a connection, at once.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; what the system reports.
    pub fn try_accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accepted = self.io.registration().try_io(Interest::READABLE, || self.io.accept());
        self.rest.after(accepted.and_then(Self::accepted))
    }

    fn accepted(
        (stream, address): (mio::net::UnixStream, net::SocketAddr),
    ) -> io::Result<(UnixStream, SocketAddr)> {
        // Whoever connects often has written already, and there is room for an answer.
        let io = Source::new(Stream::new(stream))?.assuming(Ready::READABLE | Ready::WRITABLE);
        Ok((UnixStream { io }, address.into()))
    }
}
