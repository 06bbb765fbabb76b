//! How often and how fast a supervisor restarts.

use crate::env::rng;
use crate::time::{Duration, Instant};
use alloc::collections::VecDeque;

/// How long a supervisor waits before it starts a child again: longer after each failure in a row,
/// with a random part so that many do not come back at the same moment.
///
/// A child that has run for as long as the longest wait begins anew with the shortest.
///
/// # Examples
/// ```
/// use creel::actor::supervisor::Backoff;
/// use creel::time::Duration;
///
/// let backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(5)).jitter(0);
/// assert_eq!(backoff.delay(0), Duration::from_millis(100));
/// assert_eq!(backoff.delay(3), Duration::from_millis(800));
/// assert_eq!(backoff.delay(30), Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    /// The part of the delay that is random, in percent.
    jitter: u32,
}

impl Backoff {
    /// `first` after the first failure, twice as long after each further one, at most `longest`;
    /// a random half of it is left out.
    pub const fn exponential(first: Duration, longest: Duration) -> Self {
        Self { first, longest, jitter: 50 }
    }

    /// Restart at once. Only the limit of [`max_restarts`](super::Supervisor::max_restarts) then
    /// keeps a child that fails at once from taking all the time there is.
    pub const fn none() -> Self {
        Self::exponential(Duration::ZERO, Duration::ZERO)
    }

    /// Which part of a delay is random, in percent: 0 for none, 100 for all of it.
    ///
    /// # Panics
    /// If it is more than 100.
    pub const fn jitter(mut self, percent: u32) -> Self {
        assert!(percent <= 100, "the random part is at most all of the delay: 100 percent");
        self.jitter = percent;
        self
    }

    /// How long to wait after the failure with this number, the first of which is 0.
    pub fn delay(&self, failure: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failure).and_then(|times| self.first.checked_mul(times));
        let full = doubled.unwrap_or(Duration::MAX).min(self.longest);
        // From the generator of the runtime, so a simulation replays it.
        let left_out = self.jitter * rng::below(1_001) / 100;
        full - full / 1_000 * left_out.min(1_000)
    }

    /// Whether a child that ran for so long begins anew.
    pub(super) fn is_over(&self, ran: Duration) -> bool {
        ran > self.longest
    }
}

/// 10 milliseconds after the first failure, at most 10 seconds.
impl Default for Backoff {
    fn default() -> Self {
        Self::exponential(Duration::from_millis(10), Duration::from_secs(10))
    }
}

/// The restarts within a window that slides.
#[derive(Debug)]
pub(super) struct Intensity {
    pub(super) max: u32,
    pub(super) window: Duration,
    recent: VecDeque<Instant>,
}

impl Intensity {
    pub(super) fn new(max: u32, window: Duration) -> Self {
        Self { max, window, recent: VecDeque::new() }
    }

    /// Counts a restart; answers whether there are too many.
    pub(super) fn exceed(&mut self, now: Instant) -> bool {
        while let Some(first) = self.recent.front()
            && now.saturating_duration_since(*first) > self.window
        {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.max as usize {
            return true;
        }
        self.recent.push_back(now);
        false
    }
}
