//! Whether a thread stays awake for a moment before it sleeps.
//!
//! To wake a processor takes two of them some 20 us of their time each, in a virtual machine, and whoever
//! waits for the outcome that long again. So a thread whose last sleep was ended by somebody within [`BRIEF`]
//! lingers that long the next time, if need be. One that lingered in vain sleeps at once from then on,
//! until a sleep was that short again. So in the worst case, where short gaps and longer ones come in
//! turn, it wastes what a sleep and a wake take, once every other time.
//!
//! Whoever wakes one that lingers does as for one that sleeps, less the system call. Between two looks it
//! gives way, for what it waits for may want this very processor. If that takes long, others want it as
//! well, and it sleeps.

use super::host_now;
use core::cell::Cell;
use core::time::Duration;

/// What a sleep and a wake take, with some more for whoever is woken in turn.
const BRIEF: Duration = Duration::from_micros(50);
/// Longer than nobody takes to come back from giving way to nobody.
const GIVEN_WAY: Duration = Duration::from_micros(20);

#[derive(Debug)]
pub(crate) struct Linger {
    /// The last sleep was a brief one.
    pays: Cell<bool>,
}

impl Linger {
    /// That of a thread that has not slept yet.
    pub(crate) const fn new() -> Self {
        Self { pays: Cell::new(false) }
    }

    /// Stays awake for a moment, if that pays, for `limit` at most, until it is `told` to end that; whether
    /// it was.
    pub(crate) fn linger(
        &self,
        limit: Option<Duration>,
        mut told: impl FnMut() -> bool,
        give_way: impl Fn(),
    ) -> bool {
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
            give_way();
            let now = host_now();
            if now >= start + limit || now >= before + GIVEN_WAY {
                return false;
            }
            before = now;
        }
    }

    /// A sleep is over, which somebody has ended, or not.
    pub(crate) fn slept(&self, told: bool, time: Duration) {
        self.pays.set(told && time < BRIEF);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_worker_lingers_after_a_brief_sleep_that_somebody_ended() {
        let linger = Linger::new();
        let lingers = || linger.linger(None, || true, || {});
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
        let linger = Linger::new();
        linger.slept(true, Duration::ZERO);
        assert!(!linger.linger(None, || false, || {}));
        let mut looks = 0;
        let mut never = || {
            looks += 1;
            false
        };
        assert!(!linger.linger(Some(Duration::ZERO), &mut never, || {}));
        assert_eq!(looks, 1);
    }
}
