//! Whether a worker stays awake for a moment before it sleeps.
//!
//! To wake a processor takes two of them some 20 us of their time each, in a virtual machine, and whoever
//! waits for the outcome that long again. So a worker whose last sleep was ended by somebody within [`BRIEF`]
//! lingers that long the next time, if need be. One that lingered in vain sleeps at once from then on,
//! until a sleep was that short again. So in the worst case, where short gaps and longer ones come in
//! turn, it wastes what a sleep and a wake take, once every other time.
//!
//! Who lingers is in the book of the sleepers, and its parker open: whoever wakes it does as for one that
//! sleeps, less the system call. Between two looks it gives way, for what it waits for may want this very
//! processor. If that takes long, others want it as well, and it sleeps.

use super::super::thread;
use crate::env::host_now;
use core::cell::Cell;
use std::time::Duration;

/// What a sleep and a wake take, with some more for whoever is woken in turn.
const BRIEF: Duration = Duration::from_micros(50);
/// Longer than nobody takes to come back from giving way to nobody.
const GIVEN_WAY: Duration = Duration::from_micros(20);

#[derive(Debug, Default)]
pub(super) struct Linger {
    /// The last sleep was a brief one.
    pays: Cell<bool>,
}

impl Linger {
    /// Stays awake for a moment, if that pays, for `limit` at most, until it is `told` to end that; whether
    /// it was.
    pub(super) fn linger(&self, limit: Option<Duration>, mut told: impl FnMut() -> bool) -> bool {
        if !self.pays.get() {
            return false;
        }
        let limit = limit.map_or(BRIEF, |limit| limit.min(BRIEF));
        let start = host_now();
        let mut before = start;
        loop {
            if told() {
                return true;
            }
            thread::yield_now();
            let now = host_now();
            if now >= start + limit || now >= before + GIVEN_WAY {
                return false;
            }
            before = now;
        }
    }

    /// A sleep is over, which somebody has ended, or not.
    pub(super) fn slept(&self, told: bool, time: Duration) {
        self.pays.set(told && time < BRIEF);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_worker_lingers_after_a_brief_sleep_that_somebody_ended() {
        let linger = Linger::default();
        let lingers = || linger.linger(None, || true);
        assert!(!lingers(), "there was no sleep");
        linger.slept(true, BRIEF / 2);
        assert!(lingers());
        linger.slept(false, BRIEF / 2);
        assert!(!lingers(), "nobody has ended it");
        linger.slept(true, BRIEF);
        assert!(!lingers(), "it was long");
    }

    #[test]
    fn nobody_lingers_for_ever() {
        let linger = Linger::default();
        linger.slept(true, Duration::ZERO);
        assert!(!linger.linger(None, || false));
        let mut looks = 0;
        let mut never = || {
            looks += 1;
            false
        };
        assert!(!linger.linger(Some(Duration::ZERO), &mut never));
        assert_eq!(looks, 1);
    }
}
