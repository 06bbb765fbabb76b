//! [`simplex`] and [`duplex`]: pipes in memory.
//!
//! A [`Pipe`] is a queue of bytes with a place for one waiting reader and one waiting writer. A
//! [`SimplexStream`] is one of them; [`split`] lets two tasks at it. A [`DuplexStream`] has two,
//! each behind a short lock and shared, crosswise, with its peer.
//!
//! * A read takes what is there; a write adds what there is room for. Either wakes the other side.
//! * Closing, from either end, is final: writes fail, reads get what is left and then the end.
//! * Wakers are cloned, woken and dropped outside the lock: they are foreign code, and may well
//!   come back here.

use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use crate::lock::Lock;
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
    let here = Arc::new(Lock::new(Pipe::new(max_buf_size)));
    let there = Arc::new(Lock::new(Pipe::new(max_buf_size)));
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
#[derive(Debug)]
pub struct SimplexStream {
    pipe: Pipe,
}

/// One end of a pair of connected streams; made by [`duplex`].
///
/// Dropping it closes both directions: the other end reads what is still on its way and then the
/// end, and fails to write with [`BrokenPipe`](std::io::ErrorKind::BrokenPipe).
#[derive(Debug)]
pub struct DuplexStream {
    incoming: Arc<Lock<Pipe>>,
    outgoing: Arc<Lock<Pipe>>,
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
        Self { pipe: Pipe::new(max_buf_size) }
    }
}

/// Reaches a pipe, for a moment in which nothing foreign runs.
trait Reach {
    fn reach<R>(&mut self, f: impl FnOnce(&mut Pipe) -> R) -> R;

    fn poll_take(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_side(cx, READER, |pipe| pipe.take(buf).map(Ok))
    }

    fn poll_put(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_side(cx, WRITER, |pipe| pipe.put(bufs))
    }

    /// Does `attempt`, and wakes the other side if that moved anything; or waits where it answers
    /// `None`.
    #[inline]
    fn poll_side<T>(
        &mut self,
        cx: &mut Context<'_>,
        side: usize,
        mut attempt: impl FnMut(&mut Pipe) -> Option<T>,
    ) -> Poll<T> {
        let receipt = ready!(coop::poll_proceed(cx));
        let mut spare = None;
        loop {
            match self.reach(|pipe| pipe.try_side(cx.waker(), side, &mut spare, &mut attempt)) {
                Outcome::Done(done, other) => {
                    other.into_iter().for_each(Waker::wake);
                    receipt.made_progress();
                    return Poll::Ready(done);
                }
                // Drops the waker that was replaced, if any.
                Outcome::Waits => {
                    let detail = if side == READER { "for bytes" } else { "for room" };
                    let address = self.reach(|pipe| &raw const *pipe);
                    let wait = || Wait::new("pipe").detail(detail).on(address);
                    return dump::told(Poll::Pending, wait);
                }
                // The other side may have moved by the time the waker is there: once more.
                Outcome::LacksWaker => spare = Some(cx.waker().clone()),
            }
        }
    }

    /// Closes the pipe and wakes who waits on `side`.
    fn close(&mut self, side: usize) {
        let waiting = self.reach(|pipe| {
            pipe.is_closed = true;
            pipe.waiting[side].take()
        });
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Reach for Pipe {
    #[inline]
    fn reach<R>(&mut self, f: impl FnOnce(&mut Pipe) -> R) -> R {
        f(self)
    }
}

impl Reach for Arc<Lock<Pipe>> {
    #[inline]
    fn reach<R>(&mut self, f: impl FnOnce(&mut Pipe) -> R) -> R {
        f(&mut self.lock())
    }
}

/// What came of an attempt.
enum Outcome<T> {
    /// It succeeded; the waker of the other side is to be woken.
    Done(T, Option<Waker>),
    /// It has to wait, and will be woken.
    Waits,
    /// It has to wait, and a waker is needed for that.
    LacksWaker,
}

impl Pipe {
    #[track_caller]
    fn new(max_len: usize) -> Self {
        assert!(max_len > 0, "a pipe needs room");
        Self { bytes: VecDeque::new(), max_len, is_closed: false, waiting: [None, None] }
    }

    /// Does `attempt`, or leaves the `spare` waker; a waker that this replaces is spare then.
    #[inline]
    fn try_side<T>(
        &mut self,
        waker: &Waker,
        side: usize,
        spare: &mut Option<Waker>,
        attempt: impl FnOnce(&mut Pipe) -> Option<T>,
    ) -> Outcome<T> {
        let len = self.bytes.len();
        if let Some(done) = attempt(self) {
            let moved = self.bytes.len() != len;
            return Outcome::Done(done, if moved { self.waiting[1 - side].take() } else { None });
        }
        if self.waiting[side].as_ref().is_some_and(|waiting| waiting.will_wake(waker)) {
            return Outcome::Waits;
        }
        if spare.is_none() {
            return Outcome::LacksWaker;
        }
        core::mem::swap(&mut self.waiting[side], spare);
        Outcome::Waits
    }

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
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.pipe.poll_take(cx, buf)
    }
}

impl AsyncWrite for SimplexStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.pipe.poll_put(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pipe.poll_put(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.close(READER);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.incoming.poll_take(cx, buf)
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.outgoing.poll_put(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
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

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
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

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, max_len) = (self.bytes.len(), self.max_len);
        f.debug_struct("Pipe")
            .field("buffer", &format_args!("{len}/{max_len}"))
            .field("is_closed", &self.is_closed)
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
