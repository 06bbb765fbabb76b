use super::{Op, Operation};
use crate::io::AsyncSeek;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, SeekFrom};

/// What one does with an [`AsyncSeek`].
///
/// # Examples
///
/// ```
/// use creel::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
/// use std::io::Cursor;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut file = Cursor::new(b"hello world");
/// let mut text = String::new();
/// file.seek(SeekFrom::Start(6)).await?;
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "world");
/// # Ok(())
/// # }
/// ```
pub trait AsyncSeekExt: AsyncSeek {
    /// Moves to `pos` and says where that is, counted from the beginning.
    ///
    /// # Errors
    ///
    /// Whatever the stream reports, for instance a position before the beginning.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the stream may stand at the old position or at the new one;
    /// a seek under way is completed by whatever is done with the stream next.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::io::{AsyncSeekExt, SeekFrom};
    /// use std::io::Cursor;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = Cursor::new([0; 10]);
    /// assert_eq!(file.seek(SeekFrom::End(-3)).await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    fn seek(&mut self, pos: SeekFrom) -> Op<'_, Self, Seek>
    where
        Self: Unpin,
    {
        Op::new(self, Seek(Some(pos)))
    }

    /// Moves to the beginning.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    ///
    /// # Cancel safety
    ///
    /// As [`seek`](Self::seek).
    fn rewind(&mut self) -> Op<'_, Self, Seek>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// Where the stream stands, counted from the beginning.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    ///
    /// # Cancel safety
    ///
    /// As [`seek`](Self::seek), and both positions are the same.
    fn stream_position(&mut self) -> Op<'_, Self, Seek>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}

/// The position, until the seek has been started.
#[derive(Debug)]
pub struct Seek(Option<SeekFrom>);

impl<S: AsyncSeek + ?Sized> Operation<S> for Seek {
    type Output = io::Result<u64>;

    fn poll(&mut self, mut stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(position) = self.0 {
            // An earlier seek may still be under way.
            ready!(stream.as_mut().poll_complete(cx))?;
            stream.as_mut().start_seek(position)?;
            self.0 = None;
        }
        stream.poll_complete(cx)
    }
}
