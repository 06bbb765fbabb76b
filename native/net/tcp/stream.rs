use super::halves::split_owned;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::native::driver::{Source, Stream};
use crate::socket::addr::{ToSocketAddrs, addresses};
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use crate::socket::{Direction, fill, race};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use socket2::SockRef;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr};

/// A connection.
///
/// It reads and writes by [`AsyncReadExt`](crate::io::AsyncReadExt) and
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt); [`split`](Self::split) and
/// [`into_split`](Self::into_split) make it two halves for doing both at a time.
///
/// # Examples
/// ```no_run
/// # #[creel::main]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::{AsyncReadExt, AsyncWriteExt};
///
/// let mut stream = creel::net::TcpStream::connect("example.org:80").await?;
/// stream.write_all(b"GET / HTTP/1.0\r\nHost: example.org\r\n\r\n").await?;
/// let mut page = String::new();
/// stream.read_to_string(&mut page).await?;
/// # Ok(())
/// # }
/// ```
pub struct TcpStream {
    pub(in crate::native::net) io: Source<Stream<mio::net::TcpStream>>,
}

readiness!(TcpStream, poll_read_ready, poll_write_ready);
conversions!(TcpStream, std::net::TcpStream, mio::net::TcpStream, Stream::into_inner);
owned_buffers!(TcpStream: read TcpStream, write TcpStream);
reading!(TcpStream);
peeking!(TcpStream);
writing!(TcpStream, |stream| match stream.io.shutdown(Shutdown::Write) {
    // The other side was faster.
    Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
    result => result,
});

impl TcpStream {
    /// Connects to the first of the addresses that answers.
    ///
    /// If there are several, those of version 4 and version 6 take turns, and each has 250 ms
    /// before the next is tried beside it ("happy eyeballs", RFC 8305); as soon as one answers, the
    /// others are given up. tokio tries one after the other, for as long as the system has patience.
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
        race(addresses(addr).await?, async |address| {
            Self::connecting(mio::net::TcpStream::connect(address)?).await
        })
        .await
    }

    #[track_caller]
    pub(super) fn new(stream: mio::net::TcpStream) -> io::Result<Self> {
        Ok(Self { io: Source::new(Stream::new(stream))? })
    }

    /// Waits until the system has connected the stream.
    pub(super) async fn connecting(stream: mio::net::TcpStream) -> io::Result<Self> {
        let stream = Self::new(stream)?;
        stream.writable().await?;
        match stream.io.take_error()? {
            None => Ok(stream),
            Some(error) => Err(error),
        }
    }

    /// The address of this side.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Whether small pieces are sent at once instead of being gathered.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.nodelay()
    }

    /// Sets whether small pieces are sent at once instead of being gathered.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.set_nodelay(nodelay)
    }

    /// How long closing the stream waits for what was written to be sent.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self).linger()
    }

    /// Sets how long closing the stream waits for what was written to be sent. Anything but `None`
    /// and zero blocks the thread that drops the stream.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        SockRef::from(self).set_linger(dur)
    }

    /// Has closing the stream throw away what was not sent and reset the connection.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// Whether what arrives is acknowledged at once.
    ///
    /// # Errors
    /// If the system does not tell.
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    pub fn quickack(&self) -> io::Result<bool> {
        SockRef::from(self).tcp_quickack()
    }

    /// Sets whether what arrives is acknowledged at once. The system may change it again.
    ///
    /// # Errors
    /// If the system refuses it.
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        SockRef::from(self).set_tcp_quickack(quickack)
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

    /// Two halves that borrow the stream.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(self), WriteHalf(self))
    }

    /// Two halves that own the stream, for two tasks.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }
}

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}
