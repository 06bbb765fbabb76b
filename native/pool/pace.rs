//! How often a worker that always has tasks of its own looks at the queue that all share.
//!
//! Often costs a look at a foreign cache line, rarely lets tasks from outside wait. What matters to
//! those is time, not the number of polls before them: so the interval follows the mean time of a
//! poll, such that a look comes about every [`GOAL`]. It is measured from look to look, so the clock
//! is read once for all polls between two of them; a sleep is not counted.

use crate::env::instant::Instant;
use core::cell::Cell;
use std::time::Duration;

/// How much time should be between two looks.
const GOAL: Duration = Duration::from_micros(200);
/// The first interval, in turns; a prime, so that it beats with no pattern of the tasks.
const FIRST: u32 = 61;
const LEAST: u32 = 2;
const MOST: u32 = 127;

/// Counts the turns of one worker.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Cell<u32>,
    /// Turns until the next look.
    left: Cell<u32>,
    /// When the last look was, unless the worker has slept since.
    last: Cell<Option<Instant>>,
    adapts: bool,
}

impl Pace {
    /// Always `interval`, or what the polls suggest.
    pub(super) fn new(interval: Option<u32>) -> Self {
        let first = interval.unwrap_or(FIRST);
        Self {
            interval: Cell::new(first),
            left: Cell::new(first),
            last: Cell::new(None),
            adapts: interval.is_none(),
        }
    }

    /// Counts a turn; answers whether it begins with a look.
    #[inline]
    pub(super) fn is_due(&self, now: impl FnOnce() -> Instant) -> bool {
        let left = self.left.get() - 1;
        self.left.set(left);
        if left == 0 {
            self.look(now);
        }
        left == 0
    }

    /// The worker has slept.
    pub(super) fn slept(&self) {
        self.last.set(None);
    }

    #[cold]
    fn look(&self, now: impl FnOnce() -> Instant) {
        if self.adapts {
            let now = now();
            if let Some(last) = self.last.replace(Some(now)) {
                self.adapt(now.saturating_duration_since(last));
            }
        }
        self.left.set(self.interval.get());
    }

    /// Takes in that so many turns as the interval took `time`.
    fn adapt(&self, time: Duration) {
        let before = self.interval.get();
        let turns = u128::from(before) * GOAL.as_nanos() / time.as_nanos().max(1);
        let wanted = turns.clamp(LEAST.into(), MOST.into()) as u32;
        // Longer only step by step: a burst of short polls says little. Shorter at once.
        let longer = before + (wanted.saturating_sub(before)).div_ceil(4);
        self.interval.set(if wanted < before { wanted } else { longer });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The number of turns before each of some looks, when each turn takes `poll`.
    fn looks(pace: &Pace, poll: Duration, count: usize) -> std::vec::Vec<u32> {
        let mut now = Instant::from_nanos(1_000);
        let mut turn = || {
            now += poll;
            pace.is_due(|| now)
        };
        (0..count)
            .map(|_| {
                let mut turns = 1;
                while !turn() {
                    turns += 1;
                }
                turns
            })
            .collect()
    }

    #[test]
    fn long_polls_bring_the_next_look_nearer_and_short_ones_put_it_off() {
        let pace = Pace::new(None);
        assert_eq!(looks(&pace, Duration::from_millis(1), 4), [61, 61, 2, 2]);
        let easier = looks(&pace, Duration::from_nanos(100), 20);
        assert!(easier.is_sorted() && easier.last() == Some(&127), "{easier:?}");
        assert_eq!(looks(&pace, Duration::from_micros(10), 4)[2..], [20, 20]);
    }

    #[test]
    fn what_was_asked_for_stays() {
        let pace = Pace::new(Some(7));
        assert_eq!(looks(&pace, Duration::from_millis(1), 3), [7, 7, 7]);
        assert_eq!(looks(&Pace::new(Some(1)), Duration::ZERO, 3), [1, 1, 1]);
    }

    #[test]
    fn a_sleep_is_no_poll() {
        let pace = Pace::new(None);
        let mut now = Instant::from_nanos(1_000);
        for _ in 0..5 {
            while !pace.is_due(|| now) {
                now += Duration::from_micros(4);
            }
            now += Duration::from_secs(1);
            pace.slept();
        }
        assert_eq!(pace.interval.get(), FIRST);
    }
}
