//! A small, fast, seedable generator for scheduling decisions; never for secrets.
//!
//! Wyrand: one addition and one wide multiplication a number (W. Yi, "wyhash", 2019).

/// A generator whose whole future is its seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0xa076_1d64_78bd_642f);
        let wide = u128::from(self.0) * u128::from(self.0 ^ 0xe703_7ed1_a0b4_28db);
        (wide >> 64) as u64 ^ wide as u64
    }

    /// A number in `0..n`. `n` must not be zero.
    #[inline]
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        debug_assert!(n > 0);
        ((u64::from(self.next() as u32) * u64::from(n)) >> 32) as u32
    }
}

/// A number in `0..n` from this thread's generator.
#[inline]
pub(crate) fn below(n: u32) -> u32 {
    super::context::with(|context| {
        let mut rng = context.rng.get();
        let number = rng.below(n);
        context.rng.set(rng);
        number
    })
}
