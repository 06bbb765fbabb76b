//! The clock of a runtime: the host's, or one that is moved by hand.
//!
//! # States
//! - *real*: answers the host's clock. Costs nothing over reading that.
//! - *frozen*: stands still and moves only by [`advance`](Clock::advance) and
//!   [`jump`](Clock::jump).
//! - *running*: was frozen, and runs again from where it stood, in step with the host's clock.
//! - *simulated*: as frozen, but nothing to do with any host, and the program may not know: it can
//!   pause such a clock, and let it run again, like a real one.
//!
//! real or running → frozen: [`Clock::pause`]; frozen → running: [`Clock::resume`]. A simulated
//! clock stays one. A clock may be read and moved from any thread; its time never goes backwards.

use super::host_now;
use super::instant::Instant;
use crate::lock::Lock;
use crate::platform;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

/// Whether any clock of this process was ever frozen: until then reading the time asks neither
/// the context nor a lock. A program in which nothing sets it contains none of what a clock can
/// do but run: the linker's optimiser sees that. Not `crate::atomic`: loom has no statics.
static MAY_BE_FROZEN: AtomicBool = AtomicBool::new(false);

/// The clock of a runtime.
#[derive(Debug)]
pub(crate) struct Clock {
    can_pause: bool,
    hands: Lock<Hands>,
}

#[derive(Debug)]
struct Hands {
    mode: Mode,
    /// How many ask that a frozen clock is not advanced when the runtime is idle.
    holds: usize,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Real,
    Frozen(Instant),
    Running { from: Instant, since_host_ns: u64 },
    Simulated { now: Instant, paused: bool },
}

/// Why the clock could not be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    AlreadyPaused,
    NotPaused,
    NotOnThisRuntime,
    Overflow,
}

impl Clock {
    /// The clock of a single-threaded runtime, frozen at the current time.
    pub(crate) fn frozen() -> Self {
        MAY_BE_FROZEN.store(true, Ordering::Relaxed);
        Self::with(Mode::Frozen(host_now()))
    }

    /// A clock that can only be real: several threads run tasks by it.
    pub(crate) fn unpausable() -> Self {
        Self { can_pause: false, ..Self::with(Mode::Real) }
    }

    /// A clock that stands at `now`, whatever the host says, until it is moved.
    pub(crate) fn simulated(now: Instant) -> Self {
        MAY_BE_FROZEN.store(true, Ordering::Relaxed);
        Self::with(Mode::Simulated { now, paused: false })
    }

    fn with(mode: Mode) -> Self {
        Self { can_pause: true, hands: Lock::new(Hands { mode, holds: 0 }) }
    }

    #[inline]
    pub(crate) fn now(&self) -> Instant {
        if all_clocks_are_real() { host_now() } else { self.hands.lock().mode.now() }
    }

    pub(crate) fn pause(&self) -> Result<(), Refused> {
        if !self.can_pause {
            return Err(Refused::NotOnThisRuntime);
        }
        // Relaxed is enough: a thread that has no other news of this pause may as well read the
        // time before it.
        MAY_BE_FROZEN.store(true, Ordering::Relaxed);
        let mut hands = self.hands.lock();
        hands.mode = match hands.mode {
            Mode::Frozen(_) | Mode::Simulated { paused: true, .. } => {
                return Err(Refused::AlreadyPaused);
            }
            Mode::Simulated { now, .. } => Mode::Simulated { now, paused: true },
            running => Mode::Frozen(running.now()),
        };
        Ok(())
    }

    pub(crate) fn resume(&self) -> Result<(), Refused> {
        let mut hands = self.hands.lock();
        hands.mode = match hands.mode {
            Mode::Frozen(from) => Mode::Running { from, since_host_ns: platform::clock::now_ns() },
            Mode::Simulated { now, paused: true } => Mode::Simulated { now, paused: false },
            _ => return Err(Refused::NotPaused),
        };
        Ok(())
    }

    /// Whether the clock stands still until it is moved.
    pub(crate) fn is_paused(&self) -> bool {
        !all_clocks_are_real() && self.hands.lock().mode.standing().is_some()
    }

    /// Whether the clock stands still at or after `instant`. Does not look at the host's clock.
    #[inline]
    pub(crate) fn is_standing_past(&self, instant: Instant) -> bool {
        !all_clocks_are_real()
            && self.hands.lock().mode.standing().is_some_and(|now| instant <= *now)
    }

    /// Moves a paused clock forward.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), Refused> {
        let mut hands = self.hands.lock();
        let (Mode::Frozen(now) | Mode::Simulated { now, paused: true }) = &mut hands.mode else {
            return Err(Refused::NotPaused);
        };
        *now = now.checked_add(by).ok_or(Refused::Overflow)?;
        Ok(())
    }

    /// Moves a clock that stands still forward to `instant`, for want of anything else to do.
    /// Answers whether it stands and nobody [holds](Self::hold) it; one that is already later
    /// stays.
    pub(crate) fn jump(&self, instant: Instant) -> bool {
        if all_clocks_are_real() {
            return false;
        }
        let mut hands = self.hands.lock();
        let is_held = hands.holds > 0;
        match hands.mode.standing() {
            Some(now) if !is_held => {
                *now = instant.max(*now);
                true
            }
            _ => false,
        }
    }

    /// When the host's clock reaches `instant` of this one, for a host that waits by its own;
    /// `None` if this one stands still and so never gets there by waiting.
    pub(crate) fn on_host(&self, instant: Instant) -> Option<Instant> {
        if all_clocks_are_real() {
            return Some(instant);
        }
        match self.hands.lock().mode {
            Mode::Real => Some(instant),
            Mode::Frozen(_) | Mode::Simulated { .. } => None,
            Mode::Running { from, since_host_ns } => {
                let since = Instant::from_host(since_host_ns);
                Some(since.add_or_far(instant.saturating_duration_since(from)))
            }
        }
    }

    /// Asks that the clock does not [`jump`](Self::jump) until [`release`](Self::release): work
    /// outside the runtime is going on, and it takes real time.
    pub(crate) fn hold(&self) {
        self.hands.lock().holds += 1;
    }

    /// Ends one [`hold`](Self::hold).
    pub(crate) fn release(&self) {
        self.hands.lock().holds -= 1;
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::with(Mode::Real)
    }
}

impl Mode {
    fn standing(&mut self) -> Option<&mut Instant> {
        match self {
            Self::Frozen(now) | Self::Simulated { now, .. } => Some(now),
            Self::Real | Self::Running { .. } => None,
        }
    }

    fn now(self) -> Instant {
        match self {
            Self::Real => host_now(),
            Self::Frozen(now) | Self::Simulated { now, .. } => now,
            Self::Running { from, since_host_ns } => {
                let ns = platform::clock::now_ns().saturating_sub(since_host_ns);
                from.add_or_far(Duration::from_nanos(ns))
            }
        }
    }
}

/// Whether no clock of this process was ever frozen.
#[inline]
pub(crate) fn all_clocks_are_real() -> bool {
    !MAY_BE_FROZEN.load(Ordering::Relaxed)
}

impl Refused {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::AlreadyPaused => "time is already paused",
            Self::NotPaused => "time is not paused: call `time::pause` first",
            Self::NotOnThisRuntime => {
                "`time::pause` needs a current-thread runtime: here several threads run by the clock"
            }
            Self::Overflow => "the clock cannot be advanced that far",
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_simulated_clock_moves_only_by_hand() {
        let clock = Clock::simulated(Instant::START);
        assert_eq!(clock.now(), Instant::START);
        assert!(clock.jump(Instant::START + 2 * SECOND));
        assert!(clock.jump(Instant::START), "a jump back is no error");
        assert_eq!(clock.now(), Instant::START + 2 * SECOND, "and time does not go back");
        assert!(clock.is_standing_past(Instant::START + 2 * SECOND));
        assert!(!clock.is_standing_past(Instant::START + 3 * SECOND));
    }

    #[test]
    fn a_simulated_clock_lets_itself_be_paused_like_a_real_one() {
        let clock = Clock::simulated(Instant::START);
        assert_eq!(clock.advance(SECOND), Err(Refused::NotPaused));
        assert_eq!(clock.resume(), Err(Refused::NotPaused));
        clock.pause().unwrap();
        assert_eq!(clock.pause(), Err(Refused::AlreadyPaused));
        clock.advance(SECOND).unwrap();
        clock.resume().unwrap();
        assert_eq!(clock.now(), Instant::START + SECOND, "it never runs by itself");
    }

    #[test]
    fn pause_and_resume_alternate() {
        let clock = Clock::default();
        assert_eq!(clock.resume(), Err(Refused::NotPaused));
        assert_eq!(clock.advance(SECOND), Err(Refused::NotPaused));
        assert!(!clock.jump(clock.now() + SECOND));
        clock.pause().unwrap();
        assert_eq!(clock.pause(), Err(Refused::AlreadyPaused));
        let frozen = clock.now();
        clock.advance(SECOND).unwrap();
        clock.resume().unwrap();
        assert!(!clock.is_standing_past(frozen));
        assert!(clock.now() >= frozen + SECOND, "it goes on from where it stood");
    }

    #[test]
    fn a_clock_that_was_paused_is_ahead_of_the_hosts_and_knows_by_how_much() {
        let clock = Clock::default();
        let instant = clock.now() + SECOND;
        assert_eq!(clock.on_host(instant), Some(instant));
        clock.pause().unwrap();
        clock.advance(60 * SECOND).unwrap();
        assert_eq!(clock.on_host(instant), None);
        clock.resume().unwrap();
        let in_a_minute = clock.on_host(clock.now() + 60 * SECOND).unwrap();
        let real = in_a_minute.saturating_duration_since(host_now());
        assert!(real <= 60 * SECOND && real > 50 * SECOND);
    }

    #[test]
    fn a_clock_may_be_paused_from_the_start() {
        let clock = Clock::frozen();
        let start = clock.now();
        assert!(clock.jump(start + SECOND));
        assert_eq!(clock.now(), start + SECOND);
    }

    #[test]
    fn a_hold_keeps_the_clock_from_jumping_but_not_from_being_advanced() {
        let clock = Clock::frozen();
        let start = clock.now();
        clock.hold();
        clock.hold();
        clock.release();
        assert!(!clock.jump(start + SECOND));
        clock.advance(SECOND).unwrap();
        clock.release();
        assert!(clock.jump(start + 2 * SECOND));
    }

    #[test]
    fn an_overflowing_advance_changes_nothing() {
        let clock = Clock::frozen();
        let start = clock.now();
        assert_eq!(clock.advance(Duration::MAX), Err(Refused::Overflow));
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn a_clock_of_several_threads_cannot_be_paused() {
        assert_eq!(Clock::unpausable().pause(), Err(Refused::NotOnThisRuntime));
    }
}
