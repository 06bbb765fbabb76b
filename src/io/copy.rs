//! [`copy`], [`copy_buf`] and [`copy_bidirectional`].
//!
//! Each piece that is copied spends a unit of the task's budget: streams that are always ready
//! cannot keep the other tasks from running.

use crate::env::coop;
use crate::io::{
    AsyncBufRead, AsyncRead, AsyncWrite, DEFAULT_BUF_SIZE, ReadBuf, ext::uninterrupted,
};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io::{self, ErrorKind};

/// Reads `reader` to its end, writes everything to `writer`, flushes it, and says how many bytes
/// that was.
///
/// It reads ahead into 8 KiB while the writer has to wait, and flushes the writer while the reader
/// has to. [`copy_buf`] uses the reader's own buffer instead.
///
/// # Errors
///
/// The first that either stream reports, except that interrupted operations are tried again;
/// [`WriteZero`](std::io::ErrorKind::WriteZero) if the writer takes no more. What was read ahead is
/// lost.
///
/// # Cancel safety
///
/// Not safe: if the future is dropped, what was read ahead is lost. Use [`copy_buf`] with a
/// [`BufReader`](crate::io::BufReader) that you keep.
///
/// # Examples
///
/// ```
/// use creel::io;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let mut copied = Vec::new();
/// assert_eq!(io::copy(&mut &b"hello"[..], &mut copied).await?, 5);
/// assert_eq!(copied, b"hello");
/// # Ok(())
/// # }
/// ```
pub async fn copy<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut transit = Transit::new(DEFAULT_BUF_SIZE);
    poll_fn(|cx| transit.poll_copy(cx, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}

/// As [`copy`], from the reader's own buffer.
///
/// # Errors
///
/// As [`copy`], but nothing is lost: the reader stands behind what was written.
///
/// # Cancel safety
///
/// Nothing is lost: the reader stands behind what was written, and another call goes on from there
/// (its count starts anew).
///
/// # Examples
///
/// ```
/// use creel::io::{self, BufReader};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let mut source = BufReader::with_capacity(64 * 1024, &b"hello"[..]);
/// let mut copied = Vec::new();
/// assert_eq!(io::copy_buf(&mut source, &mut copied).await?, 5);
/// assert_eq!(copied, b"hello");
/// # Ok(())
/// # }
/// ```
pub async fn copy_buf<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let (mut copied, mut unflushed) = (0, false);
    poll_fn(|cx| {
        loop {
            let receipt = ready!(coop::poll_proceed(cx));
            let mut writer = Pin::new(&mut *writer);
            let available = match Pin::new(&mut *reader).poll_fill_buf(cx) {
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => continue,
                Poll::Ready(available) => available?,
                Poll::Pending => {
                    // The reader may wait for an answer to what the writer still holds back.
                    if unflushed {
                        ready!(writer.poll_flush(cx))?;
                        unflushed = false;
                    }
                    return Poll::Pending;
                }
            };
            receipt.made_progress();
            if available.is_empty() {
                ready!(writer.poll_flush(cx))?;
                return Poll::Ready(Ok(copied));
            }
            match ready!(uninterrupted(|| writer.as_mut().poll_write(cx, available)))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                n => {
                    (copied, unflushed) = (copied + n as u64, true);
                    Pin::new(&mut *reader).consume(n);
                }
            }
        }
    })
    .await
}

/// Copies from `a` to `b` and from `b` to `a` at once, until both have ended, and says how many
/// bytes went each way, from `a` to `b` first.
///
/// Where one stream ends, the other is shut down, and the other direction goes on. Each direction
/// reads ahead into 8 KiB; [`copy_bidirectional_with_sizes`] takes other sizes.
///
/// # Errors
///
/// The first that either stream reports, except that interrupted operations are tried again. What
/// was read ahead, in either direction, is lost.
///
/// # Cancel safety
///
/// Not safe: if the future is dropped, what was read ahead is lost.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (mut client, mut inside) = io::duplex(64);
/// let (mut outside, mut server) = io::duplex(64);
/// let proxy = creel::spawn(async move {
///     io::copy_bidirectional(&mut inside, &mut outside).await
/// });
///
/// client.write_all(b"ping").await?;
/// client.shutdown().await?;
/// server.write_all(b"welcome").await?;
/// server.shutdown().await?;
/// assert_eq!(proxy.await.unwrap()?, (4, 7));
/// # Ok(())
/// # }
/// ```
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, DEFAULT_BUF_SIZE, DEFAULT_BUF_SIZE).await
}

/// As [`copy_bidirectional`], reading ahead so many bytes in each direction.
///
/// # Errors
///
/// As [`copy_bidirectional`].
///
/// # Cancel safety
///
/// As [`copy_bidirectional`].
///
/// # Panics
///
/// If a size is zero.
pub async fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(a_to_b_buf_size > 0, "`a_to_b_buf_size` must be greater than 0");
    assert!(b_to_a_buf_size > 0, "`b_to_a_buf_size` must be greater than 0");
    let mut a_to_b = Direction::Copying(Transit::new(a_to_b_buf_size));
    let mut b_to_a = Direction::Copying(Transit::new(b_to_a_buf_size));
    poll_fn(|cx| {
        let to_b = a_to_b.poll(cx, Pin::new(&mut *a), Pin::new(&mut *b))?;
        let to_a = b_to_a.poll(cx, Pin::new(&mut *b), Pin::new(&mut *a))?;
        Poll::Ready(Ok((ready!(to_b), ready!(to_a))))
    })
    .await
}

/// One direction of [`copy_bidirectional`], with the number of bytes once it is known.
enum Direction {
    Copying(Transit),
    ShuttingDown(u64),
    Done(u64),
}

impl Direction {
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut from: Pin<&mut R>,
        mut to: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            *self = match self {
                Self::Copying(transit) => {
                    let copied = ready!(transit.poll_copy(cx, from.as_mut(), to.as_mut()))?;
                    Self::ShuttingDown(copied)
                }
                Self::ShuttingDown(copied) => {
                    ready!(to.as_mut().poll_shutdown(cx))?;
                    Self::Done(*copied)
                }
                Self::Done(copied) => return Poll::Ready(Ok(*copied)),
            };
        }
    }
}

/// What was read and is still to be written: `buf[start..end]`.
struct Transit {
    buf: Box<[u8]>,
    start: usize,
    end: usize,
    copied: u64,
    /// The reader has ended.
    at_end: bool,
    /// Something was written since the last flush.
    unflushed: bool,
}

impl Transit {
    fn new(size: usize) -> Self {
        let buf = std::vec![0; size].into();
        Self { buf, start: 0, end: 0, copied: 0, at_end: false, unflushed: false }
    }

    fn poll_copy<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            let receipt = ready!(coop::poll_proceed(cx));
            let progress = (self.end, self.copied, self.at_end);
            let step = self.poll_piece(cx, reader.as_mut(), writer.as_mut());
            if step.is_ready() || progress != (self.end, self.copied, self.at_end) {
                receipt.made_progress();
            }
            ready!(step)?;
            if self.at_end {
                ready!(writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(self.copied));
            }
        }
    }

    /// Reads once and writes everything.
    fn poll_piece<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        let read = self.poll_read_ahead(cx, reader.as_mut())?;
        if read.is_pending() && self.start == self.end {
            // The reader may wait for an answer to what the writer still holds back.
            if self.unflushed {
                ready!(writer.poll_flush(cx))?;
                self.unflushed = false;
            }
            return Poll::Pending;
        }
        while self.start < self.end {
            let piece = &self.buf[self.start..self.end];
            match uninterrupted(|| writer.as_mut().poll_write(cx, piece))? {
                Poll::Ready(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(n) => {
                    self.start += n;
                    self.copied += n as u64;
                    self.unflushed = true;
                }
                Poll::Pending => {
                    let _ = self.poll_read_ahead(cx, reader)?;
                    return Poll::Pending;
                }
            }
        }
        (self.start, self.end) = (0, 0);
        Poll::Ready(Ok(()))
    }

    /// Reads once into what room there is.
    fn poll_read_ahead<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        if self.at_end || self.end == self.buf.len() {
            return Poll::Ready(Ok(()));
        }
        let mut buf = ReadBuf::new(&mut self.buf);
        buf.set_filled(self.end);
        ready!(uninterrupted(|| reader.as_mut().poll_read(cx, &mut buf)))?;
        let end = buf.filled().len();
        self.at_end = end == self.end;
        self.end = end;
        Poll::Ready(Ok(()))
    }
}
