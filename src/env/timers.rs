//! The timers of a runtime: wheels behind short locks, and the registration that a `Sleep`
//! embeds.
//!
//! # States of a registration
//! - *idle*: in no wheel; holds no waker. The future alone touches it.
//! - *waiting*: linked in the wheel of its runtime.
//! - *fired* and *closed*: taken out of the wheel because its time had come, or because the
//!   runtime was shut down. The future alone touches it from then on.
//!
//! 1. idle → waiting, or fired if it is already due: [`Shard::arm`], by the future.
//! 2. waiting → idle: [`Shard::disarm`], by the future, when it is dropped or reset.
//! 3. waiting → fired: [`Shard::expire`], by whoever drives the runtime.
//! 4. waiting → closed: [`Shard::shut_down`], by the same.
//!
//! # Who may touch what
//! Links and waker belong to the holder of the lock while the state is *waiting*, else to the
//! future. The deadline is written by the future while it is not waiting, and read by both. The
//! state is written under the lock except when the future resets one that is not waiting; the
//! last thing that transitions 3 and 4 do to a node is to store its state, so a future that reads
//! *fired* without the lock may drop the node at once.
//!
//! # When the host must look again
//! Before a host waits it asks [`Timers::next`], which notes the answer. A registration for an
//! earlier time unparks the host; the owner knows whether that is the thread it comes from, which
//! will ask again before it waits.
//!
//! # Shards
//! A pool has a wheel for each worker, so that workers rarely meet at a lock: [`shards`] says how the
//! host of several is told in time.
//!
//! Absent on purpose: rounding (deadlines are exact to the nanosecond; how exactly the host waits
//! is the host's affair), and any allocation but that of a wheel, once, with its first timer.

use super::instant::Instant;
use super::owner::OwnerRef;
use super::panics::Panics;
use super::wait::{Notice, WakeList};
use super::wheel::{Lists, Timed, Wheel};
use crate::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering, UnsafeCell};
use crate::collections::list::{Links, Node};
use crate::lock::{Lock, LockGuard};
use alloc::boxed::Box;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

mod shards;

pub(crate) use shards::Timers;

const IDLE: u8 = 0;
const WAITING: u8 = 1;
const FIRED: u8 = 2;
const CLOSED: u8 = 3;

/// A wheel and its lock.
#[derive(Debug)]
pub(crate) struct Shard {
    /// Whether the wheel holds anything, readable without the lock. Written under it.
    armed: AtomicBool,
    inner: Lock<Inner>,
}

#[derive(Debug)]
struct Inner {
    wheel: Wheel<Entry>,
    /// What the host was told last; `u64::MAX` if there was nothing to wait for, or if what it was
    /// told is gone.
    told: u64,
    /// When the host last came late for a reason of its own, from when it was due to when it came.
    gap: Option<(Instant, Instant)>,
    closed: bool,
}

/// Whether anybody in this process asks for such gaps. Not `crate::atomic`: loom has no statics.
static GAPS_MATTER: core::sync::atomic::AtomicBool = core::sync::atomic::AtomicBool::new(false);

/// Says that [`Registration::was_kept`] will be asked: a host then finds out, if it can.
pub(crate) fn ask_for_gaps() {
    GAPS_MATTER.store(true, Ordering::Relaxed);
}

/// Whether it is worth finding out why the host came late.
#[allow(dead_code)] // only an event loop can tell
pub(crate) fn gaps_matter() -> bool {
    // Relaxed: of a gap before the first question nobody asks.
    GAPS_MATTER.load(Ordering::Relaxed)
}

/// The runtime has been shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl Shard {
    fn new() -> Self {
        let inner = Inner { wheel: Wheel::new(), told: u64::MAX, gap: None, closed: false };
        Self { armed: AtomicBool::new(false), inner: Lock::new(inner) }
    }

    /// Notes that the host was kept from looking: it was due at `from` and came at `to`.
    pub(crate) fn note_gap(&self, from: Instant, to: Instant) {
        self.inner.lock().gap = Some((from, to));
    }

    /// Whether the host was kept from looking when `due` passed.
    pub(crate) fn was_kept(&self, due: Instant) -> bool {
        self.inner.lock().gap.is_some_and(|(from, to)| from <= due && due < to)
    }

    /// Whether any timer waits. Costs one load.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        // Relaxed: as in `next`.
        self.armed.load(Ordering::Relaxed)
    }

    /// When the host has to tick again at the latest; `None` if no timer waits. Costs one load if
    /// there is none.
    #[inline]
    pub(crate) fn next(&self) -> Option<Instant> {
        // Relaxed: whoever registers from another thread unparks the host after it set the flag,
        // and that is what makes the host see it.
        if self.armed.load(Ordering::Relaxed) { self.next_armed() } else { None }
    }

    /// When the next timer is due, for somebody who does not wait in the host's place.
    fn peek(&self) -> Option<Instant> {
        // Relaxed: who peeks does without timers that are armed just now.
        let armed = self.armed.load(Ordering::Relaxed);
        armed.then(|| self.inner.lock().wheel.next()).flatten().map(Instant::from_nanos)
    }

    fn next_armed(&self) -> Option<Instant> {
        let mut inner = self.inner.lock();
        let next = inner.wheel.next()?;
        inner.told = next;
        Some(Instant::from_nanos(next))
    }

    /// Wakes what is due at `now`. Costs one load if no timer waits.
    #[inline]
    pub(crate) fn expire(&self, now: Instant) {
        // Relaxed: as in `next`.
        if self.armed.load(Ordering::Relaxed) {
            self.turn(now);
        }
    }

    /// Moves the wheel to `now`, also if nothing waits, and wakes what is due.
    pub(crate) fn turn(&self, now: Instant) {
        self.drain(now.as_nanos(), FIRED);
    }

    /// Wakes everything that waits, to learn that the runtime is gone; refuses what comes later.
    pub(crate) fn shut_down(&self) {
        self.inner.lock().closed = true;
        self.drain(u64::MAX, CLOSED);
    }

    /// Takes nodes up to `target` out of the wheel, batch by batch, and wakes each batch without
    /// the lock. A panicking waker keeps no other from being woken; the first panic goes on when
    /// all are.
    fn drain(&self, target: u64, state: u8) {
        let mut panics = Panics::new();
        let mut batch = WakeList::new();
        loop {
            let mut inner = self.inner.lock();
            let done = loop {
                if batch.is_full() {
                    break false;
                }
                let Some(node) = inner.wheel.pop_due(target) else { break true };
                // SAFETY: a node in the wheel is valid until it is taken out under the lock,
                // which is held; `finish` ends our access to it.
                batch.push(Notice::of(unsafe { Entry::finish(node, state) }));
            };
            self.note_emptiness(&mut inner);
            drop(inner);
            batch.drain(&mut panics);
            if done {
                return panics.resume();
            }
        }
    }

    /// Links an entry that does not wait. Answers whether the host must be told, or the waker if
    /// there is nothing to wait for: the state then says why.
    ///
    /// # Safety
    /// `entry` is pinned, not waiting, and stays valid until [`Shard::disarm`] or until its state
    /// is fired or closed; from then on it is only ever given to this shard.
    unsafe fn arm(&self, entry: &Entry, waker: Option<Waker>) -> Result<bool, Option<Waker>> {
        let mut inner = self.inner.lock();
        if !inner.wheel.has_lists() {
            drop(inner);
            inner = self.with_lists();
        }
        // Relaxed stores: the holder of the lock reads the state under it, the future its own.
        if inner.closed {
            entry.state.store(CLOSED, Ordering::Relaxed);
            return Err(waker);
        }
        // SAFETY: pinned, unlinked and valid by contract.
        if !unsafe { inner.wheel.insert(NonNull::from(entry)) } {
            entry.state.store(FIRED, Ordering::Relaxed);
            return Err(waker);
        }
        // SAFETY: the lock is held. An entry that does not wait holds no waker, so none is dropped.
        entry.waker.with_mut(|slot| unsafe { *slot = waker });
        entry.state.store(WAITING, Ordering::Relaxed);
        self.armed.store(true, Ordering::Relaxed);
        Ok(entry.deadline() < inner.told)
    }

    /// Takes the lock of a wheel that has its lists from then on. They are allocated without it.
    #[cold]
    fn with_lists(&self) -> LockGuard<'_, Inner> {
        let lists = Box::new(Lists::new());
        let mut inner = self.inner.lock();
        if let Some(left) = inner.wheel.give(lists) {
            drop(inner);
            drop(left);
            inner = self.inner.lock();
        }
        inner
    }

    /// Takes an entry out of the wheel if it waits, and its waker out of the entry.
    ///
    /// # Safety
    /// `entry` was last given to [`Shard::arm`] of this very shard.
    unsafe fn disarm(&self, entry: &Entry) -> Option<Waker> {
        let mut inner = self.inner.lock();
        if entry.state.load(Ordering::Relaxed) == WAITING {
            // SAFETY: a waiting entry is in the wheel that it was armed with.
            unsafe { inner.wheel.remove(NonNull::from(entry)) };
            entry.state.store(IDLE, Ordering::Relaxed);
            self.note_emptiness(&mut inner);
        }
        // SAFETY: the lock is held, and what does not wait belongs to the caller.
        entry.waker.with_mut(|slot| unsafe { (*slot).take() })
    }

    /// Puts `waker` in the place of the one that a waiting entry holds; answers what is left over.
    ///
    /// # Safety
    /// As for [`Shard::disarm`].
    unsafe fn set_waker(&self, entry: &Entry, waker: Waker) -> Option<Waker> {
        let _inner = self.inner.lock();
        if entry.state.load(Ordering::Relaxed) != WAITING {
            return Some(waker);
        }
        // SAFETY: the lock is held.
        entry.waker.with_mut(|slot| unsafe { (*slot).replace(waker) })
    }

    /// Whether a waiting entry holds a waker that wakes the same task as `waker`.
    ///
    /// # Safety
    /// As for [`Shard::disarm`].
    unsafe fn will_wake(&self, entry: &Entry, waker: &Waker) -> bool {
        let _inner = self.inner.lock();
        // SAFETY: the lock is held. `will_wake` compares two addresses and runs no foreign code.
        entry.waker.with(|slot| unsafe { &*slot }.as_ref().is_some_and(|it| it.will_wake(waker)))
    }

    fn note_emptiness(&self, inner: &mut Inner) {
        if inner.wheel.is_empty() {
            self.armed.store(false, Ordering::Relaxed);
            // Without the flag `next` answers without noting it here: from now on whatever is
            // registered is earlier than what the host was told.
            inner.told = u64::MAX;
        }
    }
}

/// The node of one timer.
#[derive(Debug)]
struct Entry {
    links: UnsafeCell<Links<Entry>>,
    deadline: UnsafeCell<u64>,
    waker: UnsafeCell<Option<Waker>>,
    state: AtomicU8,
    /// The shard that it is, or was, in. The future's.
    shard: AtomicU32,
}

// SAFETY: `links` leads to the one field `links`, through addresses only.
unsafe impl Node for Entry {
    fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: a node is valid, its fields are shared cells, and no address of one is null.
        unsafe { node.as_ref().links.with_mut(|links| NonNull::new_unchecked(links)) }
    }
}

impl Timed for Entry {
    unsafe fn deadline(node: NonNull<Self>) -> u64 {
        // SAFETY: valid by contract, and its fields are shared cells.
        unsafe { node.as_ref() }.deadline()
    }
}

impl Entry {
    fn new(deadline: u64) -> Self {
        Self {
            links: UnsafeCell::new(Links::new()),
            deadline: UnsafeCell::new(deadline),
            waker: UnsafeCell::new(None),
            state: AtomicU8::new(IDLE),
            shard: AtomicU32::new(0),
        }
    }

    fn deadline(&self) -> u64 {
        // SAFETY: written only with exclusive access by the future, while it is not linked.
        self.deadline.with(|deadline| unsafe { *deadline })
    }

    /// Ends a node's time in the wheel.
    ///
    /// # Safety
    /// `node` was just taken out of the wheel, under the lock that is still held.
    unsafe fn finish(node: NonNull<Self>, state: u8) -> Option<Waker> {
        // SAFETY: the future cannot drop the node before it has the lock or sees the new state.
        let entry = unsafe { node.as_ref() };
        // SAFETY: the state is still waiting, so the waker belongs to the holder of the lock.
        let waker = entry.waker.with_mut(|slot| unsafe { (*slot).take() });
        // Release publishes the end of our access to the Acquire in `Registration::state`.
        entry.state.store(state, Ordering::Release);
        waker
    }
}

/// One timer of one runtime, embedded in a pinned future.
#[derive(Debug)]
pub(crate) struct Registration {
    entry: Entry,
    /// The runtime that it was made in: the entry is linked into the wheel of that one, wherever it
    /// is polled.
    owner: OwnerRef,
}

// SAFETY: what another thread reaches through the wheel is guarded by its lock, by the rules at
// the top of this file; all the rest needs a pinned exclusive borrow or reads shared cells.
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

impl Registration {
    /// A timer of the runtime that this thread is in.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[inline]
    #[track_caller]
    pub(crate) fn new(deadline: Instant) -> Self {
        Self { entry: Entry::new(deadline.as_nanos()), owner: OwnerRef::current_or_panic() }
    }

    #[inline]
    pub(crate) fn deadline(&self) -> Instant {
        Instant::from_nanos(self.entry.deadline())
    }

    /// Whether its host was kept from looking when it was due.
    pub(crate) fn was_kept(&self) -> bool {
        self.owner.env().timers.was_kept(self.deadline())
    }

    /// Whether the timer fired since it was made or reset.
    #[inline]
    pub(crate) fn is_elapsed(&self) -> bool {
        self.state() == FIRED
    }

    /// Waits until the deadline.
    pub(crate) fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        match self.state() {
            IDLE => drop(self.as_mut().arm(Some(cx.waker().clone()))),
            WAITING => self.wait_with(cx.waker()),
            _ => {}
        }
        match self.state() {
            FIRED => Poll::Ready(Ok(())),
            CLOSED => Poll::Ready(Err(Closed)),
            _ => Poll::Pending,
        }
    }

    /// Moves the deadline. A timer that was waiting goes on, and wakes its task at the new time;
    /// any other starts with its next poll.
    pub(crate) fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        let waker = self.disarm();
        // SAFETY: the entry is disarmed and exclusively borrowed.
        self.entry.deadline.with_mut(|slot| unsafe { *slot = deadline.as_nanos() });
        self.entry.state.store(IDLE, Ordering::Relaxed);
        if waker.is_some()
            && let Some(waker) = self.as_mut().arm(waker)
        {
            waker.wake();
        }
    }

    /// Links the entry in the wheel of its runtime. Answers the waker if there is nothing to wait
    /// for.
    fn arm(self: Pin<&mut Self>, waker: Option<Waker>) -> Option<Waker> {
        let env = self.owner.env();
        if env.clock.is_standing_past(self.deadline()) {
            self.entry.state.store(FIRED, Ordering::Relaxed);
            return waker;
        }
        // SAFETY: pinned and not waiting; `Drop` disarms it with the same owner, which lives as
        // long as the registration.
        match unsafe { env.timers.arm(&self.entry, waker) } {
            Ok(earlier) => {
                // Who drives alone looks before it waits.
                if earlier && !self.owner.is_driven_here_only() {
                    self.owner.unpark();
                }
                None
            }
            Err(waker) => waker,
        }
    }

    /// Takes the entry out of the wheel if it may still be there.
    fn disarm(&self) -> Option<Waker> {
        match self.state() {
            // SAFETY: the entry was armed with this owner's timers.
            WAITING => unsafe { self.owner.env().timers.of(&self.entry).disarm(&self.entry) },
            _ => None,
        }
    }

    fn wait_with(&self, waker: &Waker) {
        let timers = self.owner.env().timers.of(&self.entry);
        // SAFETY: the entry was armed with this owner's timers.
        if !unsafe { timers.will_wake(&self.entry, waker) } {
            let waker = waker.clone();
            // SAFETY: as above.
            let left_over = unsafe { timers.set_waker(&self.entry, waker) };
            drop(left_over);
        }
    }

    #[inline]
    fn state(&self) -> u8 {
        // Acquire pairs with the Release in `Entry::finish`.
        self.entry.state.load(Ordering::Acquire)
    }
}

impl Drop for Registration {
    #[inline]
    fn drop(&mut self) {
        drop(self.disarm());
    }
}

#[cfg(test)]
mod host;
#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
