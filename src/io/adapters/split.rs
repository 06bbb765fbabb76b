//! [`split`]: the two directions of a stream as two values.
//!
//! Both halves reach the same stream, one at a time: each poll passes through a [`Gate`]. A half
//! that finds it taken does not block. It leaves its waker, is pending, and is woken by whoever
//! holds the gate; so no lock is held while the stream, and with it foreign code, runs. Without
//! that, a stream that wakes the other half's task from within its own poll could deadlock.
//!
//! ```text
//!            enter (CAS)                 wait (CAS)
//!   FREE ──────────────────▶ TAKEN ──────────────────▶ AWAITED
//!    ▲      leave (swap)       │                          │
//!    └─────────────────────────┴──────────────────────────┘  wakes if it was AWAITED
//! ```
//!
//! Why unsafe: the stream is in a cell that the gate guards.
//!
//! There are two halves and each is polled by one caller at a time, so there is at most one waiter.

use crate::atomic::{AtomicU8, Ordering, UnsafeCell};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::lock::Lock;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::io::{self, IoSlice};
use std::sync::Arc;

/// Splits a stream into a half that reads and a half that writes, for two tasks.
///
/// [`ReadHalf::unsplit`] puts them together again. Dropping the [`WriteHalf`] does not end the
/// stream, for the other half still owns it:
/// [shut it down](crate::io::AsyncWriteExt::shutdown) first.
///
/// # Examples
///
/// ```
/// use creel::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let (near, far) = io::duplex(64);
/// let (mut from_far, mut to_far) = io::split(near);
/// let echo = creel::spawn(async move {
///     let (mut from_near, mut to_near) = io::split(far);
///     io::copy(&mut from_near, &mut to_near).await
/// });
/// to_far.write_all(b"hello").await?;
/// to_far.shutdown().await?;
/// echo.await.unwrap()?;
///
/// let mut buf = [0; 5];
/// from_far.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"hello");
/// # Ok(())
/// # }
/// ```
pub fn split<T: AsyncRead + AsyncWrite>(stream: T) -> (ReadHalf<T>, WriteHalf<T>) {
    let is_write_vectored = stream.is_write_vectored();
    let shared =
        Arc::new(Shared { gate: Gate::new(), stream: UnsafeCell::new(stream), is_write_vectored });
    (ReadHalf { shared: shared.clone() }, WriteHalf { shared })
}

/// The half of a stream that reads; made by [`split`].
pub struct ReadHalf<T> {
    shared: Arc<Shared<T>>,
}

/// The half of a stream that writes; made by [`split`].
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
}

impl<T> ReadHalf<T> {
    /// Whether both halves are of one stream.
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Puts the halves together again.
    ///
    /// # Panics
    ///
    /// If they are not [of one stream](Self::is_pair_of).
    #[track_caller]
    pub fn unsplit(self, wr: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(self.is_pair_of(&wr), "these halves are of two streams");
        drop(wr);
        match Arc::try_unwrap(self.shared) {
            Ok(shared) => shared.stream.into_inner(),
            Err(_) => unreachable!("a stream has two halves and no more"),
        }
    }
}

impl<T> WriteHalf<T> {
    /// Whether both halves are of one stream.
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        other.is_pair_of(self)
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.shared.poll_stream(cx, |stream, cx| stream.poll_read(cx, buf))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.poll_stream(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared.poll_stream(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.is_write_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll_stream(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll_stream(cx, |stream, cx| stream.poll_shutdown(cx))
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

struct Shared<T> {
    gate: Gate,
    /// Touched by whoever is inside the gate. Never moved, except out of the last half by `unsplit`.
    stream: UnsafeCell<T>,
    is_write_vectored: bool,
}

// SAFETY: the gate admits one thread at a time to the stream, so sharing it only ever moves the
// stream between threads, which `T: Send` allows.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    #[inline]
    fn poll_stream<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let _inside = ready!(self.gate.poll_enter(cx));
        self.stream.with_mut(|stream| {
            // SAFETY: we are inside the gate.
            let stream = unsafe { &mut *stream };
            // SAFETY: the stream stays where it is, in the `Arc`, unless it is `Unpin`.
            poll(unsafe { Pin::new_unchecked(stream) }, cx)
        })
    }
}

const FREE: u8 = 0;
const TAKEN: u8 = 1;
const AWAITED: u8 = 2;

/// Lets one of two callers in; see the module.
struct Gate {
    state: AtomicU8,
    waiter: Lock<Option<Waker>>,
}

impl Gate {
    fn new() -> Self {
        Self { state: AtomicU8::new(FREE), waiter: Lock::new(None) }
    }

    #[inline]
    fn poll_enter(&self, cx: &mut Context<'_>) -> Poll<Inside<'_>> {
        if self.try_enter() { Poll::Ready(Inside(self)) } else { self.poll_enter_slow(cx) }
    }

    #[inline]
    fn try_enter(&self) -> bool {
        // Acquire pairs with the Release in `Inside::drop`: we see what the stream has become.
        self.state.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn poll_enter_slow(&self, cx: &mut Context<'_>) -> Poll<Inside<'_>> {
        let replaced = {
            let waker = cx.waker().clone();
            self.waiter.lock().replace(waker)
        };
        drop(replaced);
        loop {
            // Release publishes the waker to the Acquire in `Inside::drop`. (It is read under the
            // lock; the order of the two makes sure that it is there.)
            let seen =
                self.state.compare_exchange(TAKEN, AWAITED, Ordering::Release, Ordering::Relaxed);
            match seen {
                Ok(_) | Err(AWAITED) => return Poll::Pending,
                // It was left meanwhile.
                Err(_) if self.try_enter() => return Poll::Ready(Inside(self)),
                Err(_) => {}
            }
        }
    }
}

/// Inside the gate, until dropped.
struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release publishes the stream to the next `try_enter`; Acquire pairs with the Release of
        // whoever has left a waker.
        if self.0.state.swap(FREE, Ordering::AcqRel) == AWAITED {
            let waiter = self.0.waiter.lock().take();
            if let Some(waiter) = waiter {
                waiter.wake();
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicUsize;
    use std::task::Wake;

    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_finds_the_gate_taken_is_woken_when_it_is_left() {
        let gate = Gate::new();
        let counter = Arc::new(Counter(AtomicUsize::new(0)));
        let waker = Waker::from(counter.clone());
        let cx = &mut Context::from_waker(&waker);

        let Poll::Ready(inside) = gate.poll_enter(cx) else { panic!("the gate was free") };
        assert!(gate.poll_enter(cx).is_pending());
        assert!(gate.poll_enter(cx).is_pending());
        assert_eq!(counter.0.load(Ordering::Relaxed), 0);
        drop(inside);
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
        assert!(gate.poll_enter(cx).is_ready());
        assert!(gate.poll_enter(cx).is_ready());
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn halves_are_as_shareable_as_the_stream() {
        fn assert_send_sync<T: Send + Sync>() {}
        assert_send_sync::<ReadHalf<crate::io::DuplexStream>>();
        assert_send_sync::<WriteHalf<crate::io::DuplexStream>>();
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use core::future::poll_fn;
    use loom::future::block_on;

    /// Two halves pass the gate twice each: never both at once, and nobody waits for ever.
    #[test]
    fn loom_gate_admits_one_and_wakes_the_other() {
        loom::model(|| {
            let shared = Arc::new(Shared {
                gate: Gate::new(),
                stream: UnsafeCell::new(0),
                is_write_vectored: false,
            });
            let pass = |shared: &Shared<u32>| {
                block_on(poll_fn(|cx| {
                    shared.poll_stream(cx, |mut stream, _| {
                        *stream += 1;
                        Poll::Ready(())
                    })
                }));
            };
            let other = shared.clone();
            let thread = loom::thread::spawn(move || (pass(&other), pass(&other)));
            pass(&shared);
            pass(&shared);
            thread.join().unwrap();
            shared.stream.with(|count| {
                // SAFETY: the other thread has ended.
                assert_eq!(unsafe { *count }, 4);
            });
        });
    }
}
