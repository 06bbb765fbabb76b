//! How closures get to threads: a queue, first in first out, and the book of who waits for it.
//!
//! 1. [`push`](HandOff::push) queues. If a thread waits that nobody has told of work yet, it is told;
//!    else, below the limit, the caller starts a thread, which is counted from then on.
//! 2. [`next`](HandOff::next) is what a thread calls for its first closure, and after each. It ends,
//!    and takes nothing any more, when it has waited for the keep-alive time in vain or the queue is closed.
//!    A thread that was told while its time ran out stays: whoever told it started no other. When it
//!    has done the rest, it calls [`ended`](HandOff::ended).
//! 3. [`thread_failed`](HandOff::thread_failed): the system had no thread. Those that exist will get to
//!    what is queued; if there is none, all of it comes back, for nobody would ever take it.
//! 4. [`close`](HandOff::close) takes what is queued, but for as much as threads are on their way for;
//!    what comes later is refused.

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::env::host_now;
use crate::env::instant::Instant;
use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;
use std::vec::Vec;

pub(super) struct HandOff<T> {
    state: Mutex<State<T>>,
    /// There is work, or the queue is closed.
    work: Condvar,
    /// A closure was done, or a thread ended.
    ended: Condvar,
    most_threads: usize,
}

struct State<T> {
    queue: VecDeque<T>,
    running: Vec<T>,
    /// Those that take, or will.
    threads: usize,
    /// Those, and the ones that are about to end.
    alive: usize,
    waiting: usize,
    /// How many waiting threads were told of work and have not come for it yet.
    told: usize,
    closed: bool,
}

/// How many there are, at one moment.
pub(super) struct Counts {
    pub(super) threads: usize,
    pub(super) idle: usize,
    pub(super) queued: usize,
}

/// What became of something that was pushed.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed<T> {
    /// A thread will get to it.
    Queued,
    /// It is queued, and a thread is counted that the caller starts, or reports as
    /// [failed](HandOff::thread_failed).
    NeedsThread,
    /// The queue is closed.
    Refused(T),
}

impl<T: Copy + PartialEq> HandOff<T> {
    pub(super) fn new(most_threads: usize) -> Self {
        let state = State {
            queue: VecDeque::new(),
            running: Vec::new(),
            threads: 0,
            alive: 0,
            waiting: 0,
            told: 0,
            closed: false,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), ended: Condvar::new(), most_threads }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No section runs foreign code, so poison means nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, item: T) -> Pushed<T> {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Refused(item);
        }
        state.queue.push_back(item);
        if state.waiting > state.told {
            state.told += 1;
            drop(state);
            self.work.notify_one();
            return Pushed::Queued;
        }
        if state.threads == self.most_threads {
            return Pushed::Queued;
        }
        state.threads += 1;
        state.alive += 1;
        Pushed::NeedsThread
    }

    /// Takes back a thread that was counted and could not be started; answers what nobody will take.
    #[must_use]
    pub(super) fn thread_failed(&self) -> VecDeque<T> {
        let mut state = self.lock();
        state.threads -= 1;
        state.alive -= 1;
        let stranded = state.threads == 0;
        let stranded = if stranded { core::mem::take(&mut state.queue) } else { VecDeque::new() };
        drop(state);
        self.ended.notify_all();
        stranded
    }

    /// The next to run, waited for as long as `keep_alive`; `None`: the calling thread ends.
    pub(super) fn next(&self, keep_alive: Duration) -> Option<T> {
        let mut state = self.lock();
        let mut end = None;
        loop {
            if let Some(item) = state.queue.pop_front() {
                state.running.push(item);
                return Some(item);
            }
            if state.closed {
                break;
            }
            // The clock is read only by who has nothing to do.
            let now = host_now();
            let end = *end.get_or_insert_with(|| now.add_or_far(keep_alive));
            state.waiting += 1;
            let left = end.saturating_duration_since(now);
            let (after, timed_out) = self.sleep(&self.work, state, Some(left));
            state = after;
            state.waiting -= 1;
            if state.told > 0 {
                state.told -= 1;
            } else if timed_out && state.queue.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        None
    }

    /// A thread to which [`next`](Self::next) answered `None` is at its end.
    pub(super) fn ended(&self) {
        self.lock().alive -= 1;
        self.ended.notify_all();
    }

    /// What [`next`](Self::next) answered is not run any more.
    pub(super) fn done(&self, item: T) {
        self.lock().running.retain(|other| *other != item);
        self.ended.notify_all();
    }

    /// Refuses what comes from now on, and answers what nobody will run; threads end when they are
    /// idle.
    #[must_use]
    pub(super) fn close(&self) -> VecDeque<T> {
        let mut state = self.lock();
        state.closed = true;
        // Threads that were started or told, or have just done something, come for the next: whoever
        // pushed when there was a thread to be had finds that it was run.
        let idle = state.waiting - state.told.min(state.waiting);
        let coming = state.threads - state.running.len() - idle;
        let kept = coming.min(state.queue.len());
        let queued = state.queue.split_off(kept);
        drop(state);
        self.work.notify_all();
        queued
    }

    /// Waits until nothing is queued, until `deadline` at most.
    pub(super) fn wait_until_empty(&self, deadline: Instant) {
        self.wait(Some(deadline), |state| state.queue.is_empty());
    }

    /// Waits until no thread is left, until `deadline` at most.
    pub(super) fn wait_for_threads(&self, deadline: Option<Instant>) {
        self.wait(deadline, |state| state.alive == 0);
    }

    fn wait(&self, deadline: Option<Instant>, done: impl Fn(&State<T>) -> bool) {
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.map(|at| at.saturating_duration_since(host_now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            state = self.sleep(&self.ended, state, left).0;
        }
    }

    /// Waits to be notified, for `left` at most; also answers whether that time is over.
    #[cfg(not(loom))]
    fn sleep<'a>(
        &'a self,
        condvar: &Condvar,
        guard: MutexGuard<'a, State<T>>,
        left: Option<Duration>,
    ) -> (MutexGuard<'a, State<T>>, bool) {
        let Some(left) = left else {
            return (condvar.wait(guard).unwrap_or_else(PoisonError::into_inner), false);
        };
        let waited = condvar.wait_timeout(guard, left);
        let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
        (guard, result.timed_out())
    }

    /// Loom knows no time: none at all is over at once, any other never.
    #[cfg(loom)]
    fn sleep<'a>(
        &'a self,
        condvar: &Condvar,
        guard: MutexGuard<'a, State<T>>,
        left: Option<Duration>,
    ) -> (MutexGuard<'a, State<T>>, bool) {
        if left == Some(Duration::ZERO) {
            drop(guard);
            loom::thread::yield_now();
            return (self.lock(), true);
        }
        (condvar.wait(guard).unwrap_or_else(PoisonError::into_inner), false)
    }

    #[cfg(all(test, loom))]
    fn threads(&self) -> (usize, usize) {
        let state = self.lock();
        (state.threads, state.alive)
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.lock();
        Counts {
            threads: state.threads,
            // Told and not come for it yet is not idle.
            idle: state.waiting - state.told.min(state.waiting),
            queued: state.queue.len(),
        }
    }

    /// Calls `each` with what is queued or being run; it cannot be done meanwhile.
    pub(super) fn for_each(&self, each: impl FnMut(T)) {
        let state = self.lock();
        state.queue.iter().chain(&state.running).copied().for_each(each);
    }
}

#[cfg(all(test, loom))]
#[path = "loom_tests.rs"]
mod loom_tests;
