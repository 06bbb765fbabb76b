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
//! Why unsafe: the flag decides who may have the waker, which no type can say.

use crate::env::waker_slot::WakerSlot;
use core::task::Waker;

pub(super) struct Sleeper(WakerSlot);

impl Sleeper {
    pub(super) fn new() -> Self {
        Self(WakerSlot::new())
    }

    /// Whether there is a waker, or one is just being taken out. Only the receiver asks.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// Puts a waker into the empty place. Only the receiver does, who sets the flag next, by Release.
    #[inline]
    pub(super) fn put(&self, waker: Waker) {
        debug_assert!(!self.is_full());
        self.0.write(waker);
    }

    /// Whether the waker in the full place does what `waker` does. Only the receiver asks.
    #[inline]
    pub(super) fn will_wake(&self, waker: &Waker) -> bool {
        self.0.read().are_of(waker)
    }

    /// Takes the waker out.
    ///
    /// # Safety
    /// The caller has cleared the flag, by Acquire, and takes once.
    #[inline]
    pub(super) unsafe fn take(&self) -> Waker {
        let words = self.0.read();
        self.0.empty();
        // SAFETY: the flag was set, so the place was full; only its clearer takes the waker.
        unsafe { words.into_waker() }
    }
}
