//! Streams that need no memory: [`empty`], [`sink`] and [`repeat`].
//!
//! They are always ready, so each operation spends a unit of the task's budget: a loop over them
//! lets other tasks run.

use crate::env::coop;
use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice, SeekFrom};

/// Is ready with `value`, for one unit of the task's budget.
#[inline]
fn poll_ready<T>(cx: &mut Context<'_>, value: T) -> Poll<io::Result<T>> {
    ready!(coop::poll_proceed(cx)).made_progress();
    Poll::Ready(Ok(value))
}

/// Forgets whatever is written to it.
macro_rules! write_to_nowhere {
    ($name:ty) => {
        impl AsyncWrite for $name {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                poll_ready(cx, buf.len())
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                poll_ready(cx, bufs.iter().map(|buf| buf.len()).sum())
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                poll_ready(cx, ())
            }

            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                poll_ready(cx, ())
            }
        }
    };
}

/// A stream that has ended, and that forgets whatever is written to it.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// assert_eq!(io::empty().read(&mut [0; 8]).await?, 0);
/// # Ok(())
/// # }
/// ```
pub const fn empty() -> Empty {
    Empty(())
}

/// Made by [`empty`].
pub struct Empty(());

impl AsyncRead for Empty {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_ready(cx, ())
    }
}

impl AsyncBufRead for Empty {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        poll_ready(cx, &[])
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, _: usize) {}
}

/// Stays at 0, whatever the position.
impl AsyncSeek for Empty {
    #[inline]
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> io::Result<()> {
        Ok(())
    }

    #[inline]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        poll_ready(cx, 0)
    }
}

write_to_nowhere!(Empty);

impl fmt::Debug for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Empty { .. }")
    }
}

/// A writer that forgets whatever is written to it.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// assert_eq!(io::sink().write(b"gone").await?, 4);
/// # Ok(())
/// # }
/// ```
pub const fn sink() -> Sink {
    Sink(())
}

/// Made by [`sink`].
pub struct Sink(());

write_to_nowhere!(Sink);

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Sink { .. }")
    }
}

/// A reader of one byte without end.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let mut buf = [0; 3];
/// io::repeat(7).read_exact(&mut buf).await?;
/// assert_eq!(buf, [7, 7, 7]);
/// # Ok(())
/// # }
/// ```
pub const fn repeat(byte: u8) -> Repeat {
    Repeat { byte }
}

/// Made by [`repeat`].
#[derive(Debug)]
pub struct Repeat {
    byte: u8,
}

impl AsyncRead for Repeat {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(coop::poll_proceed(cx)).made_progress();
        buf.fill(self.byte);
        Poll::Ready(Ok(()))
    }
}
