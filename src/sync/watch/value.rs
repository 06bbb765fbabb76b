//! The lock around the value: many readers or one writer, held by `Ref`s and while the value is
//! modified, so it must be one that makes a thread wait.
//!
//! With `std` it is the platform's (poison is ignored: a modification that panics leaves the value
//! as it is, and the channel usable); without, a spin lock.
//!
//! Why unsafe: the spin lock that stands in for the platform's gives out references by its count.

use core::ops::{Deref, DerefMut};

#[cfg(all(feature = "std", not(loom)))]
use std::sync::{RwLock as Raw, RwLockReadGuard as RawRead, RwLockWriteGuard as RawWrite};

#[cfg(loom)]
use loom::sync::{RwLock as Raw, RwLockReadGuard as RawRead, RwLockWriteGuard as RawWrite};

#[cfg(not(any(feature = "std", loom)))]
use spin::{Raw, RawRead, RawWrite};

pub(super) struct Value<T>(Raw<T>);

/// Shared access. Not `Send`: some platforms unlock on the thread that locked.
pub(super) struct ReadGuard<'a, T>(RawRead<'a, T>);

/// Exclusive access.
pub(super) struct WriteGuard<'a, T>(RawWrite<'a, T>);

impl<T> Value<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Raw::new(value))
    }

    #[inline]
    pub(super) fn read(&self) -> ReadGuard<'_, T> {
        match self.0.read() {
            Ok(guard) => ReadGuard(guard),
            Err(poisoned) => ReadGuard(poisoned.into_inner()),
        }
    }

    #[inline]
    pub(super) fn write(&self) -> WriteGuard<'_, T> {
        match self.0.write() {
            Ok(guard) => WriteGuard(guard),
            Err(poisoned) => WriteGuard(poisoned.into_inner()),
        }
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(not(any(feature = "std", loom)))]
mod spin {
    use crate::atomic::{AtomicUsize, Ordering, UnsafeCell, spin};
    use core::convert::Infallible;
    use core::marker::PhantomData;
    use core::ops::{Deref, DerefMut};

    const WRITING: usize = usize::MAX;

    pub(super) struct Raw<T> {
        /// How many read, or [`WRITING`].
        users: AtomicUsize,
        value: UnsafeCell<T>,
    }

    // SAFETY: the lock owns its value.
    unsafe impl<T: Send> Send for Raw<T> {}
    // SAFETY: readers share the value between threads, and a writer may move it out.
    unsafe impl<T: Send + Sync> Sync for Raw<T> {}

    pub(super) struct RawRead<'a, T> {
        lock: &'a Raw<T>,
        _not_send: PhantomData<*const ()>,
    }

    // SAFETY: a shared guard gives shared access to the value only.
    unsafe impl<T: Sync> Sync for RawRead<'_, T> {}

    pub(super) struct RawWrite<'a, T> {
        lock: &'a Raw<T>,
        _not_send: PhantomData<*const ()>,
    }

    /// Stands where `std` has its poison error; never made.
    pub(super) struct Poisoned<G>(Infallible, PhantomData<G>);

    impl<G> Poisoned<G> {
        pub(super) fn into_inner(self) -> G {
            match self.0 {}
        }
    }

    impl<T> Raw<T> {
        pub(super) fn new(value: T) -> Self {
            Self { users: AtomicUsize::new(0), value: UnsafeCell::new(value) }
        }

        pub(super) fn read(&self) -> Result<RawRead<'_, T>, Poisoned<RawRead<'_, T>>> {
            self.acquire(|users| (users < WRITING - 1).then(|| users + 1));
            Ok(RawRead { lock: self, _not_send: PhantomData })
        }

        pub(super) fn write(&self) -> Result<RawWrite<'_, T>, Poisoned<RawWrite<'_, T>>> {
            self.acquire(|users| (users == 0).then_some(WRITING));
            Ok(RawWrite { lock: self, _not_send: PhantomData })
        }

        fn acquire(&self, mut enter: impl FnMut(usize) -> Option<usize>) {
            // Acquire pairs with the Releases in the guards' `drop`.
            while self.users.fetch_update(Ordering::Acquire, Ordering::Relaxed, &mut enter).is_err()
            {
                spin();
            }
        }
    }

    impl<T> Deref for RawRead<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            // SAFETY: while a read guard lives, nobody writes.
            self.lock.value.with(|value| unsafe { &*value })
        }
    }

    impl<T> Drop for RawRead<'_, T> {
        fn drop(&mut self) {
            // Release: the reads of this section come before the next writer's Acquire.
            self.lock.users.fetch_sub(1, Ordering::Release);
        }
    }

    impl<T> Deref for RawWrite<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            // SAFETY: while a write guard lives, nobody else has access.
            self.lock.value.with(|value| unsafe { &*value })
        }
    }

    impl<T> DerefMut for RawWrite<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: as above, and the guard is borrowed exclusively.
            self.lock.value.with_mut(|value| unsafe { &mut *value })
        }
    }

    impl<T> Drop for RawWrite<'_, T> {
        fn drop(&mut self) {
            // Release publishes the section's writes to the next Acquire.
            self.lock.users.store(0, Ordering::Release);
        }
    }
}
