//! The blocking pool: an owner of tasks that gives each one a thread.
//!
//! What `spawn_blocking` makes is an ordinary task whose only poll runs the closure. The pool
//! queues it, first in first out, and starts a thread if none waits and fewer than the limit
//! exist. A thread that found nothing to do for the keep-alive time ends.

// Why unsafe: the pool is an owner of tasks, which reach it by an untyped pointer.

use super::thread::spawn;
use crate::env::Env;
use crate::env::instant::Instant;
use crate::env::meter::Reading;
use crate::env::owner::{Ops, Owner, OwnerRef};
use crate::runtime::{Deadline, ShutdownReport, Survivor, ThreadConfig, Threads};
use crate::task::{Task, Turn, poll_as};
use core::fmt;
use core::ptr::NonNull;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::vec::Vec;

/// The one owning handle of a blocking pool.
#[derive(Debug)]
pub(super) struct BlockingPool {
    shared: Arc<Shared>,
}

/// What its threads and its tasks share; counted as an `Arc`, also behind `OwnerRef`.
#[repr(C)]
struct Shared {
    /// First, so that an `Owner` pointer is a `Shared` pointer.
    owner: Owner,
    state: Mutex<State>,
    /// There is work, or the pool is closed.
    work: Condvar,
    /// A thread ended its task, or itself.
    ended: Condvar,
    config: ThreadConfig,
}

struct State {
    queue: VecDeque<Task>,
    running: Vec<Task>,
    threads: usize,
    waiting: usize,
    /// How many waiting threads were told of work and have not come for it yet.
    told: usize,
    closed: bool,
}

// SAFETY: the tasks in it are held or pinned down by the owner's reference, and their closures are
// `Send`; all access is under the lock.
unsafe impl Send for State {}

impl BlockingPool {
    pub(super) fn new(config: &ThreadConfig) -> Self {
        let state = State {
            queue: VecDeque::new(),
            running: Vec::new(),
            threads: 0,
            waiting: 0,
            told: 0,
            closed: false,
        };
        let shared = Shared {
            owner: Owner::new(&OPS),
            state: Mutex::new(state),
            work: Condvar::new(),
            ended: Condvar::new(),
            config: config.clone(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(super) fn owner(&self) -> OwnerRef {
        let raw = Arc::into_raw(Arc::clone(&self.shared)).cast_mut();
        // SAFETY: the reference just counted is given to the `OwnerRef`.
        unsafe { OwnerRef::from_raw(NonNull::new_unchecked(raw).cast()) }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No section runs foreign code, so poison means nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn adopt(self: &Arc<Self>, task: Task) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return cancel(task);
        }
        state.queue.push_back(task);
        if state.waiting > state.told {
            state.told += 1;
            drop(state);
            return self.work.notify_one();
        }
        if state.threads == self.config.max_blocking {
            return;
        }
        state.threads += 1;
        drop(state);
        let shared = Arc::clone(self);
        if spawn(&self.config, move || shared.run()).is_err() {
            self.thread_failed();
        }
    }

    fn read(&self, what: Reading) -> usize {
        let state = self.lock();
        match what {
            Reading::Threads => state.threads,
            Reading::IdleThreads => state.waiting - state.told.min(state.waiting),
            Reading::QueuedClosures => state.queue.len(),
            _ => 0,
        }
    }

    /// The system refused a thread. Those that exist will get to the task; if there is none, all
    /// that is queued is cancelled, for nobody would ever run it.
    fn thread_failed(&self) {
        let mut state = self.lock();
        state.threads -= 1;
        let stranded =
            if state.threads == 0 { core::mem::take(&mut state.queue) } else { VecDeque::new() };
        drop(state);
        stranded.into_iter().for_each(cancel);
    }

    /// What a thread of the pool does.
    fn run(&self) {
        let mut state = self.lock();
        loop {
            while let Some(task) = state.queue.pop_front() {
                state.running.push(task);
                drop(state);
                let turn = poll_as(task, || task.turn());
                debug_assert_eq!(turn, Turn::Done, "a closure is done after its only turn");
                state = self.lock();
                state.running.retain(|other| *other != task);
                drop(state);
                poll_as(task, || task.finish_with_meta());
                self.ended.notify_all();
                state = self.lock();
            }
            if state.closed {
                break;
            }
            state.waiting += 1;
            let waited = self.work.wait_timeout_while(state, self.config.keep_alive, |state| {
                state.queue.is_empty() && !state.closed && state.told == 0
            });
            let (after, result) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            state.waiting -= 1;
            if state.told > 0 {
                state.told -= 1;
            } else if result.timed_out() && state.queue.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        drop(state);
        self.ended.notify_all();
    }

    /// Waits until `done`, or until `deadline`.
    fn wait(&self, deadline: Option<Instant>, done: impl Fn(&State) -> bool) {
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.map(|at| at.saturating_duration_since(crate::env::host_now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            state = match left {
                None => self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

fn cancel(task: Task) {
    task.cancel();
    task.finish_with_meta();
}

impl Threads for BlockingPool {
    fn shut_down(&self, deadline: Deadline, report: &mut ShutdownReport) {
        let occupied = crate::env::context::with(|cx| cx.occupied.get());
        if let Deadline::Graceful(at) = deadline
            && !occupied
        {
            self.shared.wait(Some(at), |state| state.queue.is_empty());
        }
        let queued = {
            let mut state = self.shared.lock();
            state.closed = true;
            core::mem::take(&mut state.queue)
        };
        self.shared.work.notify_all();
        for task in queued {
            report.survivors.push(Survivor::of(task));
            cancel(task);
        }
        let ended = |state: &State| state.threads == 0;
        match deadline {
            _ if occupied => {}
            Deadline::Drop => self.shared.wait(None, ended),
            Deadline::Cancel(at) | Deadline::Graceful(at) => self.shared.wait(Some(at), ended),
        }
        let state = self.shared.lock();
        let still =
            state.running.iter().map(|task| Survivor { blocking: true, ..Survivor::of(*task) });
        report.survivors.extend(still);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

static OPS: Ops = Ops {
    single: false,
    retain: |owner| core::mem::forget(Arc::clone(&*borrow(owner))),
    // SAFETY: the caller gives up a reference.
    release: |owner| drop(unsafe { Arc::from_raw(owner.cast::<Shared>().as_ptr().cast_const()) }),
    // A task here is held from its birth to its end, so nobody ever needs to queue it again.
    schedule: |_, _| {},
    adopt: |owner, task| borrow(owner).adopt(Task::from_raw(task)),
    unpark: |_| {},
    step_aside: |_| true,
    place: |_, _| unreachable!("the blocking pool is no runtime"),
    read: |owner, what| borrow(owner).read(what),
    env: |_| None::<NonNull<Env>>,
    #[cfg(feature = "dump")]
    dump: crate::env::owner::DumpOps {
        // No task here is ever idle, so none is polled.
        enter: |_, f| {
            f();
            true
        },
        each: |owner, f| {
            let shared = borrow(owner);
            let state = shared.lock();
            state.queue.iter().chain(&state.running).for_each(|task| f(task.as_raw()));
        },
        end: |_, _| unreachable!("a closure is never asked"),
        parts: |_, _| {},
    },
};

/// The pool behind an owner of this table.
fn borrow(owner: NonNull<Owner>) -> core::mem::ManuallyDrop<Arc<Shared>> {
    // SAFETY: `OPS` is the table of blocking pools only, whose first field is the owner
    // (`repr(C)`); the caller's reference is not given up (`ManuallyDrop`).
    core::mem::ManuallyDrop::new(unsafe {
        Arc::from_raw(owner.cast::<Shared>().as_ptr().cast_const())
    })
}
