//! Copying that leaves the bytes in the kernel: `splice(2)` between sockets and pipes, `sendfile(2)`
//! from a file, on Linux. Elsewhere the same functions copy through a buffer.
//!
//! [`io::copy`](crate::io::copy) serves every stream, and small amounts no worse. These pay when much
//! goes through, as in a proxy: on the loopback device, where the system copies anyhow, a tenth of
//! the processor time of copying by 64 KiB.

#[cfg(target_os = "linux")]
mod kernel;

use super::tcp::{self, TcpStream};
#[cfg(unix)]
use super::unix::{self, UnixStream, pipe};
use crate::io::{self, AsyncRead, AsyncWrite};
use sealed::End;
use std::net::Shutdown;

/// A stream that [`splice`] can read: a TCP or Unix stream, its reading half, or a pipe.
pub trait SpliceFrom: AsyncRead + End + Unpin {}

/// A stream that [`splice`] can write: a TCP or Unix stream, its writing half, or a pipe.
pub trait SpliceTo: AsyncWrite + End + Unpin {}

impl<T: AsyncRead + End + Unpin> SpliceFrom for T {}
impl<T: AsyncWrite + End + Unpin> SpliceTo for T {}

/// Moves everything from `reader`, until it ends, to `writer`, and answers how many bytes that was.
/// The writer stays open.
///
/// # Errors
/// What the system reports about either. What had left the reader, up to 1 MiB, is lost.
///
/// # Cancel safety
/// Not safe: what has left the reader and not come to the writer, up to 1 MiB, is lost.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use creel::io::{AsyncReadExt, AsyncWriteExt};
/// use creel::net::{TcpListener, TcpStream, splice};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let echo = creel::spawn(async move {
///     let (mut stream, _) = listener.accept().await?;
///     let (mut reader, mut writer) = stream.split();
///     splice(&mut reader, &mut writer).await
/// });
///
/// let mut stream = TcpStream::connect(address).await?;
/// stream.write_all(b"hello").await?;
/// stream.shutdown().await?;
/// let mut back = String::new();
/// stream.read_to_string(&mut back).await?;
/// assert_eq!((back.as_str(), echo.await??), ("hello", 5));
/// # Ok(())
/// # }
/// ```
pub async fn splice<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: SpliceFrom + ?Sized,
    W: SpliceTo + ?Sized,
{
    #[cfg(target_os = "linux")]
    if reader.is_plain() && writer.is_plain() {
        return kernel::one_way(reader, writer).await;
    }
    io::copy(reader, writer).await
}

/// Moves everything from each of two streams to the other, until both have ended, and answers how
/// many bytes went from `a` to `b` and from `b` to `a`. When one ends, the other is told so.
///
/// # Errors
/// What the system reports about either. What was on its way is lost.
///
/// # Cancel safety
/// Not safe: what was on its way, up to 1 MiB in each direction, is lost.
pub async fn splice_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: SpliceFrom + SpliceTo + ?Sized,
    B: SpliceFrom + SpliceTo + ?Sized,
{
    #[cfg(target_os = "linux")]
    if a.is_plain() && b.is_plain() {
        return crate::try_join!(
            kernel::one_way_and_end(&*a, &*b),
            kernel::one_way_and_end(&*b, &*a)
        );
    }
    io::copy_bidirectional(a, b).await
}

/// Sends up to `len` bytes of a file from byte `at` on, and answers how many: fewer if it ends before.
/// The file's own position stays as it is (not so on Windows).
///
/// On Linux what is not in the system's cache is read from the disk while the thread of the task
/// waits, as with `sendfile` everywhere.
///
/// # Errors
/// What the system reports about either. It is not told then how many bytes were sent.
///
/// # Cancel safety
/// Not safe: how many bytes were sent is lost.
#[cfg(feature = "fs")]
pub async fn send_file<W: SpliceTo + ?Sized>(
    file: &crate::native::fs::File,
    at: u64,
    len: u64,
    writer: &mut W,
) -> io::Result<u64> {
    file.settle().await;
    #[cfg(target_os = "linux")]
    if writer.is_plain() {
        return kernel::send_file(file, at, len, writer).await;
    }
    send_copied(file, at, len, writer).await
}

#[cfg(feature = "fs")]
async fn send_copied<W: AsyncWrite + Unpin + ?Sized>(
    file: &crate::native::fs::File,
    at: u64,
    len: u64,
    writer: &mut W,
) -> io::Result<u64> {
    use crate::io::AsyncWriteExt;
    use crate::platform::buf::OwnedBuf;
    const PIECE: usize = 64 * 1024;
    let (mut sent, mut buf) = (0, std::vec::Vec::with_capacity(PIECE));
    while sent < len {
        let piece = PIECE.min(usize::try_from(len - sent).unwrap_or(PIECE));
        buf.clear();
        let (read, part) = file.read_at_owned(buf.slice(..piece), at + sent).await;
        buf = part.into_inner();
        match read? {
            0 => break,
            n => sent += n as u64,
        }
        writer.write_all(&buf).await?;
    }
    Ok(sent)
}

mod sealed {
    #[cfg(unix)]
    use crate::io::Interest;
    #[cfg(unix)]
    use core::future::Future;
    use std::io;

    /// What the system is asked about a stream.
    pub trait End: Sync {
        /// Whether the system alone has what there is to read: no completed operation has left
        /// anything.
        fn is_plain(&self) -> bool;

        /// Tells the other side that nothing more comes.
        fn end(&self) -> io::Result<()>;

        /// Tries `operation` on the descriptor whenever it is ready, until it would not block.
        #[cfg(unix)]
        fn when_ready(
            &self,
            interest: Interest,
            operation: impl FnMut(std::os::fd::RawFd) -> io::Result<usize> + Send,
        ) -> impl Future<Output = io::Result<usize>> + Send;
    }
}

/// What stands for a stream: its own or a half's.
macro_rules! stream_ends {
    ($stream:ident: $($end:ty),*) => {
        $(impl End for $end {
            fn is_plain(&self) -> bool {
                AsRef::<$stream>::as_ref(self).io.is_plain()
            }

            fn end(&self) -> io::Result<()> {
                match AsRef::<$stream>::as_ref(self).io.shutdown(Shutdown::Write) {
                    // The other side was faster.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
                    result => result,
                }
            }

            #[cfg(unix)]
            async fn when_ready(
                &self,
                interest: io::Interest,
                mut operation: impl FnMut(std::os::fd::RawFd) -> io::Result<usize> + Send,
            ) -> io::Result<usize> {
                use std::os::fd::AsRawFd;
                let stream: &$stream = self.as_ref();
                let fd = stream.as_raw_fd();
                stream.io.registration().async_io(interest, || operation(fd)).await
            }
        })*
    };
}

stream_ends!(
    TcpStream: TcpStream, tcp::ReadHalf<'_>, tcp::WriteHalf<'_>, tcp::OwnedReadHalf,
    tcp::OwnedWriteHalf
);
#[cfg(unix)]
stream_ends!(
    UnixStream: UnixStream, unix::ReadHalf<'_>, unix::WriteHalf<'_>, unix::OwnedReadHalf,
    unix::OwnedWriteHalf
);

#[cfg(unix)]
macro_rules! pipe_ends {
    ($($end:ty),*) => {
        $(impl End for $end {
            fn is_plain(&self) -> bool {
                true
            }

            fn end(&self) -> io::Result<()> {
                Ok(())
            }

            async fn when_ready(
                &self,
                interest: io::Interest,
                mut operation: impl FnMut(std::os::fd::RawFd) -> io::Result<usize> + Send,
            ) -> io::Result<usize> {
                use std::os::fd::AsRawFd;
                let fd = self.as_raw_fd();
                self.io.registration().async_io(interest, || operation(fd)).await
            }
        })*
    };
}

#[cfg(unix)]
pipe_ends!(pipe::Sender, pipe::Receiver);
