use super::TcpStream;
use crate::env::site::Site;
use crate::io::{Interest, Ready};
use crate::native::driver::{Source, Stream};
use crate::native::net::rest::Rest;
use crate::socket::Direction;
use crate::socket::addr::ToSocketAddrs;
use crate::socket::addr::{addresses, no_address};
use core::fmt;
use core::future::Future;
use core::task::{Context, Poll, ready};
use std::io;
use std::net::SocketAddr;

/// A socket that accepts connections.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let (client, server) =
///     creel::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
/// assert_eq!(client?.local_addr()?, server?.1);
/// # Ok(())
/// # }
/// ```
pub struct TcpListener {
    pub(super) io: Source<mio::net::TcpListener>,
    rest: Rest,
}

conversions!(TcpListener, std::net::TcpListener, mio::net::TcpListener);

impl TcpListener {
    /// Listens on the first of the addresses that can be bound. Port zero stands for one that the
    /// system chooses.
    ///
    /// # Errors
    /// If none can be bound; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; nothing is bound.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        let mut last = None;
        for address in addresses(addr).await? {
            match mio::net::TcpListener::bind(address) {
                Ok(listener) => return Self::new(listener),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(no_address))
    }

    #[track_caller]
    pub(super) fn new(listener: mio::net::TcpListener) -> io::Result<Self> {
        let io = Source::with_interest(listener, Interest::READABLE)?;
        Ok(Self { io, rest: Rest::default() })
    }

    /// Waits for a connection, and answers it with the address of the other side.
    ///
    /// Several tasks may wait; each connection goes to one of them.
    ///
    /// # Errors
    /// What the system reports. If it has no descriptor to give (EMFILE), the connection stays with
    /// the system, and the next `accept` begins with a rest of 5 to 100 ms: a loop that goes on after
    /// errors neither spins nor misses that there are descriptors again.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: what is not accepted yet stays with the system.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> {
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
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        ready!(self.rest.poll_over(cx));
        let accepted = self.io.registration().poll_io(cx, Direction::Read, || self.io.accept());
        accepted.map(|accepted| self.rest.after(accepted.and_then(Self::accepted)))
    }

    /// Accepts a connection, at once.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; as [`accept`](Self::accept).
    pub fn try_accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accepted = self.io.registration().try_io(Interest::READABLE, || self.io.accept());
        self.rest.after(accepted.and_then(Self::accepted))
    }

    fn accepted(
        (stream, address): (mio::net::TcpStream, SocketAddr),
    ) -> io::Result<(TcpStream, SocketAddr)> {
        // Whoever connects often has written already, and there is room for an answer.
        let io = Source::new(Stream::new(stream))?.assuming(Ready::READABLE | Ready::WRITABLE);
        Ok((TcpStream { io }, address))
    }

    /// The address that this listens on.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// How many hops packets may take.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.ttl()
    }

    /// Sets how many hops packets may take.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.set_ttl(ttl)
    }
}
