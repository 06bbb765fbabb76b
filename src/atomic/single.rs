//! Atomics where there is one thread: a cell of the same interface.
//!
//! A compiler lets each access to an atomic stand, and each comparison, though nobody can come between them. Of a
//! cell it knows what was written last, and then most loops of compare-and-exchange have nothing to repeat.
//!
//! Why unsafe: statics, and what several tasks share, must be `Sync`.

use super::Ordering;
use core::cell::Cell;
use core::fmt;
use core::panic::RefUnwindSafe;

#[derive(Default)]
#[repr(transparent)]
pub(crate) struct Single<T>(Cell<T>);

pub(crate) type AtomicBool = Single<bool>;
pub(crate) type AtomicU8 = Single<u8>;
pub(crate) type AtomicU32 = Single<u32>;
pub(crate) type AtomicU64 = Single<u64>;
pub(crate) type AtomicUsize = Single<usize>;

// SAFETY: it is a part of targets without threads only (see `mod.rs`), and an atomic may be anywhere.
unsafe impl<T> Sync for Single<T> {}
// SAFETY: as above.
unsafe impl<T> Send for Single<T> {}
impl<T> RefUnwindSafe for Single<T> {}

impl<T> Single<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Cell::new(value))
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    #[inline(always)]
    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Single<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: Copy + PartialEq> Single<T> {
    #[inline(always)]
    pub(crate) fn load(&self, _: Ordering) -> T {
        self.0.get()
    }

    #[inline(always)]
    pub(crate) fn store(&self, value: T, _: Ordering) {
        self.0.set(value);
    }

    #[inline(always)]
    pub(crate) fn swap(&self, value: T, _: Ordering) -> T {
        self.0.replace(value)
    }

    #[inline(always)]
    pub(crate) fn compare_exchange(
        &self,
        current: T,
        new: T,
        _: Ordering,
        _: Ordering,
    ) -> Result<T, T> {
        let before = self.0.get();
        if before != current {
            return Err(before);
        }
        self.0.set(new);
        Ok(before)
    }

    #[inline(always)]
    pub(crate) fn compare_exchange_weak(
        &self,
        current: T,
        new: T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<T, T> {
        self.compare_exchange(current, new, success, failure)
    }

    #[inline(always)]
    pub(crate) fn fetch_update(
        &self,
        _: Ordering,
        _: Ordering,
        new: impl FnOnce(T) -> Option<T>,
    ) -> Result<T, T> {
        let before = self.0.get();
        self.0.set(new(before).ok_or(before)?);
        Ok(before)
    }
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Single<$number> {
            #[inline(always)]
            pub(crate) fn fetch_add(&self, value: $number, _: Ordering) -> $number {
                self.0.replace(self.0.get().wrapping_add(value))
            }

            #[inline(always)]
            pub(crate) fn fetch_sub(&self, value: $number, _: Ordering) -> $number {
                self.0.replace(self.0.get().wrapping_sub(value))
            }

            #[inline(always)]
            pub(crate) fn fetch_and(&self, value: $number, _: Ordering) -> $number {
                self.0.replace(self.0.get() & value)
            }

            #[inline(always)]
            pub(crate) fn fetch_or(&self, value: $number, _: Ordering) -> $number {
                self.0.replace(self.0.get() | value)
            }

            #[inline(always)]
            pub(crate) fn fetch_xor(&self, value: $number, _: Ordering) -> $number {
                self.0.replace(self.0.get() ^ value)
            }

            #[inline(always)]
            pub(crate) fn fetch_max(&self, value: $number, _: Ordering) -> $number {
                self.0.replace(self.0.get().max(value))
            }
        }
    )+};
}

numbers! { u8 u32 u64 usize }
