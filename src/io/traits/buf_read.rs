use crate::io::AsyncRead;
use core::ops::DerefMut;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io::{self, BufRead, Cursor};

/// A reader with a buffer of its own, which one can look into before taking from it.
///
/// [`BufReader`](crate::io::BufReader) makes one of any reader, and
/// [`AsyncBufReadExt`](crate::io::AsyncBufReadExt) has the methods to call: lines, segments, and
/// so on.
///
/// # Examples
/// ```
/// use creel::io::AsyncBufRead;
/// use std::{future::poll_fn, pin::Pin};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut reader = &b"two words"[..];
/// let seen = poll_fn(|cx| Pin::new(&mut reader).poll_fill_buf(cx).map_ok(<[u8]>::len)).await?;
/// assert_eq!(seen, 9);
/// Pin::new(&mut reader).consume(4);
/// assert_eq!(reader, b"words");
/// # Ok(())
/// # }
/// ```
pub trait AsyncBufRead: AsyncRead {
    /// What is in the buffer, after reading some more if it was empty.
    ///
    /// An empty slice means that the stream has ended. What has been used is to be reported with
    /// [`consume`](Self::consume), else it comes again.
    ///
    /// # Errors
    ///
    /// Whatever the source reports.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Drops the first `amt` bytes of the buffer; at most as many as
    /// [`poll_fill_buf`](Self::poll_fill_buf) has shown.
    fn consume(self: Pin<&mut Self>, amt: usize);
}

macro_rules! forward_to_target {
    () => {
        #[inline]
        fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Pin::new(&mut **self.get_mut()).poll_fill_buf(cx)
        }

        #[inline]
        fn consume(mut self: Pin<&mut Self>, amt: usize) {
            Pin::new(&mut **self).consume(amt);
        }
    };
}

impl<T: AsyncBufRead + Unpin + ?Sized> AsyncBufRead for Box<T> {
    forward_to_target!();
}

impl<T: AsyncBufRead + Unpin + ?Sized> AsyncBufRead for &mut T {
    forward_to_target!();
}

impl<P> AsyncBufRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncBufRead,
{
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.as_deref_mut().poll_fill_buf(cx)
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.as_deref_mut().consume(amt);
    }
}

impl AsyncBufRead for &[u8] {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(*self))
    }

    #[inline]
    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        *self = &self[amt..];
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncBufRead for Cursor<T> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(BufRead::fill_buf(self.get_mut()))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, amt: usize) {
        BufRead::consume(self.get_mut(), amt);
    }
}
