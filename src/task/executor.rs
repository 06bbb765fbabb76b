//! The single-threaded executor: a passive queue of tasks that somebody drives.
//!
//! One thread at a time drives it ([`Executor::drive`]); only that thread touches the [`Core`].
//! Everybody else posts to the inbox and, through the `wake` hook, makes the host look again. The
//! current-thread runtime, a local set and a pool worker's local tasks are all this one type.
//!
//! Who may touch what:
//! 1. `inbox`, `notified`, `root_woken`: any thread. The driver notes its own wakes of the root
//!    future in the core, which needs no atomic write.
//! 2. `core`: the thread in `driver`, in short sections that run no foreign code.
//! 3. `references`: any thread.
//!
//! Life: made with one reference, the [`ExecutorHandle`]'s. The handle's drop cancels every task,
//! closes the inbox and merges the reference counts; the last reference (a cell that a waker or a
//! join handle still keeps, a runtime handle) frees it.
//!
//! Where there are no other threads nobody needs the inbox: whoever wakes a task may touch the core, and
//! tells the host unless it is driven.
//!
//! No lost wake: the driver clears `notified` *before* it looks at the inbox a last time and
//! waits; a poster posts *before* it sets `notified`. Whoever comes second sees the other.

use super::cell::{Polled, Task};
use super::observer::{Observer, Watch};
use super::pollers::Pollers;
use super::queue::{Inbox, Posted, ReadyQueue};
use crate::atomic::{AtomicBool, AtomicUsize, Ordering, THREADS, UnsafeCell};
use crate::env::Env;
use crate::env::context::{self, Post};
use crate::env::owner::{Ops, Owner, OwnerRef};
use crate::env::panics::CAUGHT;
use crate::env::rng::Rng;
use crate::lock::Lock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{RawWaker, RawWakerVTable, Waker};

mod counts;
mod driven;

use counts::Counts;
use driven::Core;

/// How to tell the host that there is work. From any thread, never blocks.
pub(crate) enum Wake {
    /// By a call.
    Hook(Box<dyn Fn() + Send + Sync>),
    /// The host polls a future: by the wakers of those polls. Through a pointer, which a program
    /// without such a host does not contain.
    Pollers(Lock<Pollers>, fn(&Lock<Pollers>)),
}

/// See the module.
#[repr(C)]
pub(crate) struct Executor {
    /// First, so that an `Owner` pointer is an `Executor` pointer.
    owner: Owner,
    /// Its own address, with the right to free it, which no reference carries.
    this: Cell<NonNull<Executor>>,
    /// What the last reference calls: left by the drop of the handle, so that a program whose executors
    /// never end does not contain what their end takes.
    free: Cell<Option<Free>>,
    /// References that were not counted in `owner`, by the thread that drives; biased until the handle
    /// is dropped.
    references: AtomicUsize,
    inbox: Inbox,
    /// The thread that drives, by [`context::thread`]; zero when nobody does.
    driver: AtomicUsize,
    /// The wake hook was called since the driver last looked.
    notified: AtomicBool,
    /// The root future's waker was called, on a thread that does not drive.
    root_woken: AtomicBool,
    core: UnsafeCell<Core>,
    counts: Counts,
    watch: Watch,
    /// Boxed: that of a runtime is large, and most executors have none.
    env: Option<Box<Env>>,
    wake: Wake,
    blocking: Blocking,
}

type Free = unsafe fn(NonNull<Executor>);

/// Whether a task may block the thread that drives its executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocking {
    /// Its owner sees to that.
    Allowed,
    /// No: all other tasks of the executor depend on the thread.
    Refused,
}

// SAFETY: `core` is touched by one thread at a time, the one in `driver`,
// and `drive` hands them over with Acquire and Release. Futures that are not `Send` stay on their
// thread: `drive` refuses any other while `locals` is not zero. All else is `Sync` itself.
unsafe impl Sync for Executor {}
// SAFETY: as above.
unsafe impl Send for Executor {}

/// Why an executor cannot be driven now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Somebody drives it already: another thread, or a caller further up this stack.
    Busy,
    /// It has tasks that are bound to another thread.
    ForeignThread,
}

/// More references than there can be.
const BIAS: usize = 1 << (usize::BITS - 2);

impl Executor {
    /// Makes an executor; its tasks find `env` if it is a runtime's. If it is a part of a runtime,
    /// `watch` is that runtime's.
    pub(crate) fn start(
        queue: ReadyQueue,
        rng: Option<Rng>,
        env: Option<Box<Env>>,
        wake: Wake,
        blocking: Blocking,
        watch: Watch,
    ) -> ExecutorHandle {
        let watch = env.as_ref().map_or(watch, |env| Watch::of(env));
        // Many an executor without an environment lives for a single task.
        let mut core = Core::new(queue, rng, if env.is_some() { 64 } else { 0 });
        core.panic_is_fatal = env.as_ref().is_some_and(|env| env.hooks.panic_is_fatal);
        let executor = Box::new(Self {
            owner: Owner::new(&OPS),
            this: Cell::new(NonNull::dangling()),
            free: Cell::new(None),
            references: AtomicUsize::new(BIAS),
            inbox: Inbox::new(),
            driver: AtomicUsize::new(0),
            notified: AtomicBool::new(false),
            root_woken: AtomicBool::new(false),
            core: UnsafeCell::new(core),
            counts: Counts::default(),
            watch,
            env,
            wake,
            blocking,
        });
        let this = NonNull::from(Box::leak(executor));
        // SAFETY: just leaked, and nobody else knows it.
        unsafe { this.as_ref() }.this.set(this);
        ExecutorHandle(this)
    }

    fn as_owner(&self) -> NonNull<Owner> {
        self.this.get().cast()
    }

    /// The environment of its tasks, if it is a runtime's.
    pub(crate) fn env(&self) -> Option<&Env> {
        self.env.as_deref()
    }

    /// Whoever looks at its tasks, if anybody does.
    pub(crate) fn observer(&self) -> Option<&Arc<Observer>> {
        self.watch.observer()
    }

    /// A counted reference to this executor as the owner of its tasks.
    pub(crate) fn owner(&self) -> OwnerRef {
        // SAFETY: `self` is alive, and was leaked by `new`.
        unsafe { OwnerRef::retain(self.as_owner()) }
    }

    /// Whether this thread drives the executor, directly or further up its stack.
    #[inline]
    fn is_driven_here(&self) -> bool {
        // Relaxed: only this thread ever stores its own address.
        self.driver.load(Ordering::Relaxed) == context::thread()
    }

    /// Whether this thread may touch the core.
    #[inline]
    fn has_core_here(&self) -> bool {
        !THREADS || self.is_driven_here()
    }

    /// Runs `f` with the core. Only where that may be touched; `f` runs no foreign code.
    #[inline]
    fn core<R>(&self, f: impl FnOnce(&mut Core) -> R) -> R {
        // SAFETY: rule 2. The sections do not nest, since they run no foreign code.
        self.core.with_mut(|core| f(unsafe { &mut *core }))
    }

    /// Makes those in a berth idle. Only on the driving thread.
    #[inline]
    fn clear_berths(&self) {
        self.core(|core| core.clear_berths(&self.counts));
    }

    /// Takes the right to drive. Inlined, so that what it answers is made where it stays.
    #[inline(always)]
    pub(crate) fn drive(&self) -> Result<Driving<'_>, Refused> {
        let here = context::thread();
        // Acquire takes over what the driver before released in `Driving::drop`.
        if self.driver.compare_exchange(0, here, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(Refused::Busy);
        }
        if THREADS && self.core(|core| core.locals > 0 && core.home != here) {
            self.driver.store(0, Ordering::Release);
            return Err(Refused::ForeignThread);
        }
        self.note_thread();
        let rng = self.core(|core| core.rng).map(|rng| context::with(|cx| cx.rng.replace(rng)));
        let before = Post::current();
        self.post(before).set();
        Ok(Driving { executor: self, rng, before, ended: false, _not_send: PhantomData })
    }

    /// Tells those who read the counts of a runtime which thread drives it.
    #[inline]
    fn note_thread(&self) {
        // Without the feature there is one thread, about which nobody asks.
        #[cfg(feature = "native")]
        if let Some(env) = &self.env {
            let here = crate::env::thread_id::current();
            if self.core(|core| core.thread) != Some(here) {
                self.core(|core| core.thread = Some(here));
                env.meter.only().set_thread(here);
            }
        }
    }

    /// For whom the driving thread works, that had this post before.
    #[inline]
    fn post(&self, before: Post) -> Post {
        let me = Some(self.as_owner());
        // A local set is no runtime: it runs inside of one.
        let (runtime, worker) = match &self.env {
            Some(_) => (me, 1),
            None => (before.runtime, before.worker),
        };
        Post { runtime, driving: me, local: me, scope: None, worker, occupied: true }
    }

    /// Tells the host, once until the driver looks again.
    pub(crate) fn notify(&self) {
        // AcqRel: see "No lost wake" above.
        if !self.notified.swap(true, Ordering::AcqRel) {
            match &self.wake {
                Wake::Hook(call) => call(),
                Wake::Pollers(pollers, wake) => wake(pollers),
            }
        }
    }

    /// Who polls the future that drives this, if one does.
    pub(super) fn pollers(&self) -> Option<&Lock<Pollers>> {
        match &self.wake {
            Wake::Hook(_) => None,
            Wake::Pollers(pollers, _) => Some(pollers),
        }
    }

    /// Whether the host was told since the driver looked.
    pub(crate) fn is_notified(&self) -> bool {
        self.notified.load(Ordering::Acquire)
    }

    /// A wake where the core may be touched: queues the task if it waits.
    #[inline]
    pub(super) fn wake(&self, task: Task) {
        if self.core(|core| core.berths.leave(task)) || task.header().state.wake() {
            self.queue(task);
        }
    }

    /// The same for an abort.
    pub(super) fn abort(&self, task: Task) {
        if task.header().state.abort() || self.core(|core| core.berths.leave(task)) {
            self.queue(task);
        }
    }

    /// Queues a held task, where the core may be touched.
    #[inline]
    fn queue(&self, task: Task) {
        self.counts.tally.queued.add(1);
        self.core(|core| core.queue.push(task));
        if !THREADS && !self.is_driven_here() {
            self.notify();
        }
    }

    fn schedule(&self, task: Task) {
        if self.has_core_here() {
            self.queue(task);
        } else {
            self.counts.posted.add(1);
            if self.inbox.push(task) == Posted::First {
                self.notify();
            }
        }
    }

    fn adopt(&self, task: Task) {
        self.watch.spawned(task);
        self.take_in(task);
    }

    fn take_in(&self, task: Task) {
        if self.has_core_here() {
            if let Some(refuse) = self.core(|core| core.refuse) {
                return refuse(self, task);
            }
            self.counts.tally.spawned.add(1);
            self.core(|core| core.register(task));
            return self.queue(task);
        }
        if task.is_local() {
            // The caller is on the home thread and nobody drives: look in for a moment.
            match self.drive() {
                Ok(_driving) => self.take_in(task),
                Err(_) => unreachable!("`spawn_local` reaches only executors of its own thread"),
            }
            return self.notify();
        }
        self.adopt_from_anywhere(task);
    }

    /// Takes a task that is done out of the registry. Only on the driving thread.
    #[inline]
    fn forget(&self, task: Task) {
        self.counts.ended.add(1);
        self.core(|core| core.forget(task));
        self.watch.ended(task);
    }

    /// Ends a task that came when its owner was shut down.
    fn cancel_unadopted(&self, task: Task) {
        task.cancel();
        self.watch.ended(task);
        task.finish_with_meta();
    }

    /// Lets go of a task that is done.
    #[inline]
    fn end(&self, task: Task) {
        self.forget(task);
        if CAUGHT && self.core(|core| core.panic_is_fatal) && task.has_panicked() {
            self.core(Core::close);
        }
        task.finish();
    }

    /// Adopts a task whose future may still be sent, be it bound to a thread from then on.
    fn adopt_from_anywhere(&self, task: Task) {
        if self.has_core_here() {
            return self.take_in(task);
        }
        // First, so that it is never seen to end before it began.
        self.counts.posted_new.add(1);
        self.counts.posted.add(1);
        match self.inbox.push(task) {
            Posted::First => self.notify(),
            Posted::More => {}
            Posted::Closed => {
                self.counts.posted_new.take_back(1);
                self.cancel_unadopted(task);
            }
        }
    }
}

/// The right to drive an executor on this thread; the context slot says so while it lasts.
///
/// What the slot said before lies here word for word, not in guards that are moved along with it: a move
/// in other widths than the writes before it waits for these.
pub(crate) struct Driving<'a> {
    executor: &'a Executor,
    /// The randomness of the thread, if the executor has its own.
    rng: Option<Rng>,
    before: Post,
    /// The right was given up already.
    ended: bool,
    /// The context is this thread's.
    _not_send: PhantomData<*const ()>,
}

impl Driving<'_> {
    /// Gives up to `turns` ready tasks a turn each; answers how many had one.
    pub(crate) fn run(&self, turns: usize) -> usize {
        let executor = self.executor;
        let (inbox, counts) = (&executor.inbox, &executor.counts);
        let mut done = 0;
        super::poll_each(|polling| {
            while done < turns
                && let Some(task) = executor.core(|core| core.next(inbox, counts))
            {
                counts.tally.polls.add(1);
                polling.as_task(task);
                self.turn(task);
                done += 1;
            }
        });
        done
    }

    #[inline]
    fn turn(&self, task: Task) {
        let executor = self.executor;
        match executor.watch.poll(task) {
            Polled::Pending => executor.core(|core| core.wait(task, &executor.counts)),
            Polled::Again => {
                executor.counts.tally.queued.add(1);
                executor.core(|core| core.queue.push(task));
            }
            Polled::Ready => executor.end(task),
        }
    }

    /// Whether the panic of a task shall end all others.
    pub(crate) fn end_at_panic(&self, fatal: bool) {
        self.executor.core(|core| core.panic_is_fatal = fatal);
    }

    /// Whether no task will run any more: a panic was fatal.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.executor.core(|core| matches!(core.queue, ReadyQueue::Closed))
    }

    /// How many tasks are ready.
    pub(crate) fn ready(&self) -> usize {
        self.executor.core(|core| {
            core.empty_inbox(&self.executor.inbox, &self.executor.counts);
            core.queue.len()
        })
    }

    /// How many tasks this thread has made ready.
    pub(crate) fn queued(&self) -> usize {
        self.executor.core(|core| core.queue.len())
    }

    /// Whether a task is ready.
    pub(crate) fn has_ready(&self) -> bool {
        self.executor.core(|core| core.queue.len() > 0) || !self.executor.inbox.is_empty()
    }

    /// Allows the wake hook to be called again. What is posted from now on calls it; so look at
    /// [`has_ready`](Self::has_ready) and [`take_root_wake`](Self::take_root_wake) once more.
    pub(crate) fn expect_notice(&self) {
        // Who waits must be idle, so that wakes from elsewhere come with a notice.
        self.executor.clear_berths();
        // AcqRel: see "No lost wake" in the module.
        self.executor.notified.swap(false, Ordering::AcqRel);
    }

    /// Whether the root future's waker was called since the last time.
    #[inline]
    pub(crate) fn take_root_wake(&self) -> bool {
        let here = self.executor.core(|core| core::mem::take(&mut core.root_woken));
        // Acquire pairs with the Release of `wake_root`; the load spares the write.
        let elsewhere = self.executor.root_woken.load(Ordering::Acquire)
            && self.executor.root_woken.swap(false, Ordering::AcqRel);
        here || elsewhere
    }

    /// Whether [`take_root_wake`](Self::take_root_wake) would answer `true`.
    #[inline]
    pub(crate) fn is_root_woken(&self) -> bool {
        self.executor.core(|core| core.root_woken)
            || self.executor.root_woken.load(Ordering::Acquire)
    }

    /// How many tasks are not complete.
    pub(crate) fn task_count(&self) -> usize {
        self.executor.core(|core| {
            core.empty_inbox(&self.executor.inbox, &self.executor.counts);
            core.registry.len()
        })
    }

    /// Every task that is not complete.
    pub(crate) fn for_each_task(&self, mut each: impl FnMut(Task)) {
        self.executor.core(|core| core.registry.iter().for_each(&mut each));
    }

    /// A hash of the order in which tasks ran; see [`ReadyQueue::trace`].
    pub(crate) fn trace(&self) -> u64 {
        self.executor.core(|core| core.queue.trace())
    }

    /// Cancels every task, and every one that comes from now on.
    pub(crate) fn close(&self) {
        let executor = self.executor;
        executor.core(|core| {
            core.close();
            core.clear_berths(&executor.counts);
            executor.inbox.close(|task| {
                executor.counts.received.add(1);
                if task.slot() == super::cell::NEW {
                    core.register(task);
                }
            });
        });
        self.cancel_all();
    }

    /// Drops the future of every task there is. The executor is closed, so none is added.
    fn cancel_all(&self) {
        let executor = self.executor;
        let tasks: Vec<Task> = executor.core(|core| core.registry.iter().collect());
        for task in tasks {
            task.seize();
            super::poll_as(task, || task.cancel());
            executor.forget(task);
            task.finish();
        }
    }

    /// A waker for the future that the driver itself polls. It borrows the driver's claim on the
    /// executor, so it needs no reference of its own; its clones do.
    #[inline]
    pub(crate) fn root_waker(&self) -> ManuallyDrop<Waker> {
        self.executor.core(|core| core.root_woken = true);
        let data = self.executor.as_owner().as_ptr().cast_const().cast();
        // SAFETY: `ROOT` keeps the waker contract, and this waker is never dropped.
        ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &ROOT)) })
    }
}

impl Driving<'_> {
    /// The executor keeps its randomness, and the thread has its own again.
    #[cold]
    fn take_rng_back(&self, of_thread: Rng) {
        let rng = context::with(|cx| cx.rng.replace(of_thread));
        self.executor.core(|core| core.rng = Some(rng));
    }

    /// Gives the right up, as the drop does. Inlined, and by reference: what the slot said before goes
    /// back from where it was put.
    #[inline(always)]
    pub(crate) fn end(&mut self) {
        if core::mem::replace(&mut self.ended, true) {
            return;
        }
        if let Some(before) = self.rng {
            self.take_rng_back(before);
        }
        self.before.set();
        self.executor.clear_berths();
        // Release hands the core to the Acquire of the next `drive`.
        self.executor.driver.store(0, Ordering::Release);
    }

    #[inline(never)]
    fn end_at_drop(&mut self) {
        self.end();
    }
}

impl Drop for Driving<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.ended {
            self.end_at_drop();
        }
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("driver", &self.driver).finish_non_exhaustive()
    }
}

/// The one owning handle of an executor.
#[derive(Debug)]
pub(crate) struct ExecutorHandle(NonNull<Executor>);

// SAFETY: an `Executor` is `Send` and `Sync`.
unsafe impl Send for ExecutorHandle {}
// SAFETY: as above.
unsafe impl Sync for ExecutorHandle {}

impl core::ops::Deref for ExecutorHandle {
    type Target = Executor;

    fn deref(&self) -> &Executor {
        // SAFETY: the executor lives at least until the handle is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for ExecutorHandle {
    fn drop(&mut self) {
        // Nobody drives it: driving borrows the handle. Tasks that are bound to another thread
        // cannot be dropped here; they are leaked, which is safe, and reported as cancelled.
        let stranded = match self.drive() {
            Ok(driving) => {
                driving.close();
                false
            }
            Err(_) => THREADS,
        };
        if stranded {
            self.abandon_locals();
        }
        self.free.set(Some(free));
        if !THREADS {
            // SAFETY: the handle has the first reference, which nobody else gives back.
            return drop(unsafe { OwnerRef::from_raw(self.as_owner()) });
        }
        let here = self.owner.counted_here();
        // AcqRel: the last reference frees what all others did.
        let merge = BIAS.wrapping_sub(here as usize);
        if self.references.fetch_sub(merge, Ordering::AcqRel) == merge {
            // SAFETY: no reference is left.
            unsafe { free(self.0) };
        }
    }
}

/// Frees an executor.
///
/// # Safety
/// It was made by [`Executor::start`], and this was the last reference.
unsafe fn free(executor: NonNull<Executor>) {
    // SAFETY: it was leaked from a box, and the caller's promise.
    drop(unsafe { Box::from_raw(executor.as_ptr()) });
}

impl ExecutorHandle {
    /// Leaks the futures that belong to another thread, then closes.
    fn abandon_locals(&self) {
        let here = context::thread();
        let mut locals = Vec::new();
        // SAFETY of the section: the handle is being dropped, so nobody else drives.
        self.driver.store(here, Ordering::Relaxed);
        self.core(|core| {
            core.empty_inbox(&self.inbox, &self.counts);
            locals.extend(core.registry.iter().filter(|task| task.is_local()));
            for task in &locals {
                task.seize();
                task.abandon();
                self.counts.ended.add(1);
                core.forget(*task);
            }
        });
        self.driver.store(0, Ordering::Relaxed);
        for task in locals {
            self.watch.ended(task);
            task.finish();
        }
        if let Ok(driving) = self.drive() {
            driving.close();
        }
    }
}

static OPS: Ops = Ops {
    single: true,
    retain: |owner| {
        // Relaxed: a new reference is made from an old one.
        executor(&owner).references.fetch_add(1, Ordering::Relaxed);
    },
    release: |owner| {
        // The handle is gone if this was the last, or the bias would be left; so it has set `free`.
        let executor = executor(&owner);
        if (!THREADS || executor.references.fetch_sub(1, Ordering::AcqRel) == 1)
            && let Some(free) = executor.free.get()
        {
            // SAFETY: this was the last reference.
            unsafe { free(owner.cast()) };
        }
    },
    schedule: |owner, task| executor(&owner).schedule(Task::from_raw(task)),
    adopt: |owner, task| executor(&owner).adopt(Task::from_raw(task)),
    unpark: |owner| {
        if context::with(|cx| cx.driving.get()) != Some(owner) {
            executor(&owner).notify();
        }
    },
    // A runtime that was only entered here does not depend on this thread.
    step_aside: |owner| {
        let executor = executor(&owner);
        executor.blocking == Blocking::Allowed || !executor.is_driven_here()
    },
    place: |owner, make| {
        let executor = executor(&owner);
        let task = Task::from_raw(make(executor.owner()));
        // A part of a runtime is called under a lock; the runtime tells.
        if executor.env.is_some() {
            executor.watch.spawned(task);
        }
        executor.adopt_from_anywhere(task);
    },
    read: |owner, what| executor(&owner).counts.read(what),
    env: |owner| executor(&owner).env().map(NonNull::from),
    #[cfg(feature = "dump")]
    dump: crate::env::owner::DumpOps {
        enter: |owner, f| {
            let executor = executor(&owner);
            let here = executor.is_driven_here();
            if here {
                // Those in a berth wait.
                executor.clear_berths();
                let _post = executor.post(Post::current()).take();
                f();
            }
            here
        },
        each: |owner, f| {
            executor(&owner).core(|core| core.registry.iter().for_each(|task| f(task.as_raw())));
        },
        end: |owner, task| executor(&owner).end(Task::from_raw(task)),
        parts: |_, _| {},
    },
};

/// The executor behind `owner`, if it is one whose core this thread may touch: it drives it, be it
/// further up the stack, or there is no other thread. Then every owner is an executor.
#[inline]
pub(super) fn at_hand(owner: &OwnerRef) -> Option<&Executor> {
    if THREADS && !owner.is_of(&OPS) {
        return None;
    }
    // SAFETY: as for `executor`; it lives as long as the reference.
    let executor: &Executor = unsafe { owner.as_ptr().cast().as_ref() };
    executor.has_core_here().then_some(executor)
}

/// Gives a new task to its owner.
#[inline]
pub(super) fn adopt(task: Task) {
    match task.owner() {
        owner if THREADS => owner.adopt(task.as_raw()),
        owner => executor(&owner.as_ptr()).adopt(task),
    }
}

/// The executor behind an owner of this table.
#[inline]
fn executor(owner: &NonNull<Owner>) -> &Executor {
    // SAFETY: `OPS` is the table of executors only, whose first field is the owner (`repr(C)`),
    // and whoever calls an operation has a reference.
    unsafe { owner.cast::<Executor>().as_ref() }
}

/// The waker of the future that the driver itself polls: its data is a counted owner.
static ROOT: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // One reference more: what the clone is in is not dropped.
        let _counted = root(data).clone();
        RawWaker::new(data, &ROOT)
    },
    |data| {
        wake_root(data);
        drop_root(data);
    },
    wake_root,
    drop_root,
);

/// The owner reference inside a root waker, which must not be dropped.
fn root(data: *const ()) -> ManuallyDrop<OwnerRef> {
    // SAFETY: the data of a root waker is a counted owner.
    let owner = unsafe { NonNull::new_unchecked(data.cast_mut()) }.cast();
    // SAFETY: the waker's own reference, kept by `ManuallyDrop`.
    ManuallyDrop::new(unsafe { OwnerRef::from_raw(owner) })
}

fn wake_root(data: *const ()) {
    let owner = root(data).as_ptr();
    let executor = executor(&owner);
    if context::with(|cx| cx.driving.get()) == Some(owner) {
        return executor.core(|core| core.root_woken = true);
    }
    // Release pairs with the Acquire of `take_root_wake`.
    executor.root_woken.store(true, Ordering::Release);
    executor.notify();
}

fn drop_root(data: *const ()) {
    drop(ManuallyDrop::into_inner(root(data)));
}
