//! A stopwatch that one thread starts and stops and all may read, also while it runs.
//!
//! It is one word, so that a reader never sees a half of a change. Stopped, it holds the time in all;
//! running, the moment at which it would have been started, had it never been stopped since. The
//! lowest bit says which. So a worker that never rests, or is stuck in one poll, still shows the time
//! that it has been busy until now, and need not look at the clock for that.

use crate::atomic::Ordering::Relaxed;
use crate::collections::wide::Wide;
use crate::env::instant::Instant;
use core::time::Duration;

#[derive(Debug)]
pub(super) struct Stopwatch(Wide);

const RUNS: u64 = 1;
/// What 63 bits hold: 292 years of nanoseconds.
const MASK: u64 = u64::MAX >> 1;

impl Stopwatch {
    pub(super) fn new() -> Self {
        Self(Wide::new(0))
    }

    /// Only the thread that owns it; a running one runs on.
    pub(super) fn start(&self, now: Instant) {
        let word = self.0.load(Relaxed);
        if word & RUNS == 0 {
            let since = now.as_nanos().wrapping_sub(word >> 1) & MASK;
            self.0.store(since << 1 | RUNS, Relaxed);
        }
    }

    /// Only the thread that owns it; answers whether it ran.
    pub(super) fn stop(&self, now: Instant) -> bool {
        let word = self.0.load(Relaxed);
        if word & RUNS != 0 {
            self.0.store(total(word, now) << 1, Relaxed);
        }
        word & RUNS != 0
    }

    /// For how long it has run in all.
    pub(super) fn read(&self, now: Instant) -> Duration {
        Duration::from_nanos(total(self.0.load(Relaxed), now))
    }
}

fn total(word: u64, now: Instant) -> u64 {
    if word & RUNS == 0 {
        return word >> 1;
    }
    let time = now.as_nanos().wrapping_sub(word >> 1) & MASK;
    // A reader's clock may be a little behind that of the thread that started it just now.
    if time > MASK / 2 { 0 } else { time }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(5_000_000_000) + Duration::from_millis(ms)
    }

    #[test]
    fn it_adds_up_what_lies_between_start_and_stop() {
        let watch = Stopwatch::new();
        assert_eq!(watch.read(at(9)), Duration::ZERO);
        watch.start(at(10));
        assert_eq!(watch.read(at(13)), Duration::from_millis(3), "while it runs");
        assert!(watch.stop(at(15)) && !watch.stop(at(99)));
        assert_eq!(watch.read(at(99)), Duration::from_millis(5));
        watch.start(at(100));
        watch.start(at(101));
        assert_eq!(watch.read(at(102)), Duration::from_millis(7));
    }

    #[test]
    fn a_reader_that_is_behind_sees_no_time_rather_than_centuries() {
        let watch = Stopwatch::new();
        watch.start(at(10));
        assert_eq!(watch.read(at(9)), Duration::ZERO);
    }

    #[test]
    fn more_busy_time_than_the_clock_has_run_is_no_trouble() {
        let watch = Stopwatch::new();
        let start = Instant::from_nanos(100);
        watch.start(start);
        watch.stop(start + Duration::from_secs(9));
        watch.start(start);
        assert_eq!(watch.read(start + Duration::from_secs(1)), Duration::from_secs(10));
    }
}
