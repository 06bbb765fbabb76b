//! A short lock that one thread, its owner, takes and releases by plain stores.
//!
//! The owner says that it is inside, then looks whether anybody else claims the lock. Anybody else
//! claims it, then looks whether the owner is inside, and waits until it is not. Each must have said its
//! own before it looks, so there is a fence on both sides. That of the owner costs nothing: whoever
//! claims has the system make every thread of the process pass one ([`fence_all`](thread::fence_all)),
//! which takes a microsecond. So this is for what others want seldom.
//!
//! The owner that finds the lock claimed says that it is not inside, and takes the lock in which the
//! others wait for each other.
//!
//! As with any short lock, no foreign code runs inside.

// Why unsafe: it is a lock.

use super::thread;
use crate::atomic::{AtomicBool, Ordering, UnsafeCell, spin};
use crate::lock::Lock;
use core::fmt;

pub(super) struct Biased<T> {
    /// The owner is inside, or about to look whether it may be.
    inside: AtomicBool,
    /// Somebody else is inside, or about to be. Written under `others`.
    claimed: AtomicBool,
    others: Lock<()>,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time has the value, as in a mutex.
unsafe impl<T: Send> Send for Biased<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Biased<T> {}

impl<T> Biased<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            inside: AtomicBool::new(false),
            claimed: AtomicBool::new(false),
            others: Lock::new(()),
            value: UnsafeCell::new(value),
        }
    }

    /// Runs `f` with the value, as its owner.
    ///
    /// # Safety
    /// One thread at a time is the owner; whoever is it next has synchronised with the one before.
    /// Calls do not nest.
    #[inline]
    pub(super) unsafe fn own<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.inside.store(true, Ordering::Relaxed);
        // Pairs with the `fence_all` in `lock`.
        thread::fence_one();
        // Acquire pairs with the Release at the end of `lock`.
        if self.claimed.load(Ordering::Acquire) {
            self.inside.store(false, Ordering::Release);
            let _guard = self.others.lock();
            // SAFETY: all others are inside under this lock only.
            return self.value.with_mut(|value| f(unsafe { &mut *value }));
        }
        // SAFETY: nobody else is inside, for each waits until `inside` is not set; of the owner the
        // caller promises it.
        let result = self.value.with_mut(|value| f(unsafe { &mut *value }));
        // Release pairs with the Acquire in `lock`.
        self.inside.store(false, Ordering::Release);
        result
    }

    /// Runs `f` with the value. For any thread.
    pub(super) fn lock<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let _guard = self.others.lock();
        self.claimed.store(true, Ordering::Relaxed);
        thread::fence_all();
        let mut looks = 0_u32;
        // Acquire pairs with the Release in `own`.
        while self.inside.load(Ordering::Acquire) {
            looks += 1;
            // Its sections are short, so it was interrupted.
            if looks > 100 && cfg!(not(loom)) { thread::yield_now() } else { spin() }
        }
        // SAFETY: the owner is not inside, and will find the claim before it is.
        let result = self.value.with_mut(|value| f(unsafe { &mut *value }));
        // Release pairs with the Acquire in `own`.
        self.claimed.store(false, Ordering::Release);
        result
    }
}

impl<T> fmt::Debug for Biased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Biased").field("claimed", &self.claimed).finish_non_exhaustive()
    }
}
