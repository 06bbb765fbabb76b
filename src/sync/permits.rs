//! A count of permits for which one can wait: the base of [`Semaphore`](super::Semaphore),
//! [`Mutex`](super::Mutex) and [`RwLock`](super::RwLock).
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.
//!
//! # State
//!
//! One word: the permits that are free, a flag WAITERS, a flag CLOSED.
//!
//! 1. Without WAITERS the count changes by compare-and-swap, from anywhere, without the lock:
//!    `try_acquire`, `release`, `forget`.
//! 2. With WAITERS, the count is zero and only the holder of the lock writes the word: a permit
//!    that comes back goes to the waiter at the head, and nobody overtakes. `admit` sets the flag
//!    together with enlisting; `distribute` clears it when nobody is left.
//! 3. CLOSED is final, and clears WAITERS: whoever waits gets an error. Permits still come back.
//!
//! The waiter at the head keeps in its slot what it has got so far, so a large request is not
//! starved by small ones behind it. What a waiter got and cannot use, because it is dropped or the
//! permits are closed, goes back. So does what it got when its task had no budget left to go on.
//!
//! The bounded channel counts its places itself: there they share a word with its other states.

use super::panics::Panics;
use super::wait::{WaitList, WaitPoint, Waiter, WakeList, wake_while};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::coop;
use crate::env::dump::{Lockable, Wait};
use crate::env::spans::Op;
use crate::lock::{Lock, LockGuard};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

const CLOSED: usize = 1;
const WAITERS: usize = 2;
const ONE: usize = 4;

/// Permits, and who waits for them.
pub(crate) struct Permits {
    lockable: Lockable,
    state: AtomicUsize,
    waiters: Lock<WaitList<Need>>,
}

/// What a waiter asked for. While the waiter is ASIDE all of it is missing: what it got is its
/// owner's.
#[derive(Debug)]
pub(crate) struct Need {
    total: usize,
    missing: Cell<usize>,
}

impl Need {
    fn new(total: usize) -> Self {
        Self { total, missing: Cell::new(total) }
    }

    /// Takes from `free` what is missing; answers whether the need is met.
    fn fill(&self, free: &mut usize) -> bool {
        let given = self.missing.get().min(*free);
        *free -= given;
        self.missing.set(self.missing.get() - given);
        self.missing.get() == 0
    }

    /// Gives up what it got.
    fn empty(&self) -> usize {
        self.total - self.missing.replace(self.total)
    }
}

impl Permits {
    /// A quarter of the word is flags; the rest leaves room to notice an overflow.
    pub(crate) const MAX: usize = usize::MAX >> 3;

    /// `permits` free permits of what dumps are to call `kind`.
    #[cfg(not(loom))]
    #[track_caller]
    pub(crate) const fn new(permits: usize, kind: Lockable) -> Self {
        assert!(permits <= Self::MAX, "a semaphore may not have more than MAX_PERMITS permits");
        let (state, waiters) = (AtomicUsize::new(permits * ONE), Lock::new(WaitList::new()));
        Self { lockable: kind, state, waiters }
    }

    /// `permits` free permits of what dumps are to call `kind`.
    #[cfg(loom)]
    pub(crate) fn new(permits: usize, kind: Lockable) -> Self {
        let (state, waiters) = (AtomicUsize::new(permits * ONE), Lock::new(WaitList::new()));
        Self { lockable: kind, state, waiters }
    }

    /// How many permits are free.
    pub(crate) fn available(&self) -> usize {
        // Acquire pairs with the Release of `release`: a channel that is idle has been drained.
        self.state.load(Ordering::Acquire) / ONE
    }

    /// Whether `close` was called.
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire pairs with the AcqRel of `close`.
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Takes `n` permits, if they are free and nobody waits.
    #[inline]
    #[track_caller]
    pub(crate) fn try_acquire(&self, n: usize) -> Result<(), TryAcquireError> {
        assert!(n <= Self::MAX, "a semaphore may not have more than MAX_PERMITS permits");
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & CLOSED != 0 {
                return Err(TryAcquireError::Closed);
            }
            // With WAITERS the count is zero.
            if state / ONE < n {
                return Err(TryAcquireError::NoPermits);
            }
            // Acquire pairs with the Release in `release` and `put`: what was done under the
            // permit before is seen. It also is what makes a mutex a mutex.
            match self.state.compare_exchange_weak(
                state,
                state.wrapping_sub(n.wrapping_mul(ONE)),
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.lockable.taken(n);
                    return Ok(());
                }
                Err(actual) => state = actual,
            }
        }
    }

    /// A wait for permits, for whoever watches.
    #[inline]
    pub(crate) fn op(&self, source: &'static str) -> Op {
        self.lockable.resource.op(source, "poll")
    }

    /// Whether `try_acquire` would most likely succeed.
    fn could_give(&self, n: usize) -> bool {
        // Relaxed: nothing is taken.
        let state = self.state.load(Ordering::Relaxed);
        state & CLOSED == 0 && state / ONE >= n
    }

    /// Takes `n` permits, in turn.
    #[inline]
    #[track_caller]
    pub(crate) fn acquire(&self, n: usize) -> Acquire<'_> {
        assert!(n <= Self::MAX, "a semaphore may not have more than MAX_PERMITS permits");
        Acquire { waiter: Waiter::new(self, Need::new(n)) }
    }

    /// Brings `n` permits, back or new: to those who wait, else to the free ones.
    ///
    /// # Panics
    /// If there would be more than [`MAX`](Self::MAX) free permits.
    #[inline]
    #[track_caller]
    pub(crate) fn release(&self, n: usize) {
        self.lockable.given_back(n);
        if !self.put(n) {
            self.distribute(self.waiters.lock(), n);
        }
    }

    /// Takes up to `n` free permits out of the world; answers how many.
    pub(crate) fn forget(&self, n: usize) -> usize {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let gone = n.min(state / ONE);
            // As in `try_acquire`.
            match self.state.compare_exchange_weak(
                state,
                state - gone * ONE,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return gone,
                Err(actual) => state = actual,
            }
        }
    }

    /// Fails everybody who waits or will ask.
    pub(crate) fn close(&self) {
        let waiters = self.waiters.lock();
        // Release pairs with the Acquire of `is_closed`; Acquire with `release`, as in `available`.
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
        // The lock is held, so nobody sets the flag meanwhile.
        self.state.fetch_and(!WAITERS, Ordering::Relaxed);
        wake_while(&self, waiters, |_| true);
    }

    /// Adds `n` to the free permits, unless somebody waits.
    #[inline]
    #[track_caller]
    fn put(&self, n: usize) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & WAITERS == 0 {
            let fits = Self::MAX.checked_sub(state / ONE).is_some_and(|room| n <= room);
            assert!(fits, "a semaphore may not have more than MAX_PERMITS permits");
            // Release pairs with the Acquire of the next to take the permits.
            match self.state.compare_exchange_weak(
                state,
                state + n * ONE,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(actual) => state = actual,
            }
        }
        false
    }

    /// Gives `n` permits to the waiters in turn, and what is left to the free ones. Also clears
    /// WAITERS if the last one has left.
    #[cold]
    #[track_caller]
    fn distribute<'a>(&'a self, mut waiters: LockGuard<'a, WaitList<Need>>, mut n: usize) {
        let mut panics = Panics::new();
        loop {
            let mut wakers = WakeList::new();
            // After a close the waiters get errors, not permits.
            let closed = self.state.load(Ordering::Relaxed) & CLOSED != 0;
            let more = !closed && waiters.take_while(&mut wakers, |need| need.fill(&mut n));
            if closed || waiters.is_empty() {
                // The lock is held, so nobody sets the flag meanwhile.
                self.state.fetch_and(!WAITERS, Ordering::Relaxed);
            }
            drop(waiters);
            wakers.drain(&mut panics);
            if !more && (n == 0 || self.put(n)) {
                return panics.resume();
            }
            waiters = self.waiters.lock();
        }
    }

    /// Under the lock: the permits, if the need is met; the error is what it had got before the
    /// close. If there is no answer, whoever asked enlists.
    fn admit(&self, need: &Need, notified: bool) -> Option<Result<usize, usize>> {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & CLOSED != 0 {
                return Some(Err(need.empty()));
            }
            if notified {
                need.empty();
                return Some(Ok(need.total));
            }
            if state & WAITERS != 0 {
                return None;
            }
            // Nobody waits, so this one does not either, and has got nothing yet.
            let taken = (state / ONE).min(need.total);
            let flag = if taken < need.total { WAITERS } else { 0 };
            // As in `try_acquire`.
            match self.state.compare_exchange_weak(
                state,
                (state - taken * ONE) | flag,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) if flag == 0 => return Some(Ok(need.total)),
                Ok(_) => {
                    need.missing.set(need.total - taken);
                    return None;
                }
                Err(actual) => state = actual,
            }
        }
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits")
            .field("available", &self.available())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// SAFETY: always the one lock in the permits that the reference keeps alive, and all it guards is
// the list.
unsafe impl WaitPoint for &Permits {
    type Guarded = WaitList<Need>;
    type Slot = Need;

    fn lock(&self) -> &Lock<WaitList<Need>> {
        &self.waiters
    }

    fn waiters(waiters: &mut WaitList<Need>) -> &mut WaitList<Need> {
        waiters
    }

    fn wait(&self, need: &Need) -> Wait {
        self.lockable.wait(need.total)
    }

    fn forsake(&self, waiters: LockGuard<'_, WaitList<Need>>, need: &Need, _notified: bool) {
        self.distribute(waiters, need.empty());
    }
}

pin_project! {
    /// Waits for permits; made by [`Permits::acquire`].
    ///
    /// # Cancel safety
    /// Dropping it gives back what it has got and loses its place in the queue.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Acquire<'a> {
        #[pin]
        waiter: Waiter<&'a Permits>,
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), AcquireError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.as_mut().poll_granted(cx))?;
        if !coop::spend() {
            self.keep();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl Acquire<'_> {
    #[inline]
    fn poll_granted(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let mut waiter = self.project().waiter;
        if let Some((permits, need)) = waiter.as_mut().aside() {
            if !coop::has_budget_remaining() && permits.could_give(need.total) {
                // The task must give way. Who comes meanwhile would have to wait for what it took, and
                // once somebody waits everybody does, in turn.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match permits.try_acquire(need.total) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(TryAcquireError::Closed) => return Poll::Ready(Err(AcquireError(()))),
                Err(TryAcquireError::NoPermits) => {}
            }
        } else if let Some((permits, need)) = waiter.as_mut().notified()
            && !permits.is_closed()
        {
            need.empty();
            permits.lockable.taken(need.total);
            waiter.finish();
            return Poll::Ready(Ok(()));
        }
        Self::poll_queued(waiter, cx)
    }

    /// The permits are there, but the task has spent its budget and must let others run before it
    /// goes on.
    #[cold]
    fn keep(self: Pin<&mut Self>) {
        let mut waiter = self.project().waiter;
        if let Some((_, need)) = waiter.as_mut().aside() {
            need.missing.set(0);
        }
        waiter.keep();
    }

    #[cold]
    fn poll_queued(
        waiter: Pin<&mut Waiter<&Permits>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), AcquireError>> {
        let permits = *waiter.point();
        let admit = |_: &mut _, need: &Need, notified| permits.admit(need, notified);
        waiter.enroll(Some(cx.waker()), admit).map(|admitted| match admitted {
            Ok(taken) => {
                permits.lockable.taken(taken);
                Ok(())
            }
            Err(unused) => {
                permits.release(unused);
                Err(AcquireError(()))
            }
        })
    }
}

/// The semaphore was closed, so there will be no permit.
///
/// [`Semaphore::acquire`](super::Semaphore::acquire) and its kin return it.
#[derive(Debug)]
pub struct AcquireError(());

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl core::error::Error for AcquireError {}

/// Why [`Semaphore::try_acquire`](super::Semaphore::try_acquire) and its kin got no permit.
#[derive(Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore was closed: there will be none.
    Closed,
    /// Too few are free, or others wait: try again later, or wait.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "semaphore closed",
            Self::NoPermits => "no permits available",
        })
    }
}

impl core::error::Error for TryAcquireError {}
