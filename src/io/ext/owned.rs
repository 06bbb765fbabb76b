//! Reading and writing with buffers that are handed over.
//!
//! Why unsafe: a buffer is read into without clearing it first.

use super::{Op, Operation};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::platform::buf::{OwnedBuf, OwnedBufMut};
use core::future::Future;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::slice;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io::{self, ErrorKind};

/// Reading into a buffer that is handed over, and handed back with the answer.
///
/// A stream that is served by completion (io_uring and its like) has the kernel fill the buffer
/// while the task sleeps, without a copy: it overrides the methods. Every other stream implements
/// this trait empty, and reads as soon as it is ready to.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadOwned, AsyncWriteOwned};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (mut near, mut far) = io::duplex(64);
/// let (written, hello) = near.write_all_owned(String::from("hello")).await;
/// written?;
///
/// let (read, buf) = far.read_owned(Vec::with_capacity(16)).await;
/// assert_eq!((read?, buf.as_slice()), (5, hello.as_bytes()));
/// # Ok(())
/// # }
/// ```
pub trait AsyncReadOwned: AsyncRead {
    /// Reads what is there into `buf`, from its beginning, and says how many bytes that was.
    ///
    /// What `buf` held is overwritten; a vector's length is then that of what was read. Use
    /// [`slice`](OwnedBuf::slice) to keep a beginning. Zero means that the stream has ended, or that
    /// `buf` has no capacity.
    ///
    /// # Errors
    ///
    /// Whatever the source reports; nothing was read then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, `buf` is gone. Nothing was read, unless the stream says otherwise.
    fn read_owned<B: OwnedBufMut>(&mut self, buf: B) -> impl Future<Output = (io::Result<usize>, B)>
    where
        Self: Unpin,
    {
        read_when_ready(self, buf)
    }
}

/// Writing from a buffer that is handed over, and handed back with the answer.
///
/// The counterpart of [`AsyncReadOwned`]; see there.
///
/// # Examples
/// ```
/// use creel::io::{AsyncReadExt, AsyncWriteOwned, duplex};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (mut near, mut far) = duplex(64);
/// let (written, buf) = near.write_all_owned(String::from("hello")).await;
/// written?;
/// assert_eq!(buf, "hello"); // ours again
/// drop(near);
/// let mut heard = String::new();
/// far.read_to_string(&mut heard).await?;
/// assert_eq!(heard, "hello");
/// # Ok(())
/// # }
/// ```
pub trait AsyncWriteOwned: AsyncWrite {
    /// Writes a beginning of `buf` and says how long it was.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, `buf` is gone. Nothing was written, unless the stream says
    /// otherwise.
    fn write_owned<B: OwnedBuf>(&mut self, buf: B) -> impl Future<Output = (io::Result<usize>, B)>
    where
        Self: Unpin,
    {
        write_when_ready(self, buf)
    }

    /// Writes all of `buf`, however many writes that takes.
    ///
    /// # Errors
    ///
    /// As [`write_all`](crate::io::AsyncWriteExt::write_all).
    ///
    /// # Cancel safety
    ///
    /// Not safe: if the future is dropped, `buf` is gone, and how much of it was written is lost.
    fn write_all_owned<B: OwnedBuf>(
        &mut self,
        mut buf: B,
    ) -> impl Future<Output = (io::Result<()>, B)>
    where
        Self: Unpin,
    {
        async move {
            let mut written = 0;
            while written < buf.len() {
                let (result, part) = self.write_owned(buf.slice(written..)).await;
                buf = part.into_inner();
                match result {
                    Ok(0) => return (Err(ErrorKind::WriteZero.into()), buf),
                    Ok(n) => written += n,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return (Err(error), buf),
                }
            }
            (Ok(()), buf)
        }
    }
}

/// Reads into a buffer that is handed over as soon as there is something to read.
pub(crate) fn read_when_ready<R: AsyncRead + Unpin + ?Sized, B: OwnedBufMut>(
    reader: &mut R,
    buf: B,
) -> impl Future<Output = (io::Result<usize>, B)> {
    Op::new(reader, ReadOwned(Some(buf)))
}

/// Writes from a buffer that is handed over as soon as there is room.
pub(crate) fn write_when_ready<W: AsyncWrite + Unpin + ?Sized, B: OwnedBuf>(
    writer: &mut W,
    buf: B,
) -> impl Future<Output = (io::Result<usize>, B)> {
    Op::new(writer, WriteOwned(Some(buf)))
}

/// A buffer to read into, until it is handed back.
struct ReadOwned<B>(Option<B>);

impl<R: AsyncRead + ?Sized, B: OwnedBufMut> Operation<R> for ReadOwned<B> {
    type Output = (io::Result<usize>, B);

    fn poll(&mut self, reader: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let buf = self.0.as_mut().expect("polled after completion");
        let capacity = buf.capacity();
        let start = buf.as_mut_ptr().cast::<MaybeUninit<u8>>();
        // SAFETY: `OwnedBufMut` vouches for the room, and nobody else touches it meanwhile.
        let mut room = ReadBuf::uninit(unsafe { slice::from_raw_parts_mut(start, capacity) });
        let read = ready!(reader.poll_read(cx, &mut room)).map(|()| room.filled().len());
        // A reader could put another `ReadBuf` in the place of this one.
        assert_eq!(room.filled().as_ptr(), start.cast(), "the reader exchanged the buffer");
        if let Ok(n) = read {
            // SAFETY: the first `n` bytes have been filled.
            unsafe { buf.set_received(n) };
        }
        Poll::Ready((read, self.0.take().expect("it was there")))
    }
}

/// A buffer to write, until it is handed back.
struct WriteOwned<B>(Option<B>);

impl<W: AsyncWrite + ?Sized, B: OwnedBuf> Operation<W> for WriteOwned<B> {
    type Output = (io::Result<usize>, B);

    fn poll(&mut self, writer: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let buf = self.0.as_ref().expect("polled after completion");
        let written = ready!(writer.poll_write(cx, buf.bytes()));
        Poll::Ready((written, self.0.take().expect("it was there")))
    }
}

impl<T: AsyncReadOwned + Unpin + ?Sized> AsyncReadOwned for Box<T> {
    fn read_owned<B: OwnedBufMut>(
        &mut self,
        buf: B,
    ) -> impl Future<Output = (io::Result<usize>, B)> {
        (**self).read_owned(buf)
    }
}

impl<T: AsyncReadOwned + Unpin + ?Sized> AsyncReadOwned for &mut T {
    fn read_owned<B: OwnedBufMut>(
        &mut self,
        buf: B,
    ) -> impl Future<Output = (io::Result<usize>, B)> {
        (**self).read_owned(buf)
    }
}

impl<T: AsyncWriteOwned + Unpin + ?Sized> AsyncWriteOwned for Box<T> {
    fn write_owned<B: OwnedBuf>(&mut self, buf: B) -> impl Future<Output = (io::Result<usize>, B)> {
        (**self).write_owned(buf)
    }
}

impl<T: AsyncWriteOwned + Unpin + ?Sized> AsyncWriteOwned for &mut T {
    fn write_owned<B: OwnedBuf>(&mut self, buf: B) -> impl Future<Output = (io::Result<usize>, B)> {
        (**self).write_owned(buf)
    }
}

/// Streams that read and write when they are ready to.
mod by_readiness {
    use super::{AsyncReadOwned, AsyncWriteOwned};
    use crate::io::*;
    use std::boxed::Box;
    use std::io::Cursor;
    use std::vec::Vec;

    macro_rules! by_readiness {
        ($trait:ident: $([$($generics:tt)*] $type:ty),* $(,)?) => {
            $(impl $($generics)* $trait for $type {})*
        };
    }

    by_readiness! { AsyncReadOwned:
        [] &[u8],
        [<T: AsRef<[u8]> + Unpin>] Cursor<T>,
        [] Empty,
        [] Repeat,
        [] SimplexStream,
        [] DuplexStream,
        [<T: AsyncRead>] ReadHalf<T>,
        [<R: AsyncRead, W>] Join<R, W>,
        [<T: AsyncRead, U: AsyncRead>] Chain<T, U>,
        [<R: AsyncRead>] Take<R>,
        [<R: AsyncRead>] BufReader<R>,
        [<W: AsyncRead + AsyncWrite>] BufWriter<W>,
        [<S: AsyncRead + AsyncWrite>] BufStream<S>,
    }

    by_readiness! { AsyncWriteOwned:
        [] Vec<u8>,
        [] Cursor<&mut [u8]>,
        [] Cursor<&mut Vec<u8>>,
        [] Cursor<Vec<u8>>,
        [] Cursor<Box<[u8]>>,
        [] Empty,
        [] Sink,
        [] SimplexStream,
        [] DuplexStream,
        [<T: AsyncWrite>] WriteHalf<T>,
        [<R, W: AsyncWrite>] Join<R, W>,
        [<R: AsyncRead + AsyncWrite>] BufReader<R>,
        [<W: AsyncWrite>] BufWriter<W>,
        [<S: AsyncRead + AsyncWrite>] BufStream<S>,
    }
}
