//! [`simplex`] and [`duplex`]: pipes in memory.
//!
//! A [`SimplexStream`] is a queue of bytes behind a short lock, with a place for one waiting reader
//! and one waiting writer. A [`DuplexStream`] holds two of them, crosswise with its peer.
//!
//! * A read takes what is there; a write adds what there is room for. Either wakes the other side.
//! * Closing, from either end, is final: writes fail, reads get what is left and then the end.
//! * Wakers are cloned, woken and dropped after the lock has been released: they are foreign code,
//!   and may well come back here.

use crate::env::coop;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use crate::lock::{Lock, LockGuard};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;

/// Makes two streams that are connected to each other, as two ends of a socket.
///
/// What is written to one is read from the other. Up to `max_buf_size` bytes wait in each direction
/// before a write has to.
///
/// # Panics
///
/// If `max_buf_size` is zero.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (mut client, mut server) = io::duplex(64);
/// client.write_all(b"ping").await?;
///
/// let mut buf = [0; 4];
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let here = Arc::new(SimplexStream::new_unsplit(max_buf_size));
    let there = Arc::new(SimplexStream::new_unsplit(max_buf_size));
    let near = DuplexStream { incoming: here.clone(), outgoing: there.clone() };
    (near, DuplexStream { incoming: there, outgoing: here })
}

/// Makes a pipe: what is written to the second value is read from the first.
///
/// Up to `max_buf_size` bytes wait in it before a write has to. Dropping a half does not close the
/// pipe: [shut the writer down](crate::io::AsyncWriteExt::shutdown) to end it.
/// [`unsplit`](ReadHalf::unsplit) makes one value of both.
///
/// # Panics
///
/// If `max_buf_size` is zero.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (mut receiver, mut sender) = io::simplex(64);
/// sender.write_all(b"hello").await?;
/// sender.shutdown().await?;
///
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

/// A pipe in memory; made by [`simplex`].
pub struct SimplexStream {
    pipe: Lock<Pipe>,
}

/// One end of a pair of connected streams; made by [`duplex`].
///
/// Dropping it closes both directions: the other end reads what is still on its way and then the
/// end, and fails to write with [`BrokenPipe`](std::io::ErrorKind::BrokenPipe).
pub struct DuplexStream {
    incoming: Arc<SimplexStream>,
    outgoing: Arc<SimplexStream>,
}

struct Pipe {
    bytes: VecDeque<u8>,
    max_len: usize,
    is_closed: bool,
    /// The waiting [`READER`] and the waiting [`WRITER`].
    waiting: [Option<Waker>; 2],
}

const READER: usize = 0;
const WRITER: usize = 1;

impl SimplexStream {
    /// Makes a pipe in one value: what is written to it is read from it.
    ///
    /// # Panics
    ///
    /// If `max_buf_size` is zero.
    #[track_caller]
    pub fn new_unsplit(max_buf_size: usize) -> Self {
        assert!(max_buf_size > 0, "a pipe needs room");
        let pipe = Pipe {
            bytes: VecDeque::new(),
            max_len: max_buf_size,
            is_closed: false,
            waiting: [None, None],
        };
        Self { pipe: Lock::new(pipe) }
    }

    fn poll_take(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_side(cx, READER, |pipe| pipe.take(buf).map(Ok))
    }

    fn poll_put(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_side(cx, WRITER, |pipe| pipe.put(bufs))
    }

    /// Does `attempt`, and wakes the other side if that moved anything; or waits where it answers
    /// `None`.
    #[inline]
    fn poll_side<T>(
        &self,
        cx: &mut Context<'_>,
        side: usize,
        mut attempt: impl FnMut(&mut Pipe) -> Option<T>,
    ) -> Poll<T> {
        let receipt = ready!(coop::poll_proceed(cx));
        let mut waker = None;
        loop {
            let mut pipe = self.pipe.lock();
            let len = pipe.bytes.len();
            if let Some(done) = attempt(&mut pipe) {
                let moved = pipe.bytes.len() != len;
                let other = if moved { pipe.waiting[1 - side].take() } else { None };
                wake(pipe, other);
                receipt.made_progress();
                return Poll::Ready(done);
            }
            if pipe.waiting[side].as_ref().is_some_and(|waiting| waiting.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            if let Some(waker) = waker.take() {
                let replaced = pipe.waiting[side].replace(waker);
                drop(pipe);
                drop(replaced);
                return Poll::Pending;
            }
            drop(pipe);
            // Not under the lock; the other side may have moved by the time we have it.
            waker = Some(cx.waker().clone());
        }
    }

    /// Closes the pipe and wakes who waits on `side`.
    fn close(&self, side: usize) {
        let mut pipe = self.pipe.lock();
        pipe.is_closed = true;
        let waiting = pipe.waiting[side].take();
        wake(pipe, waiting);
    }
}

/// Releases the lock, then wakes.
#[inline]
fn wake(pipe: LockGuard<'_, Pipe>, waker: Option<Waker>) {
    drop(pipe);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Pipe {
    /// Moves what is there into `buf`; `None` if a reader has to wait.
    #[inline]
    fn take(&mut self, buf: &mut ReadBuf<'_>) -> Option<()> {
        let n = self.bytes.len().min(buf.remaining());
        if n == 0 && buf.remaining() > 0 && !self.is_closed {
            return None;
        }
        let (front, back) = self.bytes.as_slices();
        let front = &front[..n.min(front.len())];
        buf.put_slice(front);
        buf.put_slice(&back[..n - front.len()]);
        self.bytes.drain(..n);
        Some(())
    }

    /// Adds what there is room for; `None` if a writer has to wait.
    #[inline]
    fn put(&mut self, bufs: &[IoSlice<'_>]) -> Option<io::Result<usize>> {
        if self.is_closed {
            return Some(Err(ErrorKind::BrokenPipe.into()));
        }
        let room = self.max_len - self.bytes.len();
        let mut left = room;
        for buf in bufs {
            let n = buf.len().min(left);
            self.bytes.extend(&buf[..n]);
            left -= n;
        }
        let full = room == 0 && bufs.iter().any(|buf| !buf.is_empty());
        if full { None } else { Some(Ok(room - left)) }
    }
}

impl AsyncRead for SimplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_take(cx, buf)
    }
}

impl AsyncWrite for SimplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_put(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_put(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close(READER);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.incoming.poll_take(cx, buf)
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.outgoing.poll_put(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.outgoing.poll_put(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.close(READER);
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        self.outgoing.close(READER);
        self.incoming.close(WRITER);
    }
}

impl fmt::Debug for SimplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipe = self.pipe.lock();
        let (len, max_len, is_closed) = (pipe.bytes.len(), pipe.max_len, pipe.is_closed);
        drop(pipe);
        f.debug_struct("SimplexStream")
            .field("buffer", &format_args!("{len}/{max_len}"))
            .field("is_closed", &is_closed)
            .finish()
    }
}

impl fmt::Debug for DuplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexStream")
            .field("incoming", &self.incoming)
            .field("outgoing", &self.outgoing)
            .finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::io::{AsyncReadExt, AsyncWriteExt};
    use loom::future::block_on;

    /// A pipe with room for one byte, two bytes through it, one thread at either end: neither end
    /// waits for ever, and the end of the stream arrives.
    #[test]
    fn loom_pipe_wakes_reader_and_writer() {
        loom::model(|| {
            let (mut near, mut far) = duplex(1);
            let writer = loom::thread::spawn(move || {
                block_on(near.write_all(&[1, 2])).unwrap();
            });
            assert_eq!(block_on(far.read_u16()).unwrap(), 0x0102);
            assert_eq!(block_on(far.read(&mut [0])).unwrap(), 0);
            writer.join().unwrap();
        });
    }
}
