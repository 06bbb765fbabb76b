//! A count of permits for which one can wait: the base of [`Semaphore`](super::Semaphore),
//! [`Mutex`](super::Mutex) and [`RwLock`](super::RwLock).
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.
//!
//! # State
//!
//! The word of the list's lock has, besides the lock, the permits that are free, a flag WAITERS and
//! a flag CLOSED.
//!
//! 1. Without WAITERS, and while the lock is free, the count changes by compare-and-swap, from
//!    anywhere: `try_acquire`, `release`, `forget`. While it is taken they take it in their turn.
//! 2. With WAITERS, the count is zero and only the holder of the lock writes the word: a permit
//!    that comes back goes to the waiter at the head, and nobody overtakes. `admit` sets the flag
//!    together with enlisting; `distribute` clears it when nobody is left.
//! 3. CLOSED is final, and clears WAITERS: whoever waits gets an error. Permits still come back.
//!
//! So to take permits or to bring them is one atomic write, and so it is to enlist for them, or to
//! hand them to somebody who waits.
//!
//! A task without budget leaves free permits to others, and takes its place in the queue otherwise.
//!
//! The waiter at the head keeps in its slot what it has got so far, so a large request is not
//! starved by small ones behind it. What a waiter got and cannot use, because it is dropped or the
//! permits are closed, goes back. So does what it got when its task had no budget left to go on.
//!
//! The bounded channel counts its places itself: there they share a word with its other states.

use super::panics::Panics;
use super::wait::{Notice, WaitList, WaitPoint, Waiter, WakeList, wake_while};
use crate::atomic::Ordering;
use crate::env::coop;
use crate::env::dump::{Lockable, Wait};
use crate::env::spans::Op;
use crate::lock::{LOCKED, Lock, LockGuard};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

const CLOSED: usize = 1 << 1;
const WAITERS: usize = 1 << 2;
const ONE: usize = 1 << 3;

const TOO_MANY: &str = "a semaphore may not have more than MAX_PERMITS permits";

/// Permits, and who waits for them.
pub(crate) struct Permits {
    lockable: Lockable,
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
    /// As many as there is room for beside the flags.
    pub(crate) const MAX: usize = usize::MAX / ONE;

    /// `permits` free permits of what dumps are to call `kind`.
    #[cfg(not(loom))]
    #[track_caller]
    pub(crate) const fn new(permits: usize, kind: Lockable) -> Self {
        assert!(permits <= Self::MAX, "a semaphore may not have more than MAX_PERMITS permits");
        Self { lockable: kind, waiters: Lock::with_word(permits * ONE, WaitList::new()) }
    }

    /// `permits` free permits of what dumps are to call `kind`.
    #[cfg(loom)]
    pub(crate) fn new(permits: usize, kind: Lockable) -> Self {
        Self { lockable: kind, waiters: Lock::with_word(permits * ONE, WaitList::new()) }
    }

    /// How many permits are free.
    pub(crate) fn available(&self) -> usize {
        // Acquire pairs with the Release of `release`: a channel that is idle has been drained.
        self.waiters.word().load(Ordering::Acquire) / ONE
    }

    /// Whether `close` was called.
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire pairs with the Release by which `close` gives the lock back.
        self.waiters.word().load(Ordering::Acquire) & CLOSED != 0
    }

    /// Takes `n` permits, if they are free and nobody waits.
    #[inline]
    #[track_caller]
    pub(crate) fn try_acquire(&self, n: usize) -> Result<(), TryAcquireError> {
        assert!(n <= Self::MAX, "{TOO_MANY}");
        let word = self.waiters.word();
        let mut state = word.load(Ordering::Relaxed);
        loop {
            let rest = take(state, n)?;
            if state & LOCKED != 0 {
                return self.try_acquire_locked(n);
            }
            // Acquire pairs with the Release in `put`, and with that of the lock: what was done under
            // the permit before is seen. It also is what makes a mutex a mutex.
            let (taken, not) = (Ordering::Acquire, Ordering::Relaxed);
            match word.compare_exchange_weak(state, rest, taken, not) {
                Ok(_) => {
                    self.lockable.taken(n);
                    return Ok(());
                }
                Err(actual) => state = actual,
            }
        }
    }

    /// As `try_acquire`, when somebody has the lock who may leave the permits there.
    #[cold]
    fn try_acquire_locked(&self, n: usize) -> Result<(), TryAcquireError> {
        let mut waiters = self.waiters.lock();
        let rest = take(waiters.word(), n)?;
        waiters.set_word(rest);
        drop(waiters);
        self.lockable.taken(n);
        Ok(())
    }

    /// `try_acquire`, for a unit of the task's budget, if there is one.
    #[inline]
    fn acquire_at_once(&self, n: usize) -> bool {
        coop::spend_on(|| self.try_acquire(n).is_ok())
    }

    /// A wait for permits, for whoever watches.
    #[inline]
    pub(crate) fn op(&self, source: &'static str) -> Op {
        self.lockable.resource.op(source, "poll")
    }

    /// Whether `try_acquire` would most likely succeed.
    fn could_give(&self, n: usize) -> bool {
        // Relaxed: nothing is taken.
        take(self.waiters.word().load(Ordering::Relaxed), n).is_ok()
    }

    /// Takes `n` permits, in turn.
    #[inline]
    #[track_caller]
    pub(crate) fn acquire(&self, n: usize) -> impl Future<Output = Result<(), AcquireError>> {
        assert!(n <= Self::MAX, "{TOO_MANY}");
        async move {
            // Most find what they need, and are spared the waiter.
            if self.acquire_at_once(n) {
                return Ok(());
            }
            Acquire { waiter: Waiter::new(self, Need::new(n)) }.await
        }
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
        let word = self.waiters.word();
        let mut state = word.load(Ordering::Relaxed);
        while state & LOCKED == 0 {
            let gone = n.min(state / ONE);
            // As in `try_acquire`.
            let (taken, not) = (Ordering::Acquire, Ordering::Relaxed);
            match word.compare_exchange_weak(state, state - gone * ONE, taken, not) {
                Ok(_) => return gone,
                Err(actual) => state = actual,
            }
        }
        let mut waiters = self.waiters.lock();
        let state = waiters.word();
        let gone = n.min(state / ONE);
        waiters.set_word(state - gone * ONE);
        gone
    }

    /// Fails everybody who waits or will ask.
    pub(crate) fn close(&self) {
        let mut waiters = self.waiters.lock();
        let state = waiters.word();
        waiters.set_word((state | CLOSED) & !WAITERS);
        wake_while(&self, waiters, |_| true);
    }

    /// Adds `n` to the free permits, unless somebody waits or has the lock.
    #[inline]
    #[track_caller]
    fn put(&self, n: usize) -> bool {
        let word = self.waiters.word();
        let mut state = word.load(Ordering::Relaxed);
        while state & (LOCKED | WAITERS) == 0 {
            let Some(more) = give(state, n) else { panic!("{TOO_MANY}") };
            // Release pairs with the Acquire of the next to take the permits.
            let (given, not) = (Ordering::Release, Ordering::Relaxed);
            match word.compare_exchange_weak(state, more, given, not) {
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
        if let Some(notice) = hand(&mut waiters, n) {
            drop(waiters);
            return notice.wake();
        }
        let mut panics = Panics::new();
        loop {
            let mut wakers = WakeList::new();
            // After a close the waiters get errors, not permits.
            let state = waiters.word();
            let closed = state & CLOSED != 0;
            let more = !closed && waiters.take_while(&mut wakers, |need| need.fill(&mut n));
            let settled = if more || !(closed || waiters.is_empty()) {
                // What is left is for those of the next round, or nothing.
                Some(state)
            } else {
                give(state & !WAITERS, n)
            };
            waiters.set_word(settled.unwrap_or(state & !WAITERS));
            drop(waiters);
            wakers.drain(&mut panics);
            if !more {
                assert!(settled.is_some(), "{TOO_MANY}");
                return panics.resume();
            }
            waiters = self.waiters.lock();
        }
    }
}

/// Under the lock: `n` permits go to the oldest waiter, if that is just what it lacks.
#[inline]
fn hand(waiters: &mut LockGuard<'_, WaitList<Need>>, n: usize) -> Option<Notice> {
    let state = waiters.word();
    let lacks = waiters.with_front(|need| need.missing.get());
    if state & CLOSED != 0 || lacks != Some(n) {
        return None;
    }
    let notice = waiters.take_front(|need| need.missing.set(0));
    if waiters.is_empty() {
        waiters.set_word(state & !WAITERS);
    }
    notice
}

/// Under the lock: the permits, if the need is met; the error is what it had got before the close.
/// If there is no answer, whoever asked enlists.
fn admit(
    waiters: &mut LockGuard<'_, WaitList<Need>>,
    need: &Need,
    notified: bool,
) -> Option<Result<usize, usize>> {
    let state = waiters.word();
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
    let mut free = state / ONE;
    let met = need.fill(&mut free);
    waiters.set_word((free * ONE) | if met { 0 } else { WAITERS });
    met.then(|| {
        need.empty();
        Ok(need.total)
    })
}

/// A word without `n` of its permits, if they are free.
#[inline]
fn take(state: usize, n: usize) -> Result<usize, TryAcquireError> {
    if state & CLOSED != 0 {
        return Err(TryAcquireError::Closed);
    }
    // With WAITERS the count is zero.
    if state / ONE < n {
        return Err(TryAcquireError::NoPermits);
    }
    Ok(state.wrapping_sub(n.wrapping_mul(ONE)))
}

/// A word with `n` permits more, if there is room for them.
#[inline]
fn give(state: usize, n: usize) -> Option<usize> {
    let fits = Permits::MAX.checked_sub(state / ONE).is_some_and(|room| n <= room);
    fits.then(|| state.wrapping_add(n.wrapping_mul(ONE)))
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
    /// Waits for permits that were not to be had at once; made by [`Permits::acquire`].
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
        } else if let Some((permits, need)) = waiter.as_mut().notified()
            // What a close takes off lacks some, and may be here before the close can be seen.
            && need.missing.get() == 0
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

    fn poll_queued(
        waiter: Pin<&mut Waiter<&Permits>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), AcquireError>> {
        let permits = *waiter.point();
        let admitted = waiter.enroll_at(Some(cx.waker()), |_, waiters, need, notified| {
            admit(waiters, need, notified)
        });
        admitted.map(|admitted| match admitted {
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
