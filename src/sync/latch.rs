//! A counter that goes down to zero, once, and tasks that wait for that.
//!
//! The count only falls. Whoever brings it to zero releases the waiters.

use super::crowd::{Crowd, Named};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::site::Site;
use core::fmt;
use core::future::Future;

/// Waits until something was counted down to zero. It cannot be used anew: for that there is the
/// [`Barrier`](super::Barrier).
///
/// # Examples
///
/// ```
/// use creel::sync::Latch;
///
/// let latch = Latch::new(2);
/// latch.count_down();
/// assert!(!latch.try_wait());
/// latch.count_down();
/// assert!(latch.try_wait());
/// ```
pub struct Latch {
    count: AtomicUsize,
    waiters: Crowd<Self>,
}

impl Latch {
    /// A latch that opens after `count` times [`count_down`](Self::count_down).
    #[cfg(not(loom))]
    pub const fn new(count: usize) -> Self {
        Self { count: AtomicUsize::new(count), waiters: Crowd::new() }
    }

    /// A latch that opens after `count` times [`count_down`](Self::count_down).
    #[cfg(loom)]
    pub fn new(count: usize) -> Self {
        Self { count: AtomicUsize::new(count), waiters: Crowd::new() }
    }

    /// Counts down by one.
    #[inline]
    pub fn count_down(&self) {
        self.count_down_by(1);
    }

    /// Counts down by `n`, at most to zero. A latch that is open stays open.
    pub fn count_down_by(&self, n: usize) {
        let lower = |count: usize| (count != 0 && n != 0).then(|| count.saturating_sub(n));
        // Release publishes what was done before, Acquire takes in what the others published, so
        // that the wake below carries all of it to the waiters.
        let lowered = self.count.fetch_update(Ordering::AcqRel, Ordering::Relaxed, lower);
        if lowered.is_ok_and(|before| before <= n) {
            self.waiters.release();
        }
    }

    /// How much there is left to count down.
    pub fn count(&self) -> usize {
        // Acquire pairs with the Release in `count_down_by`.
        self.count.load(Ordering::Acquire)
    }

    /// Whether the latch is open.
    #[inline]
    pub fn try_wait(&self) -> bool {
        self.count() == 0
    }

    /// Waits until the count is zero.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::Latch;
    /// use std::sync::Arc;
    ///
    /// let latch = Arc::new(Latch::new(3));
    /// for _ in 0..3 {
    ///     let latch = latch.clone();
    ///     creel::spawn(async move { latch.count_down() });
    /// }
    /// latch.wait().await;
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = ()> {
        let open = || self.try_wait().then_some(());
        Site::here().of(self.waiters.wait_for(open))
    }
}

impl Named for Latch {
    const NAME: &'static str = "latch";
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch").field("count", &self.count()).finish()
    }
}
