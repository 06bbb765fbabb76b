//! A short lock: held for a few loads and stores, never across a wake, a drop of a user's value
//! or any other foreign code.
//!
//! With `std` it is the platform's mutex (poison is ignored: no section can panic half-way);
//! without, a spin lock.

use core::ops::{Deref, DerefMut};

#[cfg(all(feature = "std", not(loom)))]
use std::sync::{Mutex as Raw, MutexGuard as RawGuard};

#[cfg(loom)]
use loom::sync::{Mutex as Raw, MutexGuard as RawGuard};

#[cfg(not(any(feature = "std", loom)))]
use spin::{Raw, RawGuard};

#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Raw<T>);

#[derive(Debug)]
pub(crate) struct LockGuard<'a, T>(RawGuard<'a, T>);

impl<T> Lock<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new(value: T) -> Self {
        Self(Raw::new(value))
    }

    #[cfg(loom)]
    pub(crate) fn new(value: T) -> Self {
        Self(Raw::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        match self.0.lock() {
            Ok(guard) => LockGuard(guard),
            Err(poisoned) => LockGuard(poisoned.into_inner()),
        }
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(not(any(feature = "std", loom)))]
mod spin {
    use crate::atomic::{AtomicBool, Ordering, UnsafeCell, spin};
    use core::ops::{Deref, DerefMut};

    #[derive(Debug, Default)]
    pub(super) struct Raw<T> {
        locked: AtomicBool,
        value: UnsafeCell<T>,
    }

    // SAFETY: `locked` admits one holder at a time, so sharing the lock only ever moves access to
    // the value between threads, which `T: Send` allows.
    unsafe impl<T: Send> Sync for Raw<T> {}
    // SAFETY: the lock owns its value.
    unsafe impl<T: Send> Send for Raw<T> {}

    #[derive(Debug)]
    pub(super) struct RawGuard<'a, T>(&'a Raw<T>);

    /// Stands where `std` has its poison error; never made.
    pub(super) struct Poisoned<G>(G);

    impl<G> Poisoned<G> {
        pub(super) fn into_inner(self) -> G {
            self.0
        }
    }

    impl<T> Raw<T> {
        pub(super) const fn new(value: T) -> Self {
            Self { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
        }

        pub(super) fn lock(&self) -> Result<RawGuard<'_, T>, Poisoned<RawGuard<'_, T>>> {
            // Acquire pairs with the Release in `RawGuard::drop`.
            while self.locked.swap(true, Ordering::Acquire) {
                spin();
            }
            Ok(RawGuard(self))
        }
    }

    impl<T> Deref for RawGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            // SAFETY: a guard exists only while `locked` is ours.
            self.0.value.with(|value| unsafe { &*value })
        }
    }

    impl<T> DerefMut for RawGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: as in `deref`, and the guard is borrowed exclusively.
            self.0.value.with_mut(|value| unsafe { &mut *value })
        }
    }

    impl<T> Drop for RawGuard<'_, T> {
        fn drop(&mut self) {
            // Release publishes the section's writes to the next holder's Acquire.
            self.0.locked.store(false, Ordering::Release);
        }
    }
}
