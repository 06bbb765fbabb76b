use core::ops::DerefMut;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io::{self, Cursor, IoSlice};
use std::vec::Vec;

/// A destination of bytes that can be waited for.
///
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt) has the methods to call; these are the ones to
/// implement.
///
/// # Examples
///
/// A writer that shouts:
///
/// ```
/// use creel::io::{AsyncWrite, AsyncWriteExt};
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// struct Shout(String);
///
/// impl AsyncWrite for Shout {
///     fn poll_write(
///         mut self: Pin<&mut Self>,
///         _: &mut Context<'_>,
///         buf: &[u8],
///     ) -> Poll<io::Result<usize>> {
///         self.0.push_str(&String::from_utf8_lossy(buf).to_uppercase());
///         Poll::Ready(Ok(buf.len()))
///     }
///     fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///     fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let mut shout = Shout(String::new());
/// shout.write_all(b"hello").await?;
/// assert_eq!(shout.0, "HELLO");
/// # Ok(())
/// # }
/// ```
pub trait AsyncWrite {
    /// Writes a beginning of `buf` and says how long it was.
    ///
    /// * `Ready(Ok(n))`: `n <= buf.len()` bytes were taken. `0` from a buffer that is not empty
    ///   means that this writer will probably never take more.
    /// * `Pending`: nothing was taken; the task is woken when that may have changed.
    /// * `Ready(Err(_))`: nothing was taken.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Sees to it that everything written so far reaches its destination.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports; some of the data may then be lost.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes, then ends the stream: the other side reads its end.
    ///
    /// Nothing may be written once this has returned `Ready`. A writer that is merely dropped may
    /// end its stream without ceremony, and lose what it had buffered.
    ///
    /// # Errors
    ///
    /// Whatever the destination reports.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// As [`poll_write`](Self::poll_write), from several buffers in turn.
    ///
    /// A writer that does not implement it writes from the first buffer that is not empty.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[], |buf| buf))
    }

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) takes from several buffers at
    /// once. Where it does not, a caller does well to gather small pieces into one buffer first.
    fn is_write_vectored(&self) -> bool {
        false
    }
}

macro_rules! forward_to_target {
    () => {
        #[inline]
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut **self).poll_write(cx, buf)
        }

        #[inline]
        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut **self).poll_write_vectored(cx, bufs)
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            (**self).is_write_vectored()
        }

        #[inline]
        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_flush(cx)
        }

        #[inline]
        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_shutdown(cx)
        }
    };
}

impl<T: AsyncWrite + Unpin + ?Sized> AsyncWrite for Box<T> {
    forward_to_target!();
}

impl<T: AsyncWrite + Unpin + ?Sized> AsyncWrite for &mut T {
    forward_to_target!();
}

impl<P> AsyncWrite for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncWrite,
{
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.as_deref_mut().poll_write(cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.as_deref_mut().poll_write_vectored(cx, bufs)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        (**self).is_write_vectored()
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_flush(cx)
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_shutdown(cx)
    }
}

/// Memory is always ready: its blocking implementation serves.
macro_rules! write_to_memory {
    ($($memory:ty),*) => {$(
        impl AsyncWrite for $memory {
            #[inline]
            fn poll_write(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(io::Write::write(&mut *self, buf))
            }

            #[inline]
            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(io::Write::write_vectored(&mut *self, bufs))
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    )*};
}

write_to_memory!(
    Vec<u8>,
    Cursor<&mut [u8]>,
    Cursor<&mut Vec<u8>>,
    Cursor<Vec<u8>>,
    Cursor<Box<[u8]>>
);
