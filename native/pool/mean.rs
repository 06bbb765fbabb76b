//! How long a worker's polls take on average lately: an exponentially weighted mean, in which a poll
//! counts a tenth less than the one after it.
//!
//! The clock is read only where the worker reads it anyway, so all polls between two readings count as
//! equally long.

use crate::env::instant::Instant;
use crate::env::meter::WorkerMeter;
use core::cell::Cell;

/// By how much less a poll counts than the one after it.
const FADING: f64 = 0.9;

#[derive(Debug)]
pub(super) struct MeanPoll {
    since: Cell<Instant>,
    polls: Cell<usize>,
}

impl MeanPoll {
    pub(super) fn new(now: Instant, meter: &WorkerMeter) -> Self {
        Self { since: Cell::new(now), polls: Cell::new(meter.tally.polls.get()) }
    }

    /// The worker did something else than polling until now.
    pub(super) fn restart(&self, now: Instant) {
        self.since.set(now);
    }

    /// Takes in the polls since the last time.
    pub(super) fn take_in(&self, now: Instant, meter: &WorkerMeter) {
        let before = self.polls.replace(meter.tally.polls.get());
        let polls = self.polls.get().wrapping_sub(before);
        let time = now.saturating_duration_since(self.since.replace(now));
        if polls == 0 {
            return;
        }
        let mean = time.as_nanos() as f64 / polls as f64;
        let old = FADING.powf(polls as f64);
        let mixed = meter.mean_poll.get() as f64 * old + mean * (1.0 - old);
        meter.mean_poll.set(mixed as usize);
    }
}
