//! The blocking pool: an owner of tasks that gives each one a thread.
//!
//! What `spawn_blocking` makes is an ordinary task whose only poll runs the closure;
//! [`hand_off`] is how it comes to a thread.

// Why unsafe: the pool is an owner of tasks, which reach it by an untyped pointer.

mod hand_off;

use super::origin::Origin;
use super::thread::spawn;
use crate::env::Env;
use crate::env::meter::Reading;
use crate::env::owner::{Ops, Owner, OwnerRef};
use crate::runtime::{Deadline, ShutdownReport, Survivor, ThreadConfig, Threads};
use crate::task::{Task, Turn, poll_as};
use core::fmt;
use core::ptr::NonNull;
use hand_off::{HandOff, Pushed};
use std::sync::Arc;

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
    tasks: HandOff<Task>,
    /// A fork has none of the threads.
    origin: Origin,
    config: ThreadConfig,
}

// SAFETY: the tasks in it are held or pinned down by the owner's reference, and their closures are
// `Send`; all access is under the lock of the hand-off. All else is `Send` and `Sync`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl BlockingPool {
    pub(super) fn new(config: &ThreadConfig) -> Self {
        let shared = Shared {
            owner: Owner::new(&OPS),
            tasks: HandOff::new(config.max_blocking),
            origin: Origin::here(),
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
    fn adopt(self: &Arc<Self>, task: Task) {
        if self.origin.is_inherited() {
            return cancel(task);
        }
        match self.tasks.push(task) {
            Pushed::Queued => {}
            Pushed::Refused(task) => cancel(task),
            Pushed::NeedsThread => {
                let shared = Arc::clone(self);
                let run = move || {
                    shared.run();
                    Ended(shared)
                };
                if spawn(&self.config, run).is_err() {
                    self.tasks.thread_failed().into_iter().for_each(cancel);
                }
            }
        }
    }

    fn read(&self, what: Reading) -> usize {
        let counts = self.tasks.counts();
        match what {
            Reading::Threads => counts.threads,
            Reading::IdleThreads => counts.idle,
            Reading::QueuedClosures => counts.queued,
            _ => 0,
        }
    }

    /// What a thread of the pool does.
    fn run(&self) {
        while let Some(task) = self.tasks.next(self.config.keep_alive) {
            let turn = poll_as(task, || task.turn());
            debug_assert_eq!(turn, Turn::Done, "a closure is done after its only turn");
            self.tasks.done(task);
            poll_as(task, || task.finish_with_meta());
        }
    }
}

/// A thread has done everything, when this is dropped.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.tasks.ended();
    }
}

fn cancel(task: Task) {
    task.cancel();
    task.finish_with_meta();
}

impl Threads for BlockingPool {
    fn shut_down(&self, deadline: Deadline, report: &mut ShutdownReport) {
        let occupied = crate::env::context::with(|cx| cx.occupied.get());
        if self.shared.origin.is_inherited() {
            return;
        }
        let tasks = &self.shared.tasks;
        if let Deadline::Graceful(at) = deadline
            && !occupied
        {
            tasks.wait_until_empty(at);
        }
        for task in tasks.close() {
            report.survivors.push(Survivor::of(task));
            cancel(task);
        }
        match deadline {
            _ if occupied => {}
            Deadline::Drop => tasks.wait_for_threads(None),
            Deadline::Cancel(at) | Deadline::Graceful(at) => tasks.wait_for_threads(Some(at)),
        }
        tasks.for_each(|task| {
            report.survivors.push(Survivor { blocking: true, ..Survivor::of(task) });
        });
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
            borrow(owner).tasks.for_each(|task| f(task.as_raw()));
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
