use super::credentials::{UCred, of_peer};
use super::halves::split_owned;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, SocketAddr, WriteHalf};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::native::driver::{Source, Stream};
use crate::socket::Direction;
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::unix::net;
use std::path::Path;

/// A connection between two processes of this host.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::{AsyncReadExt, AsyncWriteExt};
/// use creel::net::UnixStream;
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// one.write_all(b"hello").await?;
/// drop(one);
/// let mut greeting = String::new();
/// other.read_to_string(&mut greeting).await?;
/// assert_eq!(greeting, "hello");
/// # Ok(())
/// # }
/// ```
pub struct UnixStream {
    pub(in crate::native::net) io: Source<Stream<mio::net::UnixStream>>,
}

readiness!(UnixStream, poll_read_ready, poll_write_ready);
conversions!(UnixStream, net::UnixStream, mio::net::UnixStream, Stream::into_inner);
owned_buffers!(UnixStream: read UnixStream, write UnixStream);
reading!(UnixStream);
writing!(UnixStream, |stream| stream.io.shutdown(Shutdown::Write));

impl UnixStream {
    /// Connects to who listens at a path. Where the system has abstract names, a path that begins
    /// with a zero byte is one.
    ///
    /// # Errors
    /// If nobody listens there.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let address = SocketAddr::of(path.as_ref())?;
        Self::connect_addr(&address).await
    }

    /// Connects to who listens at an address.
    ///
    /// # Errors
    /// If nobody listens there.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<Self> {
        Self::connecting(mio::net::UnixStream::connect_addr(&socket_addr.0)?).await
    }

    #[track_caller]
    pub(super) fn new(stream: mio::net::UnixStream) -> io::Result<Self> {
        Ok(Self { io: Source::new(Stream::new(stream))? })
    }

    /// Waits until the system has connected the stream.
    pub(super) async fn connecting(stream: mio::net::UnixStream) -> io::Result<Self> {
        let stream = Self::new(stream)?;
        stream.writable().await?;
        match stream.io.take_error()? {
            None => Ok(stream),
            Some(error) => Err(error),
        }
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    /// If the system has none to give.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = mio::net::UnixStream::pair()?;
        let fresh = |stream: mio::net::UnixStream| -> io::Result<Self> {
            let io = Source::new(Stream::new(stream))?;
            Ok(Self { io: io.assuming(Ready::WRITABLE) })
        };
        Ok((fresh(one)?, fresh(other)?))
    }

    /// The address of this side.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(Into::into)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(Into::into)
    }

    /// The credentials that the other side had when it connected.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        of_peer(self)
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

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}
