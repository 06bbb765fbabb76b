//! The multi-threaded scheduler: workers that run tasks and steal from each other.
//!
//! [`Shared`] owns the tasks. A task that becomes ready on a worker goes to that worker's queue,
//! from anywhere else to the [`injector`]; [`idle`] says whom to wake. [`worker`] is what a thread
//! does, [`collections::run_queue`](crate::collections::run_queue) its queue.
//!
//! Shutdown: `closing` is set and every worker is woken; each leaves its seat after the poll it is
//! in. The last to leave cancels every task but those in the polls of threads that gave their seat
//! away, which cancel them when they come back. Whoever shuts down waits for all of that, unless it
//! is a worker itself.

// Why unsafe: the pool is an owner of tasks, which reach it by an untyped pointer.

mod biased;
mod deputy;
mod handle;
mod idle;
mod injector;
mod mean;
mod next;
mod pace;
mod registries;
mod worker;

use super::driver::Driver;
use super::parker::Parker;
use super::thread;
use crate::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, fence};
use crate::collections::run_queue::Ring;
use crate::env::Env;
use crate::env::context;
use crate::env::dump;
use crate::env::meter::{Reading, SharedCount};
use crate::env::owner::{Ops, Owner, OwnerRef, RawTask};
use crate::lock::Lock;
use crate::runtime::Deadline;
use crate::task::observer::Watch;
use crate::task::{Task, Turn, guard, poll_as};
use core::cell::Cell;
use core::fmt;
use core::ptr::{self, NonNull};
use idle::Idle;
use injector::Injector;
use next::NextSlot;
use registries::Registries;
use std::boxed::Box;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use std::vec::Vec;
use worker::Worker;

pub(super) use handle::Pool;

std::thread_local! {
    /// The worker that this thread is.
    static WORKER: Cell<Option<NonNull<Worker>>> = const { Cell::new(None) };
}

/// What the workers of a pool share.
#[repr(C)]
pub(super) struct Shared {
    /// First, so that an `Owner` pointer is a `Shared` pointer.
    owner: Owner,
    /// Its own address, with the right to give back an `Arc`, which no reference carries.
    this: AtomicPtr<Shared>,
    /// Keeps the memory while anybody has an `OwnerRef`. Each worker counts in a cell of its own
    /// and merges when it ends; one bias stands for all running workers, one for the `Pool`.
    references: AtomicUsize,
    env: Env,
    watch: Watch,
    /// How a sleeping worker waits for I/O; the same as in `env`.
    driver: Arc<Driver>,
    remotes: Box<[Remote]>,
    injector: Injector,
    idle: Idle,
    /// All tasks that are not complete.
    registries: Registries,
    /// Tasks spawned from outside.
    spawned_outside: SharedCount,
    /// Who owns the tasks that are bound to one thread, for each thread.
    bound: Lock<Bound>,
    /// How many tasks were given to workers in turn.
    placed: AtomicUsize,
    closing: AtomicBool,
    /// Threads without a seat that still drive what is bound to them.
    retired: Lock<Vec<Arc<Parker>>>,
    /// Tasks in the polls of threads that gave their seat away.
    away: Lock<Away>,
    /// How many seats are taken, and how many threads without one run what is bound to them; whoever
    /// leaves the last ends the timers and cancels all tasks.
    seats: AtomicUsize,
    /// How many threads run, with a seat or without.
    running: AtomicUsize,
    /// No thread runs any more, and every task is gone.
    all_ended: AtomicBool,
    /// Somebody waits for the last task, or the last worker, to end.
    waiting: AtomicBool,
    ended: Mutex<()>,
    on_ended: Condvar,
    /// Whether workers have a next slot.
    has_next: bool,
    event_interval: u32,
    injector_interval: Option<u32>,
    on_park: Option<Arc<dyn Fn() + Send + Sync>>,
    on_unpark: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// See `Shared::bound`.
#[derive(Default)]
struct Bound {
    owners: Vec<OwnerRef>,
    /// Tasks that were spawned on threads which have ended.
    spawned_before: usize,
}

/// See `Shared::away`.
#[derive(Default)]
struct Away {
    tasks: Vec<Task>,
    /// All other tasks were cancelled: who comes back cancels its own.
    swept: bool,
}

/// What others see of a worker.
#[repr(align(128))]
struct Remote {
    ring: Ring<Task>,
    next: NextSlot,
    /// Where the thread that has the seat waits.
    parker: Lock<Option<Arc<Parker>>>,
    /// The worker stepped down, and nobody has taken its seat yet.
    vacant: AtomicBool,
    /// Who adopts the tasks that are to stay on the seat's thread, while that thread runs.
    local: Lock<Option<OwnerRef>>,
}

// SAFETY: all fields are `Sync` but `owner` and the addresses of tasks, which are held (in queues)
// or registered (under a lock), and whose futures are `Send`.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// More references than there can be.
const BIAS: usize = 1 << (usize::BITS - 3);

impl Shared {
    fn as_owner(&self) -> NonNull<Owner> {
        NonNull::new(self.this.load(Ordering::Relaxed)).expect("set by `Pool::start`").cast()
    }

    fn owner(&self) -> OwnerRef {
        // SAFETY: `self` keeps it alive.
        unsafe { OwnerRef::retain(self.as_owner()) }
    }

    /// The worker that this thread is, if it is one of this pool.
    #[inline]
    fn worker(&self) -> Option<&Worker> {
        // SAFETY: the slot is set while the worker runs on this thread's stack.
        let worker = unsafe { WORKER.get()?.as_ref() };
        ptr::eq(Arc::as_ptr(&worker.shared), self).then_some(worker)
    }

    fn schedule(&self, task: Task) {
        match self.worker() {
            Some(worker) => worker.push_next(task),
            None => self.inject(task),
        }
    }

    /// Queues a task from outside of the workers.
    fn inject(&self, task: Task) {
        self.injector.push(task);
        self.idle.worker_to_wake(false).into_iter().for_each(|worker| self.unpark(worker));
    }

    fn adopt(&self, task: Task) {
        self.watch.spawned(task);
        self.take_in(task);
    }

    fn take_in(&self, task: Task) {
        let worker = self.worker();
        match worker {
            Some(worker) => worker.meter.tally.spawned.add(1),
            None => self.spawned_outside.add(1),
        }
        let seat = worker.map(|worker| worker.index);
        // Under the lock: whoever cancels all tasks takes it after `closing` is set. A fork has none of
        // the workers.
        let closed = || self.is_closing() || self.driver.is_inherited();
        // SAFETY: it is the seat of this thread.
        if unsafe { self.registries.insert(seat, task, closed) } {
            return match worker {
                Some(worker) => worker.push_next(task),
                None => self.inject(task),
            };
        }
        task.cancel();
        self.watch.ended(task);
        task.finish();
    }

    /// Gives a new task to the workers' threads in turn.
    fn place(&self, make: &mut dyn FnMut(OwnerRef) -> RawTask) {
        let mut made = None;
        self.place_in_turn(&mut |owner| *made.insert(make(owner)));
        // The caller has the handle, which keeps the task.
        made.into_iter().for_each(|task| self.watch.spawned(Task::from_raw(task)));
    }

    fn place_in_turn(&self, make: &mut dyn FnMut(OwnerRef) -> RawTask) {
        loop {
            let turn = self.placed.fetch_add(1, Ordering::Relaxed) % self.remotes.len();
            // The lock keeps the thread from ending before it has adopted the task.
            if let Some(owner) = &*self.remotes[turn].local.lock() {
                return owner.place(make);
            }
            if self.is_closing() {
                // Nothing is adopted any more; this owner cancels it.
                return self.take_in(Task::from_raw(make(self.owner())));
            }
            // The threads are about to start.
            thread::yield_now();
        }
    }

    /// Takes a task that is done out of the registry.
    fn forget(&self, task: Task) {
        let seat = self.worker().map(|worker| worker.index);
        // SAFETY: it is the seat of this thread.
        unsafe { self.registries.remove(seat, task) };
        self.watch.ended(task);
        if self.waiting.load(Ordering::Relaxed) {
            self.tell_waiting();
        }
    }

    fn tell_waiting(&self) {
        if !thread::MAY_WAIT {
            return;
        }
        drop(self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        self.on_ended.notify_all();
    }

    fn unpark(&self, worker: usize) {
        let parker = self.remotes[worker].parker.lock().clone();
        parker.iter().for_each(|parker| parker.unpark(&self.driver));
    }

    fn has_work(&self) -> bool {
        self.has_more() || self.remotes.iter().any(|remote| !remote.next.is_empty())
    }

    /// Whether there is work that no worker is about to run.
    fn has_more(&self) -> bool {
        !self.injector.is_empty() || self.remotes.iter().any(|remote| !remote.ring.is_empty())
    }

    /// Wakes what is due: all of it, or what [`expire_some`](crate::env::timers::Timers) sees to.
    fn expire(&self, turn: Option<usize>) {
        let (timers, clock) = (&self.env.timers, &self.env.clock);
        if timers.is_armed() {
            // A waker that panics harms no worker.
            guard(|| match turn {
                None => timers.expire(clock.now()),
                Some(turn) => timers.expire_some(clock.now(), turn),
            });
        }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn before_park(&self) {
        self.on_park.iter().for_each(|call| guard(|| call()));
    }

    fn after_park(&self) {
        self.on_unpark.iter().for_each(|call| guard(|| call()));
    }

    fn read(&self, what: Reading) -> usize {
        let workers = self.env.meter.workers();
        match what {
            Reading::Alive => self.task_count() + self.read_bound(what),
            Reading::Spawned => {
                let by_workers = workers.iter().map(|worker| worker.tally.spawned.get());
                let tasks = by_workers.sum::<usize>() + self.spawned_outside.get();
                tasks + self.read_bound(what)
            }
            Reading::Injected => self.injector.len(),
            Reading::RemoteSchedules => self.injector.pushed(),
            // Without the next slot, as tokio counts.
            Reading::LocalQueue(worker) => self.remotes[worker].ring.len(),
            Reading::Polls(worker) => workers[worker].tally.polls.get(),
            Reading::LocalSchedules(worker) => workers[worker].tally.queued.get(),
            Reading::Threads | Reading::IdleThreads | Reading::QueuedClosures => 0,
        }
    }

    /// What is bound to one thread each, all threads together.
    fn read_bound(&self, what: Reading) -> usize {
        let bound = self.bound.lock();
        let before = if what == Reading::Spawned { bound.spawned_before } else { 0 };
        before + bound.owners.iter().map(|owner| owner.read(what)).sum::<usize>()
    }

    fn task_count(&self) -> usize {
        self.registries.len()
    }

    /// Lets whoever comes first take a seat, or end it if the pool is closing.
    fn vacate(&self, index: usize) {
        self.remotes[index].vacant.store(true, Ordering::Release);
        // Either this sees `closing`, or `close` sees the vacant seat.
        fence(Ordering::SeqCst);
        if self.is_closing() {
            self.end_vacant(index);
        }
    }

    /// Takes a seat, if it is vacant.
    fn take_vacant(&self, index: usize) -> bool {
        self.remotes[index].vacant.swap(false, Ordering::AcqRel)
    }

    /// Counts a thread without a seat, which is about to run what is bound to it, as if it had one.
    /// `false`: all is over.
    fn take_stool(&self) -> bool {
        // AcqRel, as whoever leaves: who finds none has seen all that was done before.
        let stool = |seats| (seats > 0).then_some(seats + 1);
        self.seats.fetch_update(Ordering::AcqRel, Ordering::Acquire, stool).is_ok()
    }

    /// A vacant seat counts as a worker that left, for nobody need come for it any more.
    fn end_vacant(&self, index: usize) {
        if self.take_vacant(index) {
            self.worker_ended(0, true);
        }
    }

    /// Makes every worker leave after its poll.
    fn close(&self) {
        self.closing.store(true, Ordering::Release);
        // See `vacate`.
        fence(Ordering::SeqCst);
        (0..self.remotes.len()).for_each(|index| self.end_vacant(index));
        (0..self.remotes.len()).for_each(|worker| self.unpark(worker));
        self.retired.lock().iter().for_each(|parker| parker.unpark(&self.driver));
    }

    /// A worker left, with the references that it counted.
    fn worker_ended(&self, references: isize, seated: bool) {
        // Merged before the bias goes, so the count cannot touch zero too early.
        self.references.fetch_add(references as usize, Ordering::AcqRel);
        if seated && self.seats.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.injector.close();
            self.cancel_all();
        }
        if self.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all_ended.store(true, Ordering::Release);
            self.tell_waiting();
            release(self.as_owner(), BIAS);
        }
    }

    /// A thread that gave its seat away has ended the poll of `task`.
    fn came_back(&self, task: Task, turn: Turn) {
        if turn == Turn::Done {
            // While it is away still, or the sweep would find it where it is registered.
            self.forget(task);
        }
        let swept = {
            let mut away = self.away.lock();
            away.tasks.retain(|other| *other != task);
            away.swept
        };
        match turn {
            Turn::Again if !swept => return self.schedule(task),
            Turn::Idle if !swept => return,
            Turn::Idle | Turn::Again => self.cancel(task),
            Turn::Done => {}
        }
        poll_as(task, || task.finish());
    }

    /// Drops every future that nobody polls. No seat is taken any more, so those that are polled
    /// are away, and see to themselves when they come back.
    fn cancel_all(&self) {
        let pool = Some(self.as_owner());
        let _runtime = context::Restore::set(|cx| &cx.runtime, pool);
        self.env.shut_down();
        let away = {
            let mut away = self.away.lock();
            away.swept = true;
            away.tasks.clone()
        };
        let mut tasks = Vec::new();
        self.registries.for_each(|task| tasks.push(task));
        for task in tasks.into_iter().filter(|task| !away.contains(task)) {
            self.cancel(task);
            task.finish();
        }
    }

    /// Drops the future of a task that nobody polls, and takes it out of the registry.
    fn cancel(&self, task: Task) {
        task.seize();
        poll_as(task, || task.cancel());
        self.forget(task);
    }

    /// Waits until `done` or `deadline`.
    fn wait(&self, deadline: Deadline, done: impl Fn() -> bool) {
        self.waiting.store(true, Ordering::SeqCst);
        let mut guard = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !done() {
            let left = match deadline {
                Deadline::Drop => Duration::from_secs(1),
                Deadline::Cancel(until) | Deadline::Graceful(until) => {
                    until.saturating_duration_since(crate::env::host_now())
                }
            };
            if left.is_zero() {
                break;
            }
            // A task that ended before it saw `waiting` is noticed after this at the latest.
            let step = left.min(Duration::from_millis(10));
            guard = match self.on_ended.wait_timeout(guard, step) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("workers", &self.remotes.len()).finish_non_exhaustive()
    }
}

/// Gives up references that are counted in `Shared::references`.
fn release(owner: NonNull<Owner>, count: usize) {
    let shared = shared(&owner);
    if shared.references.fetch_sub(count, Ordering::AcqRel) == count {
        // SAFETY: the `Arc` that `Pool::start` forgot, given back once: the count touches zero
        // once, for a new reference is made from an old one only.
        drop(unsafe { Arc::from_raw(owner.cast::<Shared>().as_ptr().cast_const()) });
    }
}

static OPS: Ops = Ops {
    single: false,
    retain: |owner| {
        let shared = shared(&owner);
        match shared.worker() {
            Some(worker) => worker.references.set(worker.references.get() + 1),
            // Relaxed: a new reference is made from an old one.
            None => drop(shared.references.fetch_add(1, Ordering::Relaxed)),
        }
    },
    release: |owner| match shared(&owner).worker() {
        Some(worker) => worker.references.set(worker.references.get() - 1),
        None => release(owner, 1),
    },
    schedule: |owner, task| shared(&owner).schedule(Task::from_raw(task)),
    adopt: |owner, task| shared(&owner).adopt(Task::from_raw(task)),
    unpark: |owner| {
        let shared = shared(&owner);
        shared.idle.driver().into_iter().for_each(|worker| shared.unpark(worker));
    },
    step_aside: |owner| {
        // A dump's poll is not the only one on this stack: it blocks the worker.
        if !dump::is_asking() {
            shared(&owner).worker().into_iter().for_each(Worker::step_down);
        }
        true
    },
    place: |owner, make| shared(&owner).place(make),
    read: |owner, what| shared(&owner).read(what),
    env: |owner| Some(NonNull::from(&shared(&owner).env)),
    #[cfg(feature = "dump")]
    dump: crate::env::owner::DumpOps {
        enter: |owner, f| {
            let Some(worker) = shared(&owner).worker() else { return false };
            let _post = worker.post().take();
            f();
            true
        },
        each: |owner, f| {
            shared(&owner).registries.for_each(|task| f(task.as_raw()));
        },
        end: |owner, task| {
            let task = Task::from_raw(task);
            shared(&owner).forget(task);
            poll_as(task, || task.finish());
        },
        parts: |owner, f| {
            for remote in &shared(&owner).remotes {
                let local = remote.local.lock().clone();
                local.into_iter().for_each(&mut *f);
            }
        },
    },
};

/// The pool behind an owner of this table.
#[inline]
fn shared(owner: &NonNull<Owner>) -> &Shared {
    // SAFETY: `OPS` is the table of pools only, whose first field is the owner (`repr(C)`), and
    // whoever calls an operation has a reference.
    unsafe { owner.cast::<Shared>().as_ref() }
}

#[cfg(all(test, loom))]
mod loom_tests;
