//! The waker of a receiver that sleeps.
//!
//! The flag `RX_WAITING` in the channel's word says whose the place is:
//!
//! 1. Empty, it is the receiver's, who [puts](Sleeper::put) a waker there and then sets the flag.
//! 2. Whoever clears the flag, by the change of the word that is to wake the receiver, or the
//!    receiver to change its mind, [takes](Sleeper::take) the waker out. Until it has, the place
//!    stays full, and the receiver leaves it and the flag alone.
//!
//! So going to sleep is one atomic write, and waking up none besides the claim.
//!
//! Why unsafe: the flag decides who may touch the place, which no type can say.

use crate::atomic::{AtomicBool, Ordering, UnsafeCell};
use core::mem::MaybeUninit;
use core::task::Waker;

pub(super) struct Sleeper {
    /// Initialised while `full`.
    waker: UnsafeCell<MaybeUninit<Waker>>,
    full: AtomicBool,
}

impl Sleeper {
    pub(super) fn new() -> Self {
        Self { waker: UnsafeCell::new(MaybeUninit::uninit()), full: AtomicBool::new(false) }
    }

    /// Whether there is a waker, or one is just being taken out. Only the receiver asks.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        // Acquire pairs with the Release in `take`: empty, the place is the receiver's again.
        self.full.load(Ordering::Acquire)
    }

    /// Puts a waker into the empty place.
    ///
    /// # Safety
    /// The caller is the receiver, found the place empty, and sets the flag next, by Release.
    #[inline]
    pub(super) unsafe fn put(&self, waker: Waker) {
        // SAFETY: the place is the caller's, by contract.
        self.waker.with_mut(|place| unsafe { (*place).write(waker) });
        // Relaxed: others learn of it by the flag.
        self.full.store(true, Ordering::Relaxed);
    }

    /// Whether the waker in the full place does what `waker` does.
    ///
    /// # Safety
    /// The caller is the receiver, and found the place full.
    #[inline]
    pub(super) unsafe fn will_wake(&self, waker: &Waker) -> bool {
        // SAFETY: full, it holds a waker, which nobody but the receiver would write over; whoever
        // takes it out only reads, and cannot drop it before it has emptied the place.
        self.waker.with(|place| unsafe { (*place).assume_init_ref().will_wake(waker) })
    }

    /// Takes the waker out.
    ///
    /// # Safety
    /// The caller has cleared the flag, by Acquire, and takes once.
    #[inline]
    pub(super) unsafe fn take(&self) -> Waker {
        // SAFETY: the flag was set, so the place is full; only its clearer moves the waker out.
        let waker = self.waker.with(|place| unsafe { (*place).assume_init_read() });
        // Release gives the place back to the receiver's Acquire.
        self.full.store(false, Ordering::Release);
        waker
    }
}
