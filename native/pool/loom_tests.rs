//! The next slots of the pool, the book of its sleepers and the shared queue, in every interleaving.

use super::biased::Biased;
use super::idle::Idle;
use super::injector::Injector;
use super::next::NextSlot;
use crate::atomic::{AtomicBool, Ordering::*, UnsafeCell};
use crate::task::Task;
use crate::task::executor::{Blocking, Executor, ExecutorHandle, Wake};
use crate::task::observer::Watch;
use crate::task::queue::ReadyQueue;
use crate::task::spawn::start;
use core::ptr::{self, NonNull};
use loom::sync::Arc;
use loom::thread;
use std::vec::Vec;

/// Stand-ins for tasks: a number each, and a cell that only its holder may touch.
struct Tasks(Vec<UnsafeCell<u32>>);

impl Tasks {
    fn new(count: usize) -> Arc<Self> {
        Arc::new(Self((0..count).map(|_| UnsafeCell::new(0)).collect()))
    }

    /// The task of this number, which the caller has not queued before.
    fn make(&self, number: usize) -> Task {
        self.pass(number, 0);
        let address = ptr::without_provenance_mut(8 * (number + 1));
        Task::from_raw(NonNull::new(address).unwrap())
    }

    /// Notes that the caller took a task out of a queue.
    fn take(&self, task: Task) {
        self.pass(task.as_raw().addr().get() / 8 - 1, 1);
    }

    fn pass(&self, number: usize, expected: u32) {
        // SAFETY: the caller holds the task; loom objects if another does as well.
        self.0[number].with_mut(|stage| unsafe {
            assert_eq!(*stage, expected, "task {number}");
            *stage += 1;
        });
    }

    fn assert_all_taken(&self) {
        for number in 0..self.0.len() {
            self.pass(number, 2);
        }
    }
}

#[test]
fn loom_a_next_slot_is_emptied_once() {
    loom::model(|| {
        let tasks = Tasks::new(2);
        let next = Arc::new(NextSlot::new());
        let thief = {
            let (tasks, next) = (tasks.clone(), next.clone());
            thread::spawn(move || next.steal().into_iter().for_each(|task| tasks.take(task)))
        };
        // SAFETY: this thread is the worker.
        let put = |number| unsafe { next.put(tasks.make(number)) };
        for number in 0..2 {
            put(number).into_iter().for_each(|task| tasks.take(task));
        }
        // SAFETY: as above.
        unsafe { next.take() }.into_iter().for_each(|task| tasks.take(task));
        thief.join().unwrap();
        tasks.assert_all_taken();
    });
}

#[test]
fn loom_a_thief_that_comes_too_late_leaves_the_task_after() {
    loom::model(|| {
        let tasks = Tasks::new(2);
        let next = Arc::new(NextSlot::new());
        // SAFETY: this thread is the worker.
        let put = |number| unsafe { next.put(tasks.make(number)) };
        assert!(put(0).is_none());
        let thief = {
            let (tasks, next) = (tasks.clone(), next.clone());
            thread::spawn(move || next.steal().into_iter().for_each(|task| tasks.take(task)))
        };
        // SAFETY: as above.
        unsafe { next.take() }.into_iter().for_each(|task| tasks.take(task));
        put(1).into_iter().for_each(|task| tasks.take(task));
        thief.join().unwrap();
        // SAFETY: as above.
        unsafe { next.take() }.into_iter().for_each(|task| tasks.take(task));
        tasks.assert_all_taken();
    });
}

#[test]
fn loom_a_biased_lock_lets_one_in_at_a_time() {
    loom::model(|| {
        let lock = Arc::new(Biased::new(0));
        let other = {
            let lock = lock.clone();
            thread::spawn(move || lock.lock(|count| *count += 1))
        };
        for _ in 0..2 {
            // SAFETY: this thread is the owner; loom objects if anybody else is inside.
            unsafe { lock.own(|count| *count += 1) };
        }
        other.join().unwrap();
        assert_eq!(lock.lock(|count| *count), 3);
    });
}

#[test]
fn loom_two_that_claim_a_biased_lock_wait_for_each_other() {
    loom::model(|| {
        let lock = Arc::new(Biased::new(0));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let lock = lock.clone();
                thread::spawn(move || lock.lock(|count| *count += 1))
            })
            .collect();
        // SAFETY: this thread is the owner.
        unsafe { lock.own(|count| *count += 1) };
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(lock.lock(|count| *count), 3);
    });
}

/// A queue as the idle protocol sees it.
#[derive(Clone)]
struct Queue(Arc<AtomicBool>);

impl Queue {
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    /// Queues a task; answers who was woken for it.
    fn push(&self, idle: &Idle) -> Option<usize> {
        self.0.store(true, Release);
        idle.worker_to_wake(false)
    }

    fn has_task(&self) -> bool {
        self.0.load(Acquire)
    }
}

#[test]
fn loom_who_goes_to_sleep_sees_a_task_or_is_woken_for_it() {
    for searching in [false, true] {
        loom::model(move || {
            let (idle, queue) = (Arc::new(Idle::new(2)), Queue::new());
            let pusher = {
                let (idle, queue) = (idle.clone(), queue.clone());
                thread::spawn(move || queue.push(&idle))
            };
            let searching = searching && idle.start_searching();
            idle.sleep(0, searching);
            let seen = queue.has_task();
            assert!(pusher.join().unwrap() == Some(0) || seen, "asleep beside a task");
        });
    }
}

#[test]
fn loom_of_two_tasks_pushed_at_once_none_is_left_to_sleepers() {
    for sleepers in [1, 2] {
        loom::model(move || {
            let idle = Arc::new(Idle::new(3));
            (0..sleepers).for_each(|worker| idle.sleep(worker, false));
            let queues = [Queue::new(), Queue::new()];
            let other = {
                let (idle, queue) = (idle.clone(), queues[1].clone());
                thread::spawn(move || queue.push(&idle))
            };
            let woken = [queues[0].push(&idle), other.join().unwrap()];
            // One wakes a worker, which is a searcher then and finds both.
            assert_eq!(woken.iter().flatten().count(), 1);
        });
    }
}

#[test]
fn loom_two_that_go_to_sleep_at_once_are_both_known_to() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(2));
        let other = {
            let idle = idle.clone();
            thread::spawn(move || idle.sleep(1, false))
        };
        idle.sleep(0, false);
        other.join().unwrap();
        assert!(idle.sleeps(0) && idle.sleeps(1));
    });
}

#[test]
fn loom_who_would_wake_a_sleeper_that_has_woken_up_leaves_nobody_counted_as_searching() {
    loom::model(|| {
        let (idle, queue) = (Arc::new(Idle::new(2)), Queue::new());
        idle.sleep(0, false);
        let pusher = {
            let idle = idle.clone();
            thread::spawn(move || queue.push(&idle))
        };
        let chosen = !idle.wake(0);
        assert_eq!(pusher.join().unwrap().is_some(), chosen);
        if chosen {
            idle.stop_searching();
        }
        assert!(idle.start_searching(), "as many search as may, though nobody does");
    });
}

#[test]
fn loom_the_last_searcher_to_find_something_sees_to_the_next() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(2));
        idle.sleep(1, false);
        assert!(idle.start_searching());
        let queue = Queue::new();
        let pusher = {
            let (idle, queue) = (idle.clone(), queue.clone());
            thread::spawn(move || queue.push(&idle))
        };
        // Worker 0 looks at this queue, finds nothing there but a task elsewhere, and runs that.
        let seen = queue.has_task();
        let more = idle.stop_searching() && queue.has_task();
        let next = if more { idle.worker_to_wake(false) } else { None };
        assert!(seen || next == Some(1) || pusher.join().unwrap() == Some(1), "nobody is told");
    });
}

#[test]
fn loom_what_is_left_to_the_watch_is_seen_by_it() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(2));
        idle.sleep(0, false);
        assert!(idle.start_watch(0, false));
        let queue = Queue::new();
        let pusher = {
            let (idle, queue) = (idle.clone(), queue.clone());
            thread::spawn(move || {
                queue.0.store(true, Release);
                idle.worker_to_wake(true)
            })
        };
        // Its time is over.
        idle.end_watch(0);
        let seen = queue.has_task();
        assert!(seen || pusher.join().unwrap() == Some(0), "nobody comes for the task");
    });
}

/// Nobody but the word of the sleepers orders what these two do, so the queue is looked at as relaxed as
/// can be.
#[test]
fn loom_a_watch_that_ends_while_others_sleep_sees_what_they_left_and_they_see_the_end() {
    for awake_at_first in [false, true] {
        loom::model(move || {
            let idle = Arc::new(Idle::new(2));
            idle.sleep(0, false);
            if !awake_at_first {
                idle.sleep(1, false);
            }
            idle.want_watch();
            assert!(idle.start_watch(0, false));
            let queue = Queue::new();
            let other = {
                let (idle, queue) = (idle.clone(), queue.clone());
                thread::spawn(move || {
                    idle.wake(1);
                    queue.0.store(true, Relaxed);
                    let woken = idle.worker_to_wake(true);
                    if awake_at_first {
                        idle.sleep(1, false);
                    }
                    woken
                })
            };
            idle.end_watch(0);
            let seen = queue.0.load(Relaxed);
            assert!(seen || other.join().unwrap() == Some(0), "nobody comes for the task");
        });
    }
}

#[test]
fn loom_a_watch_that_is_taken_over_ends_with_a_look() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(3));
        idle.sleep(0, false);
        assert!(idle.become_driver(0) && idle.start_watch(0, false));
        let queue = Queue::new();
        let pusher = {
            let (idle, queue) = (idle.clone(), queue.clone());
            thread::spawn(move || {
                queue.0.store(true, Release);
                idle.worker_to_wake(true)
            })
        };
        let other = {
            let (idle, queue) = (idle.clone(), queue.clone());
            thread::spawn(move || {
                idle.sleep(1, false);
                idle.start_watch(1, true) && idle.end_watch(1) && queue.has_task()
            })
        };
        let seen = idle.end_watch(0) && queue.has_task();
        let seen = other.join().unwrap() || seen;
        assert!(pusher.join().unwrap().is_some() || seen, "nobody comes for the task");
    });
}

/// Tasks that are in no queue, and who owns them.
fn idle_tasks(count: usize) -> (ExecutorHandle, Vec<Held>) {
    let wake = Wake::Hook(std::boxed::Box::new(|| {}));
    let (queue, watch) = (ReadyQueue::default(), Watch::none());
    let owner = Executor::start(queue, None, None, wake, Blocking::Refused, watch);
    for _ in 0..count {
        drop(start(owner.owner(), core::future::pending::<()>(), (), false));
    }
    let mut tasks = Vec::new();
    let driving = owner.drive().unwrap();
    assert_eq!(driving.run(count), count);
    driving.for_each_task(|task| tasks.push(Held(task)));
    drop(driving);
    (owner, tasks)
}

/// A task that whoever has this may queue.
#[derive(Clone, Copy)]
struct Held(Task);

// SAFETY: its future is `Send`, and one thread at a time holds it.
unsafe impl Send for Held {}

#[test]
fn loom_a_closed_queue_has_nothing_and_takes_nothing() {
    loom::model(|| {
        let (owner, tasks) = idle_tasks(2);
        let queue = Arc::new(Injector::new(1));
        queue.push(tasks[0].0);
        let pushing = {
            let (queue, held) = (queue.clone(), tasks[1]);
            thread::spawn(move || {
                let Held(task) = { held };
                queue.push(task);
            })
        };
        queue.close();
        pushing.join().unwrap();
        // A worker that saw something would never sleep again.
        assert!(queue.is_empty() && queue.len() == 0);
        assert!(queue.pop(0, 1, |_| unreachable!("it is closed")).is_none());
        drop(owner);
    });
}

#[test]
fn loom_each_task_of_the_shared_queue_is_taken_once() {
    loom::model(|| {
        let (owner, tasks) = idle_tasks(2);
        let queue = Arc::new(Injector::new(1));
        let taken = Arc::new(crate::atomic::AtomicUsize::new(0));
        let take = {
            let (queue, taken) = (queue.clone(), taken.clone());
            move || {
                let count = |_| _ = taken.fetch_add(1, Relaxed);
                queue.pop(0, 1, count).into_iter().for_each(count);
            }
        };
        queue.push(tasks[0].0);
        let other = thread::spawn(take.clone());
        queue.push_all([tasks[1].0].into_iter());
        take();
        other.join().unwrap();
        take();
        assert_eq!((taken.load(Relaxed), queue.len()), (2, 0));
        drop(owner);
    });
}

#[test]
fn loom_who_waits_for_timers_sees_a_new_one_or_is_told() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(2));
        let armed = Arc::new(AtomicBool::new(false));
        let arming = {
            let (idle, armed) = (idle.clone(), armed.clone());
            thread::spawn(move || {
                armed.store(true, Relaxed);
                idle.driver()
            })
        };
        assert!(idle.become_driver(0));
        let seen = armed.load(Relaxed);
        assert!(seen || arming.join().unwrap() == Some(0), "a timer that nobody waits for");
    });
}

#[test]
fn loom_a_deputy_that_rests_is_known_to_the_driver_that_leaves() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(2));
        assert!(idle.become_driver(0) && idle.become_deputy());
        let driver = {
            let idle = idle.clone();
            thread::spawn(move || {
                idle.stop_driving();
                idle.resting_deputy()
            })
        };
        let rests = idle.rest(1, || idle.driver().is_some());
        let woken = driver.join().unwrap();
        assert!(!rests || woken == Some(1), "asleep beside sources that nobody waits for");
    });
}
