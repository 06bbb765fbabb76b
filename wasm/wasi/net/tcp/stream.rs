use super::super::host::{self, Connection};
#[allow(unused_imports)] // needless where the host's are trait objects
use super::super::system::Stream;
use super::super::unsupported;
use super::halves::split_owned;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::socket::addr::{ToSocketAddrs, addresses};
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use crate::socket::{Direction, fill, race};
use crate::wasm::wasi::reactor::Source;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr};

/// A connection.
///
/// It reads and writes by [`AsyncReadExt`](crate::io::AsyncReadExt) and
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt); [`split`](Self::split) and
/// [`into_split`](Self::into_split) make it two halves for doing both at a time.
pub struct TcpStream {
    pub(super) io: Source<Connection>,
}

readiness!(TcpStream, poll_read_ready, poll_write_ready);
reading!(TcpStream);
writing!(TcpStream, |stream| stream.io.shutdown(Shutdown::Write));
peeking!(TcpStream);

impl TcpStream {
    /// Connects to the first of the addresses that answers: each has 250 ms before the next is tried
    /// beside it, as natively.
    ///
    /// # Errors
    /// If none does; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        race(addresses(addr).await?, async |address| host::connect(address).await.map(Self::new))
            .await
    }

    pub(super) fn new(io: Source<Connection>) -> Self {
        Self { io }
    }

    pub(super) fn accepted((io, address): (Source<Connection>, SocketAddr)) -> (Self, SocketAddr) {
        (Self { io }, address)
    }

    /// The address of this side.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Whether small pieces are sent at once instead of being gathered.
    ///
    /// # Errors
    /// Always [`Unsupported`](io::ErrorKind::Unsupported): the host decides.
    pub fn nodelay(&self) -> io::Result<bool> {
        Err(unsupported(NO_NODELAY))
    }

    /// Sets whether small pieces are sent at once instead of being gathered.
    ///
    /// # Errors
    /// Always [`Unsupported`](io::ErrorKind::Unsupported): the host decides. Write what belongs
    /// together by one call.
    pub fn set_nodelay(&self, _nodelay: bool) -> io::Result<()> {
        Err(unsupported(NO_NODELAY))
    }

    /// How many hops packets may take.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.hop_limit().map(u32::from)
    }

    /// Sets how many hops packets may take.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        let hops = u8::try_from(ttl).unwrap_or(u8::MAX);
        self.io.set_hop_limit(hops)
    }

    /// Two halves that borrow the stream.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(self), WriteHalf(self))
    }

    /// Two halves that own the stream, for two tasks.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }
}

const NO_NODELAY: &str = "WASI has no TCP_NODELAY: write what belongs together by one call";

impl Read for &Connection {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.receive(buf)
    }
}

impl Write for &Connection {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.send(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.send_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sent()
    }
}

impl Source<Connection> {
    /// Waits until everything that was written is with the host.
    #[inline]
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.sent() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.registration().poll_io(cx, Direction::Write, || self.sent())
            }
            done => Poll::Ready(done),
        }
    }
}

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, peer) = (self.local_addr().ok(), self.peer_addr().ok());
        f.debug_struct("TcpStream").field("addr", &local).field("peer", &peer).finish()
    }
}
