//! The hand-off of closures to threads, in every interleaving. A closure is a number.

use super::{HandOff, Pushed};
use crate::env::host_now;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread::{self, JoinHandle};
use std::time::Duration;
use std::vec::Vec;

/// Over at once.
const NONE: Duration = Duration::ZERO;
/// Never over.
const EVER: Duration = Duration::MAX;

/// A pool, and how often each of its closures was run or given back.
struct Pool {
    tasks: HandOff<usize>,
    seen: [AtomicUsize; 3],
}

impl Pool {
    fn new(most_threads: usize) -> Arc<Self> {
        let seen = std::array::from_fn(|_| AtomicUsize::new(0));
        Arc::new(Self { tasks: HandOff::new(most_threads), seen })
    }

    fn see(&self, item: usize) {
        self.seen[item].fetch_add(1, Relaxed);
    }

    /// What a thread does.
    fn run(&self, keep_alive: Duration) {
        while let Some(item) = self.tasks.next(keep_alive) {
            self.see(item);
            self.tasks.done(item);
        }
        self.tasks.ended();
    }

    fn start(pool: &Arc<Self>, keep_alive: Duration) -> JoinHandle<()> {
        let pool = pool.clone();
        thread::spawn(move || pool.run(keep_alive))
    }

    /// Pushes, and is the thread that is needed, if one is.
    fn push_and_run(&self, item: usize) {
        match self.tasks.push(item) {
            Pushed::Queued => {}
            Pushed::NeedsThread => self.run(NONE),
            Pushed::Refused(item) => self.see(item),
        }
    }

    fn assert_seen_once(&self, count: usize) {
        let seen: Vec<_> = self.seen.iter().map(|seen| seen.load(Relaxed)).collect();
        assert!(seen[..count].iter().all(|seen| *seen == 1), "{seen:?}");
        assert_eq!(self.tasks.threads(), (0, 0));
    }
}

#[test]
fn loom_a_thread_whose_time_runs_out_leaves_nothing_that_it_was_told_of() {
    loom::model(|| {
        let pool = Pool::new(2);
        assert_eq!(pool.tasks.push(0), Pushed::NeedsThread);
        let thread = Pool::start(&pool, NONE);
        pool.push_and_run(1);
        pool.push_and_run(2);
        thread.join().unwrap();
        pool.assert_seen_once(3);
    });
}

#[test]
fn loom_a_thread_that_was_told_as_its_time_ran_out_is_told_again() {
    loom::model(|| {
        let pool = Pool::new(1);
        assert_eq!(pool.tasks.push(0), Pushed::NeedsThread);
        let thread = {
            let pool = pool.clone();
            thread::spawn(move || {
                let mut times = [NONE, NONE].into_iter();
                while let Some(item) = pool.tasks.next(times.next().unwrap_or(EVER)) {
                    pool.see(item);
                    pool.tasks.done(item);
                }
                pool.tasks.ended();
            })
        };
        pool.push_and_run(1);
        pool.push_and_run(2);
        pool.tasks.wait_until_empty(host_now().add_or_far(EVER));
        assert!(pool.tasks.close().is_empty());
        thread.join().unwrap();
        pool.assert_seen_once(3);
    });
}

#[test]
fn loom_of_two_who_push_each_finds_a_thread() {
    loom::model(|| {
        let pool = Pool::new(1);
        let other = {
            let pool = pool.clone();
            thread::spawn(move || pool.push_and_run(0))
        };
        pool.push_and_run(1);
        other.join().unwrap();
        pool.assert_seen_once(2);
    });
}

#[test]
fn loom_a_waiting_thread_is_told_of_each_closure_and_of_the_end() {
    loom::model(|| {
        let pool = Pool::new(1);
        assert_eq!(pool.tasks.push(0), Pushed::NeedsThread);
        let thread = Pool::start(&pool, EVER);
        assert_eq!(pool.tasks.push(1), Pushed::Queued);
        pool.tasks.close().into_iter().for_each(|item| pool.see(item));
        assert_eq!(pool.tasks.push(2), Pushed::Refused(2));
        pool.see(2);
        pool.tasks.wait_for_threads(None);
        thread.join().unwrap();
        pool.assert_seen_once(3);
    });
}

#[test]
fn loom_what_is_pushed_while_the_pool_closes_is_run_or_given_back() {
    loom::model(|| {
        let pool = Pool::new(1);
        let pushing = {
            let pool = pool.clone();
            thread::spawn(move || (0..2).for_each(|item| pool.push_and_run(item)))
        };
        pool.tasks.close().into_iter().for_each(|item| pool.see(item));
        pool.tasks.wait_for_threads(None);
        pushing.join().unwrap();
        pool.assert_seen_once(2);
    });
}

#[test]
fn loom_a_thread_that_could_not_be_had_strands_nothing() {
    loom::model(|| {
        let pool = Pool::new(2);
        let fails = {
            let pool = pool.clone();
            thread::spawn(move || match pool.tasks.push(0) {
                Pushed::NeedsThread => {
                    pool.tasks.thread_failed().into_iter().for_each(|item| pool.see(item));
                }
                pushed => assert_eq!(pushed, Pushed::Queued),
            })
        };
        pool.push_and_run(1);
        fails.join().unwrap();
        pool.assert_seen_once(2);
    });
}

#[test]
fn loom_a_closure_that_was_given_a_thread_is_run_though_the_pool_closes() {
    loom::model(|| {
        let pool = Pool::new(1);
        assert_eq!(pool.tasks.push(0), Pushed::NeedsThread);
        let thread = Pool::start(&pool, EVER);
        let given_back = pool.tasks.close();
        assert!(given_back.is_empty(), "a thread is on its way for it");
        pool.tasks.wait_for_threads(None);
        thread.join().unwrap();
        pool.assert_seen_once(1);
    });
}

#[test]
fn loom_what_no_thread_is_on_its_way_for_is_given_back() {
    loom::model(|| {
        let pool = Pool::new(1);
        assert_eq!(pool.tasks.push(0), Pushed::NeedsThread);
        assert_eq!(pool.tasks.push(1), Pushed::Queued);
        let thread = Pool::start(&pool, EVER);
        pool.tasks.close().into_iter().for_each(|item| pool.see(item));
        thread.join().unwrap();
        pool.assert_seen_once(2);
    });
}
