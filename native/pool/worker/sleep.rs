//! How a worker sleeps: it says so, looks at every queue once more, and waits as the driver, its deputy,
//! on watch, or for nobody but itself; see [`idle`](super::super::idle).

use super::super::super::driver::Edges;
use super::super::{deputy, thread};
use super::Worker;
use crate::env::host_now;
use crate::env::instant::Instant;
use crate::task::guard;
use std::time::Duration;

/// After several timers that came due at once, the next ones wait until so long after them: to wake
/// for each costs more than it gives.
const CROWD: Duration = Duration::from_micros(100);
/// How long a sleeper is on watch, at most.
const LONGEST_WATCH: Duration = Duration::from_millis(8);

impl Worker {
    /// Sleeps until there is work; waits for the timers if nobody else does.
    pub(super) fn sleep(&self) {
        let shared = &self.shared;
        // The callback may make a task ready, so the last look comes after it.
        shared.before_park();
        let searching = self.searching.replace(false);
        if searching {
            self.watch_time.set(LONGEST_WATCH.min(2 * self.watch_time.get()));
        }
        shared.idle.sleep(self.index, searching);
        // Whatever was queued before the bit was set is seen here, or its pusher sees the bit.
        let missed = shared.has_work() || shared.is_closing();
        if missed || !self.is_local_idle() {
            if !shared.idle.wake(self.index) {
                // Somebody chose this worker already, and counted it as searching.
                self.searching.set(true);
            }
            return shared.after_park();
        }
        let driving = shared.idle.become_driver(self.index);
        let deputy = self.sees_to_a_deputy(driving);
        let watching = shared.idle.start_watch(self.index, shared.env.timers.is_armed());
        let now = host_now();
        self.pace.sleeps(now);
        self.mean.take_in(now, &self.meter);
        self.lie_down();
        let busy = self.meter.rest(now);
        let edges = self.park(driving, deputy, watching, now);
        let lay_down = now;
        let now = host_now();
        self.meter.resume(now, busy);
        if !watching {
            self.get_up();
        }
        self.mean.restart(now);
        self.pace.woke(now);
        if deputy {
            shared.idle.stop_deputising();
        }
        // Before the callback, which may make tasks ready: see `Idle::end_watch`.
        let told = self.wake_up(watching);
        self.linger.slept(told, now.saturating_duration_since(lay_down));
        shared.after_park();
        if driving {
            edges.into_iter().for_each(|edges| guard(|| edges.dispatch()));
            shared.idle.stop_driving();
            if shared.has_work() || !self.is_local_idle() {
                deputy::alert(shared, self.index);
            }
        }
        // Who waited for the timers sees to all.
        let ring = &shared.remotes[self.index].ring;
        let before = ring.len();
        shared.expire(if driving || deputy { None } else { Some(self.index) });
        let crowded = driving && ring.len() > before;
        self.crowded_until.set(crowded.then(|| now + CROWD));
    }

    /// Counts a wait, unless it goes on: whoever was on watch in vain waits again at once.
    fn lie_down(&self) {
        let polls = self.meter.tally.polls.get();
        if self.lies.get() && self.meter.polls_at_last_park() == polls {
            return;
        }
        self.get_up();
        self.meter.about_to_park(polls);
        self.lies.set(true);
    }

    /// Counts the end of a wait.
    pub(super) fn get_up(&self) {
        if self.lies.replace(false) {
            self.meter.unparked();
        }
    }

    /// The worker is not one of the sleepers any more. Whether somebody had it wake up.
    fn wake_up(&self, watching: bool) -> bool {
        let shared = &self.shared;
        let chosen = !shared.idle.wake(self.index);
        if chosen {
            // Woken by somebody who wants a searcher.
            self.searching.set(true);
        }
        if watching && shared.idle.end_watch(self.index) && shared.has_more() {
            // What others have queued waits for this look, and this worker may be busy now.
            self.wake_one(false);
        }
        chosen || !self.is_local_idle()
    }

    /// Whether this worker, about to sleep, is the driver's deputy. A driver that has none, and waits
    /// for timers, wakes a sleeper, which becomes it.
    fn sees_to_a_deputy(&self, driving: bool) -> bool {
        let shared = &self.shared;
        let armed = shared.env.timers.is_armed();
        if driving {
            if armed && !shared.idle.has_deputy() {
                deputy::appoint(shared, self.index);
            }
            return false;
        }
        (armed || shared.driver.reactor().is_some()) && shared.idle.become_deputy()
    }

    /// Waits to be woken; the driver for the timers and the reactor too, its deputy until nobody has
    /// seen to them for a while, who is on watch until that is over.
    fn park(&self, driving: bool, deputy: bool, watching: bool, now: Instant) -> Option<Edges<'_>> {
        let shared = &self.shared;
        let watch = watching.then(|| self.watch_time.get());
        let next = if driving { shared.env.timers.next() } else { None };
        let next = next.map(|at| at.max(self.crowded_until.get().unwrap_or(at)));
        let due = next.map(|at| at.saturating_duration_since(now));
        let timeout = due.into_iter().chain(watch).min();
        if let Some(reactor) = shared.driver.reactor().filter(|_| driving) {
            return self.parker.park_in(timeout, |timeout| reactor.wait(timeout));
        }
        if self.linger.linger(timeout, || self.parker.take_notice(), thread::yield_now) {
            return None;
        }
        if deputy {
            deputy::watch(shared, self.index, &self.parker, watch, || self.is_local_idle());
            return None;
        }
        self.parker.park(timeout);
        None
    }

    pub(super) fn is_local_idle(&self) -> bool {
        !self.local_tasks().has_ready()
    }
}
