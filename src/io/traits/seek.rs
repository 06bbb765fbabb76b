use core::ops::DerefMut;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io::{self, Cursor, Seek, SeekFrom};

/// A stream with a position that can be moved.
///
/// [`AsyncSeekExt`](crate::io::AsyncSeekExt) has the methods to call.
///
/// # Examples
/// ```
/// use creel::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut file = std::io::Cursor::new(b"0123456789");
/// assert_eq!(file.seek(SeekFrom::End(-3)).await?, 7);
/// let mut tail = String::new();
/// file.read_to_string(&mut tail).await?;
/// assert_eq!(tail, "789");
/// # Ok(())
/// # }
/// ```
pub trait AsyncSeek {
    /// Begins to move to `position`; [`poll_complete`](Self::poll_complete) waits for the end.
    ///
    /// A stream may refuse while an earlier seek is under way.
    ///
    /// # Errors
    ///
    /// If the position is refused.
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()>;

    /// Waits for the seek under way, if any, and says where the stream stands.
    ///
    /// # Errors
    ///
    /// If the seek failed.
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>>;
}

macro_rules! forward_to_target {
    () => {
        #[inline]
        fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
            Pin::new(&mut **self).start_seek(position)
        }

        #[inline]
        fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
            Pin::new(&mut **self).poll_complete(cx)
        }
    };
}

impl<T: AsyncSeek + Unpin + ?Sized> AsyncSeek for Box<T> {
    forward_to_target!();
}

impl<T: AsyncSeek + Unpin + ?Sized> AsyncSeek for &mut T {
    forward_to_target!();
}

impl<P> AsyncSeek for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncSeek,
{
    #[inline]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.as_deref_mut().start_seek(position)
    }

    #[inline]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.as_deref_mut().poll_complete(cx)
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncSeek for Cursor<T> {
    #[inline]
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Seek::seek(&mut *self, position).map(drop)
    }

    #[inline]
    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position()))
    }
}
