//! How often a worker that always has tasks of its own looks at the queue that all share.
//!
//! Often costs a look at a foreign cache line, rarely lets tasks from outside wait. What matters to
//! those is time, not the number of polls before them: so the interval follows the mean time of a
//! poll, such that a look comes about every [`GOAL`]. It is measured from look to look, or to the next
//! sleep, so the clock is read once for all polls between.

use super::worker::RING;
use crate::env::instant::Instant;
use core::cell::Cell;
use std::time::Duration;

/// How much time should be between two looks.
///
/// Ten times what it takes to wake a processor that sleeps, in a virtual machine; see
/// [`Pace::is_small`].
const GOAL: Duration = Duration::from_micros(200);
/// The first interval, in turns; a prime, so that it beats with no pattern of the tasks.
const FIRST: u32 = 61;
const LEAST: u32 = 2;
const MOST: u32 = 127;
/// More turns than this are not told from each other.
const FAR: u32 = 10 * RING as u32;

/// Counts the turns of one worker.
#[derive(Debug)]
pub(super) struct Pace {
    /// How many turns there most likely are in [`GOAL`]; or the interval that was asked for.
    span: Cell<u32>,
    /// Turns until the next look.
    left: Cell<u32>,
    /// When the last look was, or the worker woke, and how many turns were left then.
    last: Cell<Option<(Instant, u32)>>,
    adapts: bool,
}

impl Pace {
    /// Always `interval`, or what the polls suggest.
    pub(super) fn new(interval: Option<u32>) -> Self {
        let first = interval.unwrap_or(FIRST);
        Self {
            span: Cell::new(first),
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

    /// Whether so many tasks will most likely have been polled before a sleeper that is woken for
    /// them could begin: that takes about a tenth of the time between two looks.
    pub(super) fn is_small(&self, queued: usize) -> bool {
        self.adapts && 10 * queued < self.span.get() as usize
    }

    /// Turns from one look to the next.
    fn interval(&self) -> u32 {
        if self.adapts { self.span.get().min(MOST) } else { self.span.get() }
    }

    /// The worker is about to sleep.
    pub(super) fn sleeps(&self, now: Instant) {
        self.measure(now);
        self.last.set(None);
    }

    /// The worker has slept, or found that it had better not.
    pub(super) fn woke(&self, now: Instant) {
        self.last.set(Some((now, self.left.get())));
    }

    /// So much time was spent on waking somebody, which is no part of a poll: it takes longer than most
    /// polls, and would make the next ones seem worth waking somebody for.
    pub(super) fn skip(&self, time: Duration) {
        self.last.set(self.last.get().map(|(since, left)| (since + time, left)));
    }

    #[cold]
    fn look(&self, now: impl FnOnce() -> Instant) {
        if self.adapts {
            let now = now();
            self.measure(now);
            self.last.set(Some((now, self.interval())));
        }
        self.left.set(self.interval());
    }

    /// Takes in how long the turns since the last look took.
    fn measure(&self, now: Instant) {
        if let Some((since, left)) = self.last.get() {
            let turns = left - self.left.get();
            if self.adapts && turns > 0 {
                self.adapt(turns, now.saturating_duration_since(since));
            }
        }
    }

    /// Takes in that so many turns took `time`.
    fn adapt(&self, turns: u32, time: Duration) {
        let before = self.span.get();
        let turns = u128::from(turns) * GOAL.as_nanos() / time.as_nanos().max(1);
        let wanted = turns.clamp(LEAST.into(), FAR.into()) as u32;
        // Longer only step by step: a burst of short polls says little. Shorter at once.
        let longer = before + (wanted.saturating_sub(before)).div_ceil(4);
        self.span.set(if wanted < before { wanted } else { longer });
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
    fn what_is_small_depends_on_how_long_polls_take() {
        let pace = Pace::new(None);
        assert!(pace.is_small(6) && !pace.is_small(7));
        looks(&pace, Duration::from_millis(1), 3);
        assert!(!pace.is_small(1), "a poll of a millisecond is worth waking somebody");
        looks(&pace, Duration::from_nanos(100), 20);
        assert!(pace.is_small(190) && !pace.is_small(200));
        assert!(!Pace::new(Some(61)).is_small(1), "nothing is known of the polls");
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
            pace.sleeps(now);
            now += Duration::from_secs(1);
            pace.woke(now);
        }
        // What 200 us hold, not what a second does.
        assert!((50..53).contains(&pace.interval()), "{pace:?}");
    }

    #[test]
    fn to_wake_somebody_is_no_poll() {
        let (pace, mut now) = (Pace::new(None), Instant::from_nanos(1_000));
        let wake = Duration::from_micros(30);
        for _ in 0..20 {
            pace.woke(now);
            assert!(!pace.is_due(|| now));
            pace.skip(wake);
            now += wake + Duration::from_nanos(200);
            pace.sleeps(now);
        }
        assert!(pace.is_small(60), "{pace:?}");
    }

    #[test]
    fn a_single_poll_between_two_sleeps_counts() {
        let (pace, now) = (Pace::new(None), Instant::from_nanos(1_000));
        pace.woke(now);
        assert!(!pace.is_due(|| now));
        pace.sleeps(now + Duration::from_millis(5));
        assert!(!pace.is_small(1));
    }
}
