//! The runtime as its user holds it.

use super::current_thread::CurrentThread;
use super::shutdown::{Deadline, Threads};
use super::{Builder, EnterGuard, Handle, Id, Next, RuntimeFlavor, ShutdownReport};
use crate::atomic::THREADS;
use crate::env::coop::{self, Budget};
use crate::env::instant::Instant;
use crate::env::{self, context, panics};
use crate::task::executor::Blocking;
use crate::task::observer::Observer;
use crate::task::{JoinHandle, LocalSet};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;

/// A runtime: it owns tasks, timers and, natively, threads. Dropping it cancels its tasks, and
/// waits for closures on its blocking pool that have begun or were given a thread.
///
/// # Examples
/// Waiting with the thread:
/// ```
/// let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// let answer = runtime.block_on(async { creel::spawn(async { 42 }).await.unwrap() });
/// assert_eq!(answer, 42);
/// ```
/// Inside somebody else's loop:
/// ```
/// use creel::runtime::{Builder, Next};
/// let runtime = Builder::new_current_thread().build_passive(|| { /* schedule a tick */ });
/// let task = runtime.spawn(async { 42 });
/// while runtime.tick(128) == Next::Now {}
/// assert!(task.is_finished());
/// ```
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    /// The scheduler, if it runs on the thread that drives it.
    pub(super) local: Option<CurrentThread>,
    /// The parts that have threads, in the order in which they end.
    threads: Vec<Box<dyn Threads>>,
    ended: bool,
}

impl core::panic::UnwindSafe for Runtime {}
impl core::panic::RefUnwindSafe for Runtime {}

impl Runtime {
    pub(super) fn current_thread(local: CurrentThread) -> Self {
        Self { handle: local.handle(), local: Some(local), threads: Vec::new(), ended: false }
    }

    /// A runtime whose scheduler has threads of its own; the first of `threads` ends first.
    pub(crate) fn on_threads(handle: Handle, threads: Vec<Box<dyn Threads>>) -> Self {
        Self { handle, local: None, threads, ended: false }
    }

    /// Gives the runtime a part that has threads of its own.
    pub(crate) fn add_threads(&mut self, threads: Box<dyn Threads>) {
        self.threads.push(threads);
    }

    /// Whoever looks at the tasks of a current-thread runtime, if anybody does.
    pub(crate) fn observer(&self) -> Option<&Arc<Observer>> {
        self.local.as_ref().and_then(CurrentThread::observer)
    }

    /// A multi-threaded runtime with default options, natively.
    ///
    /// # Errors
    /// If the host has no threads, or cannot start them.
    #[cfg(feature = "std")]
    pub fn new() -> std::io::Result<Self> {
        Builder::new_multi_thread().build()
    }

    /// A handle to this runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Starts a task; see [`spawn`](crate::task::spawn). It runs when the runtime is driven.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs a closure that blocks its thread; see [`spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, function: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(function)
    }

    /// Makes this the runtime of the thread until the guard is dropped.
    ///
    /// # Examples
    /// ```
    /// let runtime = creel::runtime::Builder::new_current_thread().build()?;
    /// let task = {
    ///     let _entered = runtime.enter();
    ///     creel::spawn(async { 1 }) // on `runtime`
    /// };
    /// assert_eq!(runtime.block_on(task).unwrap(), 1);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Runs `future`, and all tasks beside it, until `future` is ready. Waits with the thread.
    ///
    /// # Panics
    /// If `future` panics; inside a runtime, whose tasks would wait for this thread; on a host
    /// that cannot wait.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let Some(local) = &self.local else { return self.handle.block_on(future) };
        refuse_inside("block_on");
        assert!(local.can_wait(), "{CANNOT_WAIT}");
        local.block_on(future)
    }

    /// Runs all tasks until none is left. Waits with the thread.
    ///
    /// # Panics
    /// As [`block_on`](Self::block_on); and if the runtime is multi-threaded, for that drives
    /// itself.
    ///
    /// # Examples
    /// ```
    /// let runtime = creel::runtime::Builder::new_current_thread().build()?;
    /// let task = runtime.spawn(async { creel::spawn(async { 2 }).await.unwrap() });
    /// runtime.run();
    /// assert!(task.is_finished());
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn run(&self) {
        refuse_inside("run");
        let Some(local) = &self.local else {
            panic!("a multi-threaded runtime drives itself: there is nothing to `run`")
        };
        assert!(local.can_wait(), "{CANNOT_WAIT}");
        local.run();
    }

    /// Gives up to `turns` ready tasks a turn each, after firing the timers that are due, and
    /// answers what the runtime needs next. Never waits.
    ///
    /// Called from inside one of its own tasks it does nothing and answers [`Next::Busy`]. A
    /// multi-threaded runtime drives itself: the answer is [`Next::Idle`].
    pub fn tick(&self, turns: usize) -> Next {
        self.local.as_ref().map_or(Next::Idle, |local| local.tick(turns))
    }

    /// [`tick`](Self::tick) that fires no timers and does not read the clock, for a host that has
    /// just done so or knows that none is due. A time that has passed may be the answer.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::{Builder, Next};
    /// let runtime = Builder::new_current_thread().build_passive(|| {});
    /// let task = runtime.spawn(async { 42 });
    /// assert_eq!(runtime.tick_ready(10), Next::Idle);
    /// assert!(task.is_finished());
    /// ```
    pub fn tick_ready(&self, turns: usize) -> Next {
        self.tick_hosted(|| {}, turns, false)
    }

    /// [`tick_ready`](Self::tick_ready) that first calls `first`, and fires the timers that are due, if it
    /// is told so.
    pub(crate) fn tick_hosted(
        &self,
        first: impl FnOnce(),
        turns: usize,
        with_timers: bool,
    ) -> Next {
        let Some(local) = &self.local else {
            first();
            return Next::Idle;
        };
        local.tick_ready(first, turns, with_timers)
    }

    /// Tells that the host was kept from ticking: it should have at `from` and does at `to`, both on
    /// the runtime's clock. An [`Interval`](crate::time::Interval) that missed ticks meanwhile can
    /// then [say](crate::time::Interval::missed) that it was not the program's doing.
    pub fn report_gap(&self, from: Instant, to: Instant) {
        self.handle.owner().env().timers.note_gap(from, to);
    }

    /// How many tasks are left, for hosts that tick until none is; unknown inside a tick.
    #[allow(dead_code)] // preview 3 of WASI asks
    pub(crate) fn task_count(&self) -> Option<usize> {
        self.local.as_ref().and_then(CurrentThread::task_count)
    }

    /// When the next timer is due on the clock of the host, for one that ticks.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.local.as_ref().and_then(CurrentThread::next_deadline)
    }

    /// Lets the tasks go on for up to `deadline`, then cancels those that have not ended and
    /// reports them. Closures on the blocking pool cannot be cancelled; those that still run are
    /// reported and left to themselves.
    ///
    /// On a host that cannot wait, the tasks are given no time.
    ///
    /// # Panics
    /// Inside a runtime.
    ///
    /// # Examples
    /// ```
    /// use creel::time::{Duration, sleep};
    /// let runtime = creel::runtime::Builder::new_current_thread().build()?;
    /// runtime.spawn(async { sleep(Duration::from_millis(1)).await });
    /// let report = runtime.shutdown(Duration::from_secs(60)); // takes a millisecond
    /// assert!(report.is_clean());
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn shutdown(mut self, deadline: Duration) -> ShutdownReport {
        refuse_inside("shutdown");
        self.end(deadline, || Deadline::Graceful(env::host_now().add_or_far(deadline)))
    }

    /// Cancels the tasks, then waits for closures on the blocking pool for up to `duration`.
    ///
    /// # Panics
    /// Inside a runtime.
    #[track_caller]
    pub fn shutdown_timeout(mut self, duration: Duration) {
        if !duration.is_zero() {
            refuse_inside("shutdown_timeout");
        }
        self.end(duration, || Deadline::Cancel(env::host_now().add_or_far(duration)));
    }

    /// Cancels the tasks and waits for nothing.
    pub fn shutdown_background(mut self) {
        self.end(Duration::ZERO, || Deadline::Cancel(env::host_now()));
    }

    /// Whoever waits for nothing does not read the clock either: asking for it costs on some hosts.
    fn end(&mut self, time: Duration, deadline: impl Fn() -> Deadline) -> ShutdownReport {
        self.ended = true;
        let mut report = ShutdownReport::default();
        let on_host = deadline();
        if let Some(local) = &self.local {
            local.shut_down(on_host, time, &mut report);
        }
        for threads in &self.threads {
            threads.shut_down(on_host, &mut report);
        }
        report
    }

    /// A hash of the order in which tasks had their turns, for the simulator.
    #[cfg(feature = "sim")]
    pub(crate) fn trace(&self) -> u64 {
        self.local.as_ref().map_or(0, CurrentThread::trace)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Duration::ZERO, || Deadline::Drop);
            // On a thread that tasks depend on, no thread was waited for.
            assert!(
                !THREADS
                    || !self.threads.iter().any(|threads| threads.are_waited_for())
                    || !context::with(|cx| cx.occupied.get())
                    || panics::unwinding(),
                "a runtime was dropped inside a runtime, where it cannot wait for its threads: \
                 drop it elsewhere, or call `shutdown_background` (tokio: Cannot drop a runtime \
                 in a context where blocking is not allowed)"
            );
        }
    }
}

const CANNOT_WAIT: &str = "this host cannot wait with the thread: spawn the future and let the \
                           host drive the runtime by `tick`";

/// Waiting with a thread that tasks depend on would be a hang; it is an error instead.
#[inline]
#[track_caller]
fn refuse_inside(what: &str) {
    if context::with(|cx| cx.occupied.get()) {
        refuse(what);
    }
}

#[cold]
#[track_caller]
fn refuse(what: &str) -> ! {
    panic!(
        "`{what}` was called inside a runtime: this thread drives tasks, and while it waits none \
         of them can run; await instead, or use a thread of its own (`spawn_blocking`) (tokio: \
         Cannot start a runtime from within a runtime)"
    );
}

/// Which worker of its runtime this thread is, from zero: always zero on the thread that drives a
/// current-thread runtime, `None` on a thread that runs no tasks.
pub fn worker_index() -> Option<usize> {
    context::with(|cx| cx.worker.get()).checked_sub(1)
}

impl Handle {
    /// The kind of the runtime.
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        self.owner().env().info.flavor
    }

    /// The id of the runtime.
    pub fn id(&self) -> Id {
        self.owner().env().info.id
    }

    /// The name of the runtime, if it was given one.
    pub fn name(&self) -> Option<&str> {
        self.owner().env().info.name.as_deref()
    }

    /// Runs `future` on this thread in the context of the runtime, and waits until it is ready.
    /// Does not drive the tasks of a current-thread runtime: somebody else must.
    ///
    /// # Panics
    /// If `future` panics; inside a runtime; without `std`, where no thread can wait.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        refuse_inside("block_on");
        let _entered = self.enter();
        // The set takes what the future starts by `spawn_local`.
        let set = LocalSet::with(Blocking::Allowed);
        let mut future = core::pin::pin!(set.run_until(future));
        crate::sync::block::block_on(core::future::poll_fn(|cx| {
            coop::with_budget(Budget::INITIAL, || future.as_mut().poll(cx))
        }))
    }
}

impl LocalSet {
    /// Runs `future` on `runtime` with the tasks of this set beside it, and waits until it is
    /// ready.
    ///
    /// # Panics
    /// As [`Runtime::block_on`].
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }
}
