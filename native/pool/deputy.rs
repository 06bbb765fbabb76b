//! The sleeper that has an eye on timers and sources while the driver runs tasks.
//!
//! The driver, that is the worker that waits for both, leaves them alone as soon as it has a task, and
//! that may be a long poll. Mostly it is not, and waking another worker for each costs more than the
//! poll. So one of those who sleep naps, and looks after each nap: if nobody has driven since the last,
//! it wakes up, finds the driver's place free, and takes it.
//!
//! ```text
//!             nobody left the driver's place for many naps
//!   naps ────────────────────────────────────────────────────▶ rests: sleeps until it is woken
//!    │ ▲                        the driver leaves with work          │
//!    │ └─────────────────────────────────────────────────────────────┘
//!    └──▶ wakes up: it was chosen to search, timers are late, or sources were left alone
//! ```
//! So a pool that does nothing does not wake up for this, and one that does something pays for a nap
//! every few milliseconds.

use super::super::parker::Parker;
use super::Shared;
use std::time::Duration;

/// How late a timer may be, and how long sources may be left alone, before the deputy sees to them.
const PATIENCE: Duration = Duration::from_millis(5);
/// After so many naps during which the driver only waited, the deputy rests.
const QUIET_NAPS: u32 = 64;

/// Wakes a worker that sleeps and is not `but`, if there is one: it will be deputy, or driver.
pub(super) fn appoint(shared: &Shared, but: usize) {
    shared.idle.another_sleeper(but).into_iter().for_each(|worker| shared.unpark(worker));
}

/// Has somebody watch over the sources: `worker` has stopped driving, and runs tasks now.
pub(super) fn alert(shared: &Shared, worker: usize) {
    if shared.driver.reactor().is_none() {
        return;
    }
    if !shared.idle.has_deputy() {
        return appoint(shared, worker);
    }
    shared.idle.resting_deputy().into_iter().for_each(|deputy| shared.unpark(deputy));
}

/// Sleeps as the deputy until `worker` was chosen to search or has tasks of its own thread, or until
/// something was left alone for too long; if it is on watch as well, for that long at most.
pub(super) fn watch(
    shared: &Shared,
    worker: usize,
    parker: &Parker,
    on_watch: Option<Duration>,
    is_local_idle: impl Fn() -> bool,
) {
    let (idle, timers) = (&shared.idle, &shared.env.timers);
    let watch_ends = on_watch.map(|time| shared.env.clock.now() + time);
    let mut quiet = 0;
    loop {
        let now = shared.env.clock.now();
        let late = timers.peek().map(|at| at.saturating_duration_since(now) + PATIENCE);
        let drives = idle.drives();
        let may_rest = || shared.driver.reactor().is_none() || idle.driver().is_some();
        let waits = quiet >= QUIET_NAPS || shared.driver.reactor().is_none();
        let rests = waits && idle.rest(worker, may_rest);
        let nap = (!rests).then_some(PATIENCE);
        let on_watch = watch_ends.map(|end| end.saturating_duration_since(now));
        parker.park(late.into_iter().chain(nap).chain(on_watch).min());
        if rests {
            idle.stop_resting();
            quiet = 0;
        }
        let awake = shared.env.clock.now();
        let is_late = late.is_some_and(|late| awake >= now + late);
        let watched = watch_ends.is_some_and(|end| awake >= end);
        if !idle.sleeps(worker) || is_late || watched || !is_local_idle() || shared.is_closing() {
            return;
        }
        match idle.driver() {
            _ if rests => {}
            _ if idle.drives() != drives => quiet = 0,
            Some(_) => quiet += 1,
            None => return,
        }
    }
}
