//! A cell for the waker of one waiting task, for primitives with a single receiver.
//!
//! # States
//!
//! ```text
//!            register                     wake, take
//!   0 ◀────────────────▶ REGISTERING      0 ◀─────────────▶ WAKING
//!                             │                                │ register: wakes at once
//!                             ▼ wake, take
//!                    REGISTERING | WAKING ── the registrant wakes and goes back to 0
//! ```
//!
//! Who turns 0 into REGISTERING or WAKING owns `waker` until they put 0 back; who finds either set
//! never touches `waker`. A wake is never lost: it takes the waker, or it meets a registrant that
//! will see WAKING and wake in its stead. Neither side ever waits, so an interrupt handler may wake.
//!
//! Why unsafe: the state decides who may touch the cell, which no type can say.

use crate::atomic::{AtomicUsize, Ordering, UnsafeCell, spin};
use core::fmt;
use core::task::Waker;

const REGISTERING: usize = 1;
const WAKING: usize = 2;

/// Holds the waker of one waiting task, and wakes it from anywhere.
///
/// The order of use that loses nothing: the waiting side registers *and then* looks whether what
/// it waits for is there; the other side makes it so *and then* wakes.
pub(crate) struct AtomicWaker {
    state: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: `waker`, itself Send and Sync, is reached only by the owner of `state`.
unsafe impl Send for AtomicWaker {}
// SAFETY: as above.
unsafe impl Sync for AtomicWaker {}

impl AtomicWaker {
    /// An empty cell.
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self { state: AtomicUsize::new(0), waker: UnsafeCell::new(None) }
    }

    /// An empty cell.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { state: AtomicUsize::new(0), waker: UnsafeCell::new(None) }
    }

    /// Makes `waker` the one that the next [`wake`](Self::wake) calls. A wake that comes while
    /// this runs calls it too. Of two registrations at the same time one is woken at once.
    pub(crate) fn register(&self, waker: &Waker) {
        // Acquire pairs with the Release of whoever put 0 back: it wrote `self.waker`. On failure
        // it pairs with the AcqRel in `take`: what the waking side did before is seen after.
        match self.state.compare_exchange(0, REGISTERING, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => self.store(waker),
            // A wake is under way and may miss this waker, or another registration is.
            Err(_) => {
                // It ends within a few instructions; the task may be back before that.
                spin();
                waker.wake_by_ref();
            }
        }
    }

    /// Calls the registered waker, once.
    #[inline]
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    /// Takes the registered waker without calling it. `None` means that there is none, or that
    /// somebody else is about to call it.
    pub(crate) fn take(&self) -> Option<Waker> {
        // Release publishes what this side did before to a registrant, which reads the bit with
        // Acquire; Acquire pairs with the Release of the registrant that wrote the waker.
        if self.state.fetch_or(WAKING, Ordering::AcqRel) != 0 {
            return None;
        }
        // SAFETY: the state went from 0 to WAKING by our hand.
        let waker = self.waker.with_mut(|waker| unsafe { (*waker).take() });
        // Release hands `self.waker` to the next Acquire of 0. No other bit can have come in:
        // REGISTERING needs a 0.
        self.state.fetch_and(!WAKING, Ordering::Release);
        waker
    }

    /// Forgets the registered waker, if nobody is about to call it.
    pub(crate) fn clear(&self) {
        drop(self.take());
    }

    /// The state went from 0 to REGISTERING by our hand.
    fn store(&self, waker: &Waker) {
        // Cloning may panic; the state goes back all the same.
        let claim = Claim(self);
        // SAFETY: the claim makes the cell ours.
        let known = self
            .waker
            .with(|old| unsafe { (*old).as_ref().is_some_and(|old| old.will_wake(waker)) });
        if known {
            return;
        }
        let fresh = Some(waker.clone());
        // SAFETY: as above.
        let stale = self.waker.with_mut(|old| unsafe { core::mem::replace(&mut *old, fresh) });
        drop(claim);
        drop(stale);
    }
}

/// The right to the cell while REGISTERING; gives it back on drop and wakes if somebody wanted to.
struct Claim<'a>(&'a AtomicWaker);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // Release hands the waker to the one who takes it. Acquire, on failure, pairs with the
        // Release in `take`: the woken task must see what the waking side did.
        let state = &self.0.state;
        if state.compare_exchange(REGISTERING, 0, Ordering::Release, Ordering::Acquire).is_ok() {
            return;
        }
        // SAFETY: both bits are set, so the cell is still ours.
        let waker = self.0.waker.with_mut(|waker| unsafe { (*waker).take() });
        // AcqRel: Release as above; Acquire so that wakes after the first are seen too.
        state.swap(0, Ordering::AcqRel);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Default for AtomicWaker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AtomicWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicWaker").finish_non_exhaustive()
    }
}
