//! The wait list: how every primitive and channel of this crate waits.
//!
//! A future that has to wait embeds a [`Waiter`]: a pinned node that holds its waker and a *slot*,
//! the few words the primitive wants to keep about it (permits still missing, a generation, a
//! value to hand over). The list, and the slots and wakers of all nodes in it, are guarded by the
//! primitive's own [`Lock`]. So waiting allocates nothing, order is first in first out, and
//! leaving takes constant time.
//!
//! # States of a waiter
//!
//! ```text
//!            enroll: decide says no            take_front, take_back, wake_while
//!   ASIDE ──────────────────────────▶ WAITING ───────────────────────────────────▶ NOTIFIED
//!     ▲                                  │ 2                                          │
//!     └──────────────────────────────────┴──────────── enroll: decide says yes ◀──────┘ 3
//! ```
//!
//! 1. ASIDE: in no list; nobody but the owner knows the node.
//! 2. WAITING: in the list. Whoever holds the lock may use slot and waker.
//! 3. NOTIFIED: somebody took the node off, with its waker, and left in the slot what it hands
//!    over. Nobody but the owner knows the node any more.
//!
//! A waiter that gets something without waiting, and cannot take it home yet, goes from ASIDE to
//! NOTIFIED by [`Waiter::keep`]; one that needs no lock to take what it was handed goes from
//! NOTIFIED to ASIDE by [`Waiter::finish`].
//!
//! Only the owner writes ASIDE and WAITING, only the holder of the lock turns WAITING into
//! NOTIFIED, as the last thing it does with the node. So the owner knows without the lock whether
//! the node is its own, and a future that never waited pays nothing on drop. A waiter that is
//! dropped WAITING is unlinked; WAITING or NOTIFIED, [`WaitPoint::forsake`] is told, so that the
//! primitive hands on what the slot holds.
//!
//! # Rules
//!
//! - No foreign code under the lock. Wakers are cloned before it is taken and dropped and called
//!   after it is released: notifying yields [`Notice`]s, which a [`WakeList`] collects.
//! - To wake everybody, mark the waiters that are meant by something they hold anyway (the
//!   generation or position in the slot, or a closed flag that keeps newcomers out) and call
//!   [`wake_while`]: it wakes in batches with the lock released in between.
//! - A slot is reached by `&`, so its fields are `Cell`s.
//!
//! # How a primitive uses it
//!
//! The smallest whole one is `Gate` in the tests of this module:
//!
//! ```text
//! struct Gate { state: Lock<State> }
//! struct State { open: bool, waiters: WaitList<()> }
//!
//! // SAFETY: always the one lock and the one list inside the gate that the reference keeps alive.
//! unsafe impl WaitPoint for &Gate {
//!     type Guarded = State;
//!     type Slot = ();
//!     fn lock(&self) -> &Lock<State> { &self.state }
//!     fn waiters(state: &mut State) -> &mut WaitList<()> { &mut state.waiters }
//!     fn wait(&self, _: &()) -> Wait { Wait::new("gate") }
//! }
//!
//! pin_project! { struct Pass<'a> { #[pin] waiter: Waiter<&'a Gate> } }    // Waiter::new(gate, ())
//!
//! fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
//!     self.project().waiter.enroll(Some(cx.waker()), |state, _slot, _notified| state.open.then_some(()))
//! }
//!
//! fn open(&self) {
//!     let mut state = self.state.lock();
//!     state.open = true;
//!     wake_while(&self, state, |_slot| true);
//! }
//! ```

use super::dump::{self, Wait};
use super::panics::Panics;
use super::site::Site;
use crate::atomic::{AtomicU8, Ordering, UnsafeCell};
use crate::collections::at_mut;
use crate::collections::list::{Links, List, Node};
use crate::lock::{Lock, LockGuard};
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

/// A handle to where one can wait: a reference or counted pointer to a primitive, or a small type
/// around one, if the primitive has several lists.
///
/// # Safety
/// While a handle lives, also when it moves, `lock` and `waiters` answer one and the same lock and
/// one and the same list in what it guards, which nobody moves out of it, replaces or swaps.
pub(crate) unsafe trait WaitPoint {
    /// What the lock guards, the list among it.
    type Guarded;
    /// What the primitive keeps about one waiter.
    type Slot;

    /// The lock that guards the list.
    fn lock(&self) -> &Lock<Self::Guarded>;

    /// The list in what the lock guards.
    fn waiters(guarded: &mut Self::Guarded) -> &mut WaitList<Self::Slot>;

    /// What it is that one waits for here, for dumps.
    fn wait(&self, slot: &Self::Slot) -> Wait;

    /// A waiter that had enlisted is dropped; it is in the list no more. `notified` tells whether
    /// somebody had taken it off before. To do: hand on what `slot` holds, release the lock, and
    /// only then wake.
    fn forsake(&self, guarded: LockGuard<'_, Self::Guarded>, slot: &Self::Slot, notified: bool) {
        let _ = (guarded, slot, notified);
    }
}

/// The part of a future that waits: a pinned node, and the handle to where it waits.
pub(crate) struct Waiter<P: WaitPoint> {
    point: P,
    /// Where the program began to wait, if the future says so.
    site: Site,
    /// In a cell, because the list reaches it while the owner holds a reference to the rest.
    place: core::cell::UnsafeCell<Place<P::Slot>>,
}

const ASIDE: u8 = 0;
const WAITING: u8 = 1;
const NOTIFIED: u8 = 2;

/// The node itself.
struct Place<T> {
    state: AtomicU8,
    links: Links<Place<T>>,
    body: UnsafeCell<Body<T>>,
}

struct Body<T> {
    waker: Option<Waker>,
    slot: T,
}

// SAFETY: `links` is one field at a fixed place; only its address is formed.
unsafe impl<T> Node for Place<T> {
    fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the field of a valid node is not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

// SAFETY: handle and slot move with the waiter; the links are only used under the lock.
unsafe impl<P: WaitPoint + Send> Send for Waiter<P> where P::Slot: Send {}
// SAFETY: a shared waiter gives access to the handle only.
unsafe impl<P: WaitPoint + Sync> Sync for Waiter<P> where P::Slot: Send {}

impl<P: WaitPoint> Waiter<P> {
    /// A waiter that is ASIDE.
    #[inline]
    pub(crate) fn new(point: P, slot: P::Slot) -> Self {
        let body = UnsafeCell::new(Body { waker: None, slot });
        let place = Place { state: AtomicU8::new(ASIDE), links: Links::new(), body };
        Self { point, site: Site::UNKNOWN, place: core::cell::UnsafeCell::new(place) }
    }

    /// The same, with the place where the program began to wait.
    #[inline]
    pub(crate) fn at(mut self, site: Site) -> Self {
        self.site = site;
        self
    }

    /// Where this waits.
    #[inline]
    pub(crate) fn point(&self) -> &P {
        &self.point
    }

    /// Whether the waiter is WAITING or NOTIFIED.
    #[inline]
    pub(crate) fn is_enlisted(&self) -> bool {
        self.state() != ASIDE
    }

    /// The handle and the slot, while the waiter is ASIDE.
    #[inline]
    pub(crate) fn aside(self: Pin<&mut Self>) -> Option<(&P, &P::Slot)> {
        self.own(ASIDE)
    }

    /// The handle and the slot, while the waiter is NOTIFIED.
    #[inline]
    pub(crate) fn notified(self: Pin<&mut Self>) -> Option<(&P, &P::Slot)> {
        self.own(NOTIFIED)
    }

    fn own(self: Pin<&mut Self>, state: u8) -> Option<(&P, &P::Slot)> {
        let this = self.into_ref().get_ref();
        if this.state() != state {
            return None;
        }
        // SAFETY: nobody else knows the node, and the borrow keeps the owner from enlisting it.
        let slot = unsafe { (*this.place().as_ptr()).body.with(|body| &(*body).slot) };
        Some((&this.point, slot))
    }

    /// From NOTIFIED to ASIDE: the owner has taken what was in its slot.
    #[inline]
    pub(crate) fn finish(self: Pin<&mut Self>) {
        debug_assert_eq!(self.state(), NOTIFIED);
        self.set_state(ASIDE);
    }

    /// From ASIDE to NOTIFIED, by the owner's own hand: from now on what it has left in its slot
    /// is handed on if it is dropped.
    pub(crate) fn keep(self: Pin<&mut Self>) {
        debug_assert_eq!(self.state(), ASIDE);
        self.set_state(NOTIFIED);
    }

    /// Asks `decide` under the lock; if it has no answer, waits at the back of the list, or stays
    /// where it is if it waits already, to be woken by `waker`.
    ///
    /// `decide` gets what the lock guards, the slot, and whether this waiter is NOTIFIED. On an
    /// answer the waiter is ASIDE again. A notified waiter that `decide` does not let go enlists
    /// anew. `decide` may be asked twice in one call, without having answered before.
    #[inline]
    pub(crate) fn enroll<R>(
        self: Pin<&mut Self>,
        waker: Option<&Waker>,
        mut decide: impl FnMut(&mut P::Guarded, &P::Slot, bool) -> Option<R>,
    ) -> Poll<R> {
        self.enroll_at(waker, |_, guarded, slot, notified| decide(guarded, slot, notified))
    }

    /// [`enroll`](Self::enroll), with the handle and the guard for `decide`.
    pub(crate) fn enroll_at<R>(
        self: Pin<&mut Self>,
        waker: Option<&Waker>,
        mut decide: impl FnMut(&P, &mut LockGuard<'_, P::Guarded>, &P::Slot, bool) -> Option<R>,
    ) -> Poll<R> {
        let this = self.into_ref().get_ref();
        // Cloning is foreign code: before the lock, or not at all.
        let mut fresh = if this.is_enlisted() { None } else { waker.cloned() };
        loop {
            let mut guarded = this.point.lock().lock();
            let state = this.state();
            let ask = |slot: &P::Slot| decide(&this.point, &mut guarded, slot, state == NOTIFIED);
            if let Some(answer) = this.with_slot(ask) {
                let stale = this.retire(&mut guarded, state);
                drop(guarded);
                drop((stale, fresh));
                return Poll::Ready(answer);
            }
            if fresh.is_some() || this.will_wake(waker) {
                let stale = this.enlist(&mut guarded, state, fresh);
                let told = dump::is_asked().then(|| this.with_slot(|slot| this.point.wait(slot)));
                drop(guarded);
                drop(stale);
                if let Some(wait) = told {
                    dump::tell(|| wait.on(this.point.lock()).at(this.site));
                }
                return Poll::Pending;
            }
            drop(guarded);
            fresh = waker.cloned();
        }
    }

    /// Under the lock: whether a notification would do what `waker` asks for.
    fn will_wake(&self, waker: Option<&Waker>) -> bool {
        self.with_waker(|known| match (waker, known) {
            (None, _) => true,
            (Some(new), Some(old)) => old.will_wake(new),
            (Some(_), None) => false,
        })
    }

    /// Under the lock: puts the node into the list, unless it is there, and `fresh` into the node,
    /// if there is one. Answers the waker that was there before, to be dropped after the lock.
    #[inline]
    fn enlist(&self, guarded: &mut P::Guarded, state: u8, fresh: Option<Waker>) -> Option<Waker> {
        if state == WAITING {
            return fresh.and_then(|fresh| self.with_waker(|known| known.replace(fresh)));
        }
        self.set_state(WAITING);
        // SAFETY: the node is pinned and in no list; `retire` takes it out before it dies.
        unsafe { P::waiters(guarded).list.push_back(self.place()) };
        // Only in the list a node has a waker.
        self.with_waker(|none| core::mem::forget(core::mem::replace(none, fresh)));
        None
    }

    /// Under the lock: takes the node out of the list, if it is there. Answers its waker, to be
    /// dropped after the lock.
    #[inline]
    fn retire(&self, guarded: &mut P::Guarded, state: u8) -> Option<Waker> {
        self.set_state(ASIDE);
        if state != WAITING {
            return None;
        }
        // SAFETY: a waiting node is in the list of its point.
        unsafe { P::waiters(guarded).list.remove(self.place()) };
        self.with_waker(Option::take)
    }

    /// Under the lock, or while the node is the owner's own. `f` may reach the slot through the
    /// list, too.
    fn with_slot<R>(&self, f: impl FnOnce(&P::Slot) -> R) -> R {
        // SAFETY: the place is alive while the waiter is, and no other thread touches the body now.
        unsafe { (*self.place.get()).body.with_mut(|body| f(&(*body).slot)) }
    }

    /// Under the lock.
    fn with_waker<R>(&self, f: impl FnOnce(&mut Option<Waker>) -> R) -> R {
        // SAFETY: as above, and only `f` has the waker.
        unsafe { (*self.place.get()).body.with_mut(|body| f(&mut (*body).waker)) }
    }

    #[inline]
    fn state(&self) -> u8 {
        // SAFETY: the place is alive while the waiter is, and the state is an atomic.
        // Acquire pairs with the Release in `WaitList::notify`: NOTIFIED, the node is ours.
        unsafe { (*self.place.get()).state.load(Ordering::Acquire) }
    }

    #[inline]
    fn set_state(&self, state: u8) {
        // SAFETY: as above. Relaxed: who else reads it holds the lock, and so does who enlists.
        unsafe { (*self.place.get()).state.store(state, Ordering::Relaxed) }
    }

    fn place(&self) -> NonNull<Place<P::Slot>> {
        // SAFETY: the address of a field is not null.
        unsafe { NonNull::new_unchecked(self.place.get()) }
    }
}

impl<P: WaitPoint> Drop for Waiter<P> {
    #[inline]
    fn drop(&mut self) {
        if self.is_enlisted() {
            self.leave();
        }
    }
}

impl<P: WaitPoint> Waiter<P> {
    #[cold]
    fn leave(&mut self) {
        let mut guarded = self.point.lock().lock();
        let state = self.state();
        // Dropped after `forsake` has released the lock.
        let _stale = self.retire(&mut guarded, state);
        self.with_slot(|slot| self.point.forsake(guarded, slot, state == NOTIFIED));
    }
}

impl<P: WaitPoint> fmt::Debug for Waiter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").field("enlisted", &self.is_enlisted()).finish_non_exhaustive()
    }
}

/// The waiters of one [`WaitPoint`], oldest first. It lives in what the point's lock guards.
pub(crate) struct WaitList<T> {
    list: List<Place<T>>,
    /// Slots are reached from whichever thread holds the lock, so they must be `Send`.
    _slots: PhantomData<T>,
}

impl<T> WaitList<T> {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { list: List::new(), _slots: PhantomData }
    }

    /// Whether nobody waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Runs `f` on the slot of the oldest waiter.
    #[inline]
    pub(crate) fn with_front<R>(&mut self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.list.front().map(|place| Self::with_slot(place, f))
    }

    /// Runs `f` on the slot of the youngest waiter.
    #[inline]
    pub(crate) fn with_back<R>(&mut self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.list.back().map(|place| Self::with_slot(place, f))
    }

    /// Runs `f` on the slot of each waiter.
    #[allow(dead_code)] // for `Slot::wanted`
    pub(crate) fn for_each(&mut self, mut f: impl FnMut(&T)) {
        self.list.iter().for_each(|place| Self::with_slot(place, &mut f));
    }

    /// Takes the oldest waiter off; `hand` leaves in its slot what it gets.
    #[inline]
    pub(crate) fn take_front(&mut self, hand: impl FnOnce(&T)) -> Option<Notice> {
        self.list.pop_front().map(|place| Self::notify(place, hand))
    }

    /// Takes the youngest waiter off; `hand` leaves in its slot what it gets.
    #[inline]
    pub(crate) fn take_back(&mut self, hand: impl FnOnce(&T)) -> Option<Notice> {
        self.list.pop_back().map(|place| Self::notify(place, hand))
    }

    /// Takes waiters off the front while `meant` says so and there is room for their wakers.
    /// Answers whether there may be more.
    pub(crate) fn take_while(
        &mut self,
        wakers: &mut WakeList,
        mut meant: impl FnMut(&T) -> bool,
    ) -> bool {
        while let Some(true) = self.with_front(&mut meant) {
            if let Some(notice) = self.take_front(|_| ()) {
                wakers.push(notice);
            }
            if wakers.is_full() {
                return true;
            }
        }
        false
    }

    fn with_slot<R>(place: NonNull<Place<T>>, f: impl FnOnce(&T) -> R) -> R {
        // SAFETY: nodes in the list are alive, and `&mut self` proves that the lock is held.
        unsafe { (*place.as_ptr()).body.with_mut(|body| f(&(*body).slot)) }
    }

    /// For a node that was just taken off, still under the lock.
    fn notify(place: NonNull<Place<T>>, hand: impl FnOnce(&T)) -> Notice {
        Self::with_slot(place, hand);
        // SAFETY: the owner does not let the node die while it is WAITING.
        let waker = unsafe { (*place.as_ptr()).body.with_mut(|body| (*body).waker.take()) };
        // SAFETY: as above. Release pairs with the Acquire in `Waiter::state`; from here on the
        // node is its owner's, who may let it die at once.
        unsafe { (*place.as_ptr()).state.store(NOTIFIED, Ordering::Release) };
        Notice(waker)
    }
}

impl<T> Default for WaitList<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for WaitList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitList").field("empty", &self.is_empty()).finish()
    }
}

/// Wakes, oldest first, the waiters for whose slot `meant` says so, up to the first for which it
/// does not. The lock is released around each batch of wakers.
///
/// A waiter that enlists meanwhile is asked too, so `meant` must tell newcomers apart, or
/// something in what the lock guards must keep them from enlisting. A panicking waker keeps no
/// other waiter from being woken; the first panic goes on when all are.
pub(crate) fn wake_while<'a, P: WaitPoint>(
    point: &'a P,
    mut guarded: LockGuard<'a, P::Guarded>,
    mut meant: impl FnMut(&P::Slot) -> bool,
) {
    if P::waiters(&mut guarded).is_empty() {
        return;
    }
    let mut panics = Panics::new();
    loop {
        let mut wakers = WakeList::new();
        let more = P::waiters(&mut guarded).take_while(&mut wakers, &mut meant);
        drop(guarded);
        wakers.drain(&mut panics);
        if !more {
            break;
        }
        guarded = point.lock().lock();
    }
    panics.resume();
}

/// A waiter was notified: its waker, to be called when the lock is released.
#[must_use = "the notified waiter sleeps until its notice is woken"]
#[derive(Debug)]
pub(crate) struct Notice(Option<Waker>);

impl Notice {
    /// For whoever keeps waiters in another order than that of a list.
    #[inline]
    pub(crate) fn of(waker: Option<Waker>) -> Self {
        Self(waker)
    }

    /// Calls the waker, if the waiter left one. Not under the lock!
    #[inline]
    pub(crate) fn wake(self) {
        if let Some(waker) = self.0 {
            waker.wake();
        }
    }
}

/// A batch of wakers, collected under a lock and woken after it.
///
/// Make it before the guard: it wakes what it still holds when it is dropped.
pub(crate) struct WakeList {
    wakers: [MaybeUninit<Waker>; Self::CAPACITY],
    /// `wakers[next..len]` are initialised.
    next: usize,
    len: usize,
}

impl WakeList {
    /// How many wakers are collected at a time.
    pub(crate) const CAPACITY: usize = 32;

    #[inline]
    pub(crate) fn new() -> Self {
        Self { wakers: [const { MaybeUninit::uninit() }; Self::CAPACITY], next: 0, len: 0 }
    }

    /// Whether the batch must be woken before the next notice.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len == Self::CAPACITY
    }

    /// Adds a notice.
    ///
    /// # Panics
    /// If the list is full.
    #[inline]
    pub(crate) fn push(&mut self, notice: Notice) {
        if let Some(waker) = notice.0 {
            at_mut(&mut self.wakers, self.len).write(waker);
            self.len += 1;
        }
    }

    /// Wakes all, in order, also if one panics. Not under the lock!
    #[inline]
    pub(crate) fn wake_all(mut self) {
        let mut panics = Panics::new();
        self.drain(&mut panics);
        panics.resume();
    }

    /// Wakes all, in order, leaving what panics to `panics`. Not under the lock!
    pub(crate) fn drain(&mut self, panics: &mut Panics) {
        while self.next < self.len {
            // SAFETY: `next < len`, so it is initialised, and it is read once: `next` moves on.
            let waker = unsafe { at_mut(&mut self.wakers, self.next).assume_init_read() };
            self.next += 1;
            panics.guard(|| waker.wake());
        }
        (self.next, self.len) = (0, 0);
    }
}

impl Drop for WakeList {
    #[inline]
    fn drop(&mut self) {
        if self.next < self.len {
            self.drain(&mut Panics::new());
        }
    }
}

impl fmt::Debug for WakeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeList").field("len", &(self.len - self.next)).finish()
    }
}
