//! A short lock: held for a few loads and stores, never across a wake, a drop of a user's value
//! or any other foreign code.
//!
//! Why not the platform's mutex: unlocking that costs an atomic exchange, for there may be a
//! sleeper to be told, and this one a store, for nobody sleeps *in* it. Whoever finds it taken looks
//! again for about a microsecond, longer than any section lasts; if its holder was preempted, gives
//! way to it; and if that does not help, because the holder is of lower priority, sleeps for
//! moments. A thread that may not wait, such as the main thread of a browser, never has to. Where there are
//! no other threads it would wait for itself: that is a panic.
//!
//! # The word
//!
//! The lock is the lowest bit of a word, [`LOCKED`]; the other bits are its owner's, who may decide by
//! them alone what needs no lock. [`Lock::word`] is changed by whoever finds it unlocked, by
//! compare-and-swap, and otherwise by the holder, whose [`LockGuard`] has it as a plain number that
//! the release stores. So to take the lock, look at the bits, change them and release costs one
//! atomic write.
//!
//! Under loom users get loom's mutex, which is quicker to explore; the holder locks the word when
//! it first looks at it. [`raw`] has a model of its own.

#[cfg(loom)]
use loom_lock::{Raw, RawGuard};
#[cfg(not(loom))]
use raw::{Raw, RawGuard};

use crate::atomic::AtomicUsize;
use core::ops::{Deref, DerefMut};

/// The bit of a lock's word that says that it is taken.
pub(crate) const LOCKED: usize = 1;

#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Raw<T>);

#[derive(Debug)]
pub(crate) struct LockGuard<'a, T>(RawGuard<'a, T>);

// No section panics half-way, as the rule at the top has it.
impl<T> core::panic::UnwindSafe for Lock<T> {}
impl<T> core::panic::RefUnwindSafe for Lock<T> {}

impl<T> Lock<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new(value: T) -> Self {
        Self(Raw::new(0, value))
    }

    /// A lock whose word begins with these bits.
    #[cfg(not(loom))]
    pub(crate) const fn with_word(bits: usize, value: T) -> Self {
        debug_assert!(bits & LOCKED == 0);
        Self(Raw::new(bits, value))
    }

    #[cfg(loom)]
    pub(crate) fn new(value: T) -> Self {
        Self(Raw::new(0, value))
    }

    /// A lock whose word begins with these bits.
    #[cfg(loom)]
    pub(crate) fn with_word(bits: usize, value: T) -> Self {
        Self(Raw::new(bits, value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        LockGuard(self.0.lock())
    }

    /// The word, to be changed while it is not [`LOCKED`], and without that bit. Releases of the
    /// lock are Release stores of it.
    #[inline]
    pub(crate) fn word(&self) -> &AtomicUsize {
        self.0.word()
    }
}

impl<T> LockGuard<'_, T> {
    /// The owner's bits of the word.
    #[inline]
    pub(crate) fn word(&mut self) -> usize {
        *self.0.bits()
    }

    /// What they shall be from the release on.
    #[inline]
    pub(crate) fn set_word(&mut self, bits: usize) {
        debug_assert!(bits & LOCKED == 0);
        *self.0.bits() = bits;
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

#[cfg(loom)]
mod loom_lock {
    use super::LOCKED;
    use crate::atomic::{AtomicUsize, Ordering};
    use core::ops::{Deref, DerefMut};
    use loom::sync::{Mutex, MutexGuard};

    #[derive(Debug, Default)]
    pub(super) struct Raw<T> {
        word: AtomicUsize,
        value: Mutex<T>,
    }

    #[derive(Debug)]
    pub(super) struct RawGuard<'a, T> {
        word: &'a AtomicUsize,
        /// The bits, once they were looked at.
        bits: Option<usize>,
        value: MutexGuard<'a, T>,
    }

    impl<T> Raw<T> {
        pub(super) fn new(bits: usize, value: T) -> Self {
            Self { word: AtomicUsize::new(bits), value: Mutex::new(value) }
        }

        pub(super) fn lock(&self) -> RawGuard<'_, T> {
            let value = self.value.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            RawGuard { word: &self.word, bits: None, value }
        }

        pub(super) fn word(&self) -> &AtomicUsize {
            &self.word
        }
    }

    impl<T> RawGuard<'_, T> {
        pub(super) fn bits(&mut self) -> &mut usize {
            self.bits.get_or_insert_with(|| self.word.fetch_or(LOCKED, Ordering::Acquire))
        }
    }

    impl<T> Deref for RawGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            &self.value
        }
    }

    impl<T> DerefMut for RawGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.value
        }
    }

    impl<T> Drop for RawGuard<'_, T> {
        fn drop(&mut self) {
            if let Some(bits) = self.bits {
                self.word.store(bits, Ordering::Release);
            }
        }
    }
}

#[cfg_attr(all(loom, not(test)), expect(dead_code, reason = "loom's mutex stands in"))]
mod raw {
    use super::LOCKED;
    use crate::atomic::{AtomicUsize, Ordering, THREADS, UnsafeCell, spin};
    use core::ops::{Deref, DerefMut};

    #[derive(Debug, Default)]
    pub(super) struct Raw<T> {
        word: AtomicUsize,
        value: UnsafeCell<T>,
    }

    // SAFETY: `LOCKED` admits one holder at a time, so sharing the lock only ever moves access to
    // the value between threads, which `T: Send` allows.
    unsafe impl<T: Send> Sync for Raw<T> {}
    // SAFETY: the lock owns its value.
    unsafe impl<T: Send> Send for Raw<T> {}

    #[derive(Debug)]
    pub(super) struct RawGuard<'a, T> {
        lock: &'a Raw<T>,
        /// The word, without `LOCKED`.
        bits: usize,
        /// As every guard of a lock: what locked it unlocks it.
        _not_send: core::marker::PhantomData<*const ()>,
    }

    impl<T> Raw<T> {
        #[cfg(not(loom))]
        pub(super) const fn new(bits: usize, value: T) -> Self {
            Self { word: AtomicUsize::new(bits), value: UnsafeCell::new(value) }
        }

        #[cfg(loom)]
        pub(super) fn new(bits: usize, value: T) -> Self {
            Self { word: AtomicUsize::new(bits), value: UnsafeCell::new(value) }
        }

        #[inline]
        pub(super) fn word(&self) -> &AtomicUsize {
            &self.word
        }

        #[inline]
        pub(super) fn lock(&self) -> RawGuard<'_, T> {
            let bits = match self.try_lock() {
                Some(bits) => bits,
                None => self.lock_contended(),
            };
            RawGuard { lock: self, bits, _not_send: core::marker::PhantomData }
        }

        #[inline]
        fn try_lock(&self) -> Option<usize> {
            let bits = self.word.load(Ordering::Relaxed) & !LOCKED;
            // Acquire pairs with the Release in `RawGuard::drop`, and with that of whoever changed
            // the bits.
            let (taken, not) = (Ordering::Acquire, Ordering::Relaxed);
            self.word.compare_exchange(bits, bits | LOCKED, taken, not).ok()
        }

        #[cold]
        fn lock_contended(&self) -> usize {
            if !THREADS {
                panic!("a lock is taken by who holds it");
            }
            let mut rounds = 0;
            loop {
                wait(rounds);
                rounds += 1;
                if self.looks_free()
                    && let Some(bits) = self.try_lock()
                {
                    return bits;
                }
            }
        }

        fn looks_free(&self) -> bool {
            // Relaxed: only a look, which does not take the line away from the holder. loom would
            // show an old value again and again.
            cfg!(loom) || self.word.load(Ordering::Relaxed) & LOCKED == 0
        }
    }

    /// For how many rounds a waiter only looks again, and for how many more it gives way.
    const LOOKS: u32 = 64;
    #[cfg(all(feature = "std", not(loom)))]
    const YIELDS: u32 = 64;

    #[cfg(all(feature = "std", not(loom)))]
    fn wait(rounds: u32) {
        if rounds < LOOKS {
            return spin();
        }
        // Where there are no native threads there is nothing to sleep with, and nobody in the way.
        #[cfg(feature = "native")]
        if rounds >= LOOKS + YIELDS {
            return std::thread::sleep(core::time::Duration::from_micros(50));
        }
        std::thread::yield_now();
    }

    #[cfg(not(all(feature = "std", not(loom))))]
    fn wait(_rounds: u32) {
        spin();
    }

    impl<T> RawGuard<'_, T> {
        #[inline]
        pub(super) fn bits(&mut self) -> &mut usize {
            &mut self.bits
        }
    }

    impl<T> Deref for RawGuard<'_, T> {
        type Target = T;
        #[inline]
        fn deref(&self) -> &T {
            // SAFETY: a guard exists only while `LOCKED` is ours.
            self.lock.value.with(|value| unsafe { &*value })
        }
    }

    impl<T> DerefMut for RawGuard<'_, T> {
        #[inline]
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: as in `deref`, and the guard is borrowed exclusively.
            self.lock.value.with_mut(|value| unsafe { &mut *value })
        }
    }

    impl<T> Drop for RawGuard<'_, T> {
        #[inline]
        fn drop(&mut self) {
            // Release publishes the section's writes to the next holder's Acquire, and the bits to
            // whoever looks at them. Nobody else has changed the word, for it was locked.
            self.lock.word.store(self.bits, Ordering::Release);
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::LOCKED;
    use super::raw::Raw;
    use crate::atomic::Ordering;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn loom_a_lock_admits_one_at_a_time_and_shows_what_the_last_one_did() {
        loom::model(|| {
            let lock = Arc::new(Raw::new(0, 0));
            let other = lock.clone();
            let thread = thread::spawn(move || *other.lock() += 1);
            *lock.lock() += 1;
            thread.join().unwrap();
            assert_eq!(*lock.lock(), 2);
        });
    }

    #[test]
    fn loom_the_word_is_changed_with_the_lock_and_without() {
        loom::model(|| {
            let lock = Arc::new(Raw::new(0, 0));
            let other = lock.clone();
            let thread = thread::spawn(move || {
                let bits = other.word().load(Ordering::Relaxed);
                let changed = bits & LOCKED == 0
                    && other
                        .word()
                        .compare_exchange(bits, bits + 2, Ordering::AcqRel, Ordering::Relaxed)
                        .is_ok();
                if !changed {
                    *other.lock().bits() += 2;
                }
            });
            *lock.lock().bits() += 2;
            thread.join().unwrap();
            assert_eq!(*lock.lock().bits(), 4);
        });
    }
}

#[cfg(all(test, feature = "native", not(loom)))]
mod tests {
    use super::Lock;

    #[test]
    fn a_lock_survives_a_panic_and_many_threads() {
        let lock = Lock::new(0);
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| {
                let _held = lock.lock();
                panic!("in a section");
            });
            assert!(panics.join().is_err());
            for _ in 0..8 {
                scope.spawn(|| (0..10_000).for_each(|_| *lock.lock() += 1));
            }
        });
        assert_eq!(*lock.lock(), 80_000);
    }

    #[test]
    fn a_lock_whose_holder_sleeps_is_waited_for() {
        let lock = Lock::new(1);
        let (told, hears) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut held = lock.lock();
                told.send(()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(20));
                *held = 2;
            });
            hears.recv().unwrap();
            assert_eq!(*lock.lock(), 2);
        });
    }
}
