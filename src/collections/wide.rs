//! An atomic word of 64 bits on every target.
//!
//! Where the processor has one it is that: wherever a pointer has 64 bits, on wasm, and on most
//! others. Elsewhere the word stands behind the short [`Lock`](crate::lock::Lock).

pub(crate) use word::Wide;

#[cfg(target_has_atomic = "64")]
mod word {
    use crate::atomic::{AtomicU64, Ordering};

    #[derive(Debug)]
    pub(crate) struct Wide(AtomicU64);

    impl Wide {
        pub(crate) fn new(value: u64) -> Self {
            Self(AtomicU64::new(value))
        }

        #[inline]
        pub(crate) fn load(&self, order: Ordering) -> u64 {
            self.0.load(order)
        }

        #[inline]
        pub(crate) fn store(&self, value: u64, order: Ordering) {
            self.0.store(value, order);
        }

        /// May fail although the word is `current`.
        #[inline]
        pub(crate) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            success: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            self.0.compare_exchange_weak(current, new, success, failure)
        }

        #[inline]
        pub(crate) fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
            self.0.fetch_sub(value, order)
        }

        #[inline]
        pub(crate) fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
            self.0.fetch_or(value, order)
        }

        #[inline]
        pub(crate) fn fetch_and(&self, value: u64, order: Ordering) -> u64 {
            self.0.fetch_and(value, order)
        }
    }
}

#[cfg(not(target_has_atomic = "64"))]
mod word {
    use crate::atomic::Ordering;
    use crate::lock::Lock;

    /// The lock orders everything, so the orderings asked for are always met.
    #[derive(Debug)]
    pub(crate) struct Wide(Lock<u64>);

    impl Wide {
        pub(crate) fn new(value: u64) -> Self {
            Self(Lock::new(value))
        }

        #[inline]
        fn update(&self, new: impl FnOnce(u64) -> u64) -> u64 {
            let mut word = self.0.lock();
            let before = *word;
            *word = new(before);
            before
        }

        #[inline]
        pub(crate) fn load(&self, _: Ordering) -> u64 {
            *self.0.lock()
        }

        #[inline]
        pub(crate) fn store(&self, value: u64, _: Ordering) {
            *self.0.lock() = value;
        }

        #[inline]
        pub(crate) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            _: Ordering,
            _: Ordering,
        ) -> Result<u64, u64> {
            let before = self.update(|word| if word == current { new } else { word });
            if before == current { Ok(before) } else { Err(before) }
        }

        #[inline]
        pub(crate) fn fetch_sub(&self, value: u64, _: Ordering) -> u64 {
            self.update(|word| word.wrapping_sub(value))
        }

        #[inline]
        pub(crate) fn fetch_or(&self, value: u64, _: Ordering) -> u64 {
            self.update(|word| word | value)
        }

        #[inline]
        pub(crate) fn fetch_and(&self, value: u64, _: Ordering) -> u64 {
            self.update(|word| word & value)
        }
    }
}
