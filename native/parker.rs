//! Where a thread of a runtime waits.

use super::driver::Driver;
use crate::atomic::{AtomicUsize, Ordering};
use crate::lock::Lock;
use core::time::Duration;

#[cfg(loom)]
use loom::thread::{self, Thread};
#[cfg(not(loom))]
use std::thread::{self, Thread};

/// Where one thread waits, and how others end its wait.
///
/// ```text
///             unpark                       unpark: ends the wait
///   NOTIFIED ◀──────── EMPTY ◀────────▶ PARKED, IN_REACTOR ──────────▶ NOTIFIED
///       │                ▲    begin, end
///       └────────────────┘ the next wait returns at once
/// ```
#[derive(Debug, Default)]
pub(super) struct Parker {
    state: AtomicUsize,
    /// The thread that waits, or waited last.
    thread: Lock<Option<Thread>>,
}

const EMPTY: usize = 0;
const PARKED: usize = 1;
const IN_REACTOR: usize = 2;
const NOTIFIED: usize = 3;

impl Parker {
    /// Waits until [`unpark`](Self::unpark), for `timeout` at most; may return early.
    pub(super) fn park(&self, timeout: Option<Duration>) {
        let known = self.thread.lock().as_ref().map(Thread::id);
        let here = thread::current();
        if known != Some(here.id()) {
            self.thread.lock().replace(here);
        }
        if self.begin(PARKED) {
            match timeout {
                #[cfg(not(loom))]
                Some(timeout) => thread::park_timeout(timeout),
                _ => thread::park(),
            }
            self.end();
        }
    }

    /// Whether [`unpark`](Self::unpark) was called; the next wait does not return at once for that any
    /// more.
    pub(super) fn take_notice(&self) -> bool {
        // Relaxed: whoever sees it goes by `end`.
        let noticed = self.state.load(Ordering::Relaxed) == NOTIFIED;
        if noticed {
            self.end();
        }
        noticed
    }

    /// Waits by `wait`, which [`unpark`](Self::unpark) ends through the reactor; `None` if it was
    /// called before.
    pub(super) fn park_in<T>(
        &self,
        timeout: Option<Duration>,
        wait: impl FnOnce(Option<Duration>) -> T,
    ) -> Option<T> {
        let waited = self.begin(IN_REACTOR).then(|| wait(timeout));
        if waited.is_some() {
            self.end();
        }
        waited
    }

    /// Ends the current wait, or the next one.
    pub(super) fn unpark(&self, driver: &Driver) {
        if self.notify() {
            driver.reactor().into_iter().for_each(|reactor| reactor.wake());
        }
    }

    /// Ends the current wait, or the next one; `true` if that is left to the reactor.
    fn notify(&self) -> bool {
        // Release: what came before is seen after the wait (Acquire in `begin` and `end`).
        let before = self.state.swap(NOTIFIED, Ordering::AcqRel);
        if before == PARKED {
            let thread = self.thread.lock().clone();
            thread.iter().for_each(Thread::unpark);
        }
        before == IN_REACTOR
    }

    fn begin(&self, how: usize) -> bool {
        let begun = self.state.compare_exchange(EMPTY, how, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_err() {
            self.end();
        }
        begun.is_ok()
    }

    fn end(&self) {
        self.state.swap(EMPTY, Ordering::AcqRel);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Parker;
    use crate::atomic::{AtomicUsize, Ordering};
    use loom::sync::Arc;
    use loom::thread;

    /// A wait in the reactor ends when it is told to, as an event descriptor would end it.
    #[derive(Default)]
    struct Reactor(loom::sync::Mutex<bool>, loom::sync::Condvar);

    impl Reactor {
        fn wait(&self) {
            let mut woken = self.0.lock().unwrap();
            while !*woken {
                woken = self.1.wait(woken).unwrap();
            }
            *woken = false;
        }

        fn wake(&self) {
            *self.0.lock().unwrap() = true;
            self.1.notify_one();
        }
    }

    /// Waits for `ready` to reach `times`, by either way to wait in turn; a notice that is lost is
    /// a deadlock, which loom reports.
    fn wait_for(times: usize, in_reactor: bool) {
        loom::model(move || {
            let parker = Arc::new((Parker::default(), AtomicUsize::new(0), Reactor::default()));
            let other = parker.clone();
            let notifying = thread::spawn(move || {
                let (parker, ready, reactor) = &*other;
                for _ in 0..times {
                    // Relaxed: the parker publishes it.
                    ready.fetch_add(1, Ordering::Relaxed);
                    if parker.notify() {
                        reactor.wake();
                    }
                }
            });
            let (parker, ready, reactor) = &*parker;
            let mut reactors_turn = in_reactor;
            while ready.load(Ordering::Relaxed) < times {
                // As who lingers before it waits.
                if parker.take_notice() {
                    continue;
                }
                if reactors_turn {
                    parker.park_in(None, |_| reactor.wait());
                } else {
                    parker.park(None);
                }
                reactors_turn = !reactors_turn;
            }
            notifying.join().unwrap();
        });
    }

    #[test]
    fn loom_a_parked_thread_misses_no_notice() {
        wait_for(1, false);
        wait_for(2, false);
    }

    #[test]
    fn loom_a_thread_in_the_reactor_misses_no_notice() {
        wait_for(1, true);
        wait_for(2, true);
    }
}
