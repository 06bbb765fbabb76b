//! The runtime on one thread: an executor, a clock and timers, and a host that may be able to
//! wait.

use super::builder::Config;
use super::shutdown::{Deadline, ShutdownReport, Survivor};
use super::unstable::ENDED_BY_PANIC;
use super::wake_hook::WakeHook;
use crate::atomic::{AtomicUsize, Ordering, THREADS};
use crate::env::clock;
use crate::env::context::Restore;
use crate::env::coop::{self, Budget};
use crate::env::instant::Instant;
use crate::env::meter::{Reading, WorkerMeter};
use crate::env::panics::CAUGHT;
use crate::env::rng::Rng;
use crate::env::{self, Env};
use crate::lock::{Lock, LockGuard};
use crate::platform::Park;
use crate::task::executor::{Blocking, Driving, Executor, ExecutorHandle, Refused, Wake};
use crate::task::observer::{Observer, Watch};
use crate::task::queue::ReadyQueue;
use crate::task::{Handle, guard};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

/// What a runtime needs after a tick.
///
/// # Examples
/// ```
/// use creel::runtime::{Builder, Next};
/// use creel::time::{Duration, Instant, sleep};
/// let runtime = Builder::new_current_thread().build_passive(|| {});
/// runtime.spawn(async { sleep(Duration::from_secs(60)).await });
/// match runtime.tick(10) {
///     Next::At(then) => assert!(then > Instant::now()), // the host waits until then
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Another tick at once: tasks are ready.
    Now,
    /// A tick at this time of the host's clock at the latest, or when the host is woken.
    At(Instant),
    /// Nothing until the host is woken.
    Idle,
    /// Nothing was done: somebody is inside a tick already, further up this stack or on another
    /// thread, or the runtime has tasks that are bound to another thread.
    Busy,
}

/// How many tasks that a look has woken may put off the next, at most.
const BATCH: usize = 1024;

pub(super) struct CurrentThread {
    executor: ExecutorHandle,
    /// What is called when there is work, on a host that ticks.
    wake_hook: Option<Arc<WakeHook>>,
    /// How the host waits; `None` for a host that cannot.
    park: Option<Arc<dyn Park>>,
    event_interval: usize,
    /// How many turns tasks have before the host looks at the world again; written by who drives.
    until_look: AtomicUsize,
    /// Who waits in `block_on` for another thread to stop driving.
    waiting: Lock<Vec<Waker>>,
    on_park: Option<Arc<dyn Fn() + Send + Sync>>,
    on_unpark: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl CurrentThread {
    pub(super) fn new(
        config: &Config,
        queue: ReadyQueue,
        env: Env,
        wake: Box<dyn Fn() + Send + Sync>,
        park: Option<Arc<dyn Park>>,
    ) -> Self {
        let rng = config.seed.map(Rng::new);
        Self {
            wake_hook: None,
            executor: Executor::start(
                queue,
                rng,
                Some(Box::new(env)),
                Wake::Hook(wake),
                Blocking::Refused,
                Watch::none(),
            ),
            park,
            event_interval: config.event_interval as usize,
            until_look: AtomicUsize::new(config.event_interval as usize),
            waiting: Lock::new(Vec::new()),
            on_park: config.threads.on_park.clone(),
            on_unpark: config.threads.on_unpark.clone(),
        }
    }

    /// A runtime that calls `hook` when there is work for a tick.
    pub(super) fn ticked(
        config: &Config,
        env: Env,
        hook: Arc<WakeHook>,
        park: Option<Arc<dyn Park>>,
    ) -> Self {
        let (call, unpark) = (Arc::clone(&hook), park.clone());
        let wake = Box::new(move || {
            unpark.iter().for_each(|park| park.unpark());
            call.call();
        });
        let mut made = Self::new(config, ReadyQueue::default(), env, wake, park);
        made.wake_hook = Some(hook);
        made
    }

    pub(super) fn wake_hook(&self) -> Option<&Arc<WakeHook>> {
        self.wake_hook.as_ref()
    }

    /// Whether the hook was called since the last tick.
    pub(super) fn is_notified(&self) -> bool {
        self.executor.is_notified()
    }

    pub(super) fn handle(&self) -> Handle {
        Handle::new(self.executor.owner())
    }

    pub(super) fn observer(&self) -> Option<&Arc<Observer>> {
        self.executor.observer()
    }

    fn env(&self) -> &Env {
        let Some(env) = self.executor.env() else { unreachable!("a runtime has an environment") };
        env
    }

    fn meter(&self) -> &WorkerMeter {
        self.env().meter.only()
    }

    /// Takes the right to drive.
    fn drive(&self) -> Result<Driven<'_>, Refused> {
        match self.executor.drive() {
            Ok(driving) => Ok(Driven { driving, _released: Released(self) }),
            Err(refused) => {
                if refused == Refused::ForeignThread {
                    // It was ours for a moment, in which others may have been refused.
                    drop(Released(self));
                }
                Err(refused)
            }
        }
    }

    pub(super) fn tick(&self, turns: usize) -> Next {
        let Ok(driving) = self.drive() else { return Next::Busy };
        self.expire();
        if let Some(park) = &self.park {
            park.look();
        }
        driving.run(turns);
        self.end_if_closed(&driving);
        driving.expect_notice();
        if driving.has_ready() { Next::Now } else { self.next() }
    }

    /// [`tick`](Self::tick) for a host that has just looked at timers: it does not read the clock,
    /// so what is due meanwhile is answered as a time that has passed. It first fires the timers that
    /// are due `with_timers`, and calls `first`, whose wakes are then those of the driving thread.
    pub(super) fn tick_ready(&self, first: impl FnOnce(), turns: usize, with_timers: bool) -> Next {
        let Ok(driving) = self.drive() else {
            first();
            return Next::Busy;
        };
        first();
        if with_timers {
            self.expire();
        }
        driving.run(turns);
        driving.expect_notice();
        if driving.has_ready() {
            return Next::Now;
        }
        match self.env().timers.next() {
            None => Next::Idle,
            Some(deadline) if clock::all_clocks_are_real() => Next::At(deadline),
            Some(_) => self.next(),
        }
    }

    /// When the next timer is due on the clock of the host.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let env = self.env();
        env.timers.next().and_then(|deadline| env.clock.on_host(deadline))
    }

    /// A hash of the order in which tasks ran; zero unless that order is seeded.
    pub(super) fn trace(&self) -> u64 {
        self.executor.drive().map_or(0, |driving| driving.trace())
    }

    #[inline]
    fn expire(&self) {
        if self.env().timers.is_armed() {
            self.expire_armed();
        }
    }

    #[inline(never)]
    fn expire_armed(&self) {
        let env = self.env();
        // A waker that panics concerns nobody here.
        guard(|| env.timers.expire(env.clock.now()));
    }

    /// What is next when no task is ready.
    fn next(&self) -> Next {
        let env = self.env();
        let Some(deadline) = env.timers.next() else { return Next::Idle };
        // A clock that stands still reaches no deadline by waiting.
        if deadline <= env.clock.now() || env.clock.jump(deadline) {
            return Next::Now;
        }
        env.clock.on_host(deadline).map_or(Next::Idle, Next::At)
    }

    /// Drives the runtime until `future` is ready.
    #[track_caller]
    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            // Not by `drive`: a future that is ready at once waits for every move of what it answers.
            let released = Released(self);
            match self.executor.drive() {
                Ok(mut driving) => {
                    let output = self.drive_until(&driving, future);
                    driving.end();
                    return output;
                }
                Err(Refused::ForeignThread) => panic!(
                    "this runtime has tasks made by `spawn_local` on another thread: `block_on` \
                     must be called on that thread"
                ),
                Err(Refused::Busy) => core::mem::forget(released),
            }
            if let Some(output) = self.wait_to_drive(future.as_mut()) {
                return output;
            }
        }
    }

    #[inline]
    fn drive_until<F: Future>(&self, driving: &Driving<'_>, mut future: Pin<&mut F>) -> F::Output {
        let waker = driving.root_waker();
        let mut cx = Context::from_waker(&waker);
        let mut busy = None;
        loop {
            if driving.take_root_wake()
                && let Poll::Ready(output) =
                    coop::with_budget(Budget::INITIAL, || future.as_mut().poll(&mut cx))
            {
                return output;
            }
            // A future that is ready at once costs no look at the clock.
            busy.get_or_insert_with(|| Busy::begin(self));
            // Woken while it was polled: it yields, so that the world may go on.
            let yields = driving.is_root_woken();
            self.turn(driving, yields, || driving.is_root_woken());
        }
    }

    /// Runs tasks for one event interval; waits if none is ready and `ready` says so too. If the
    /// root future `yields` it is one of many: those that are ready have one turn each. If it yields
    /// to nobody, the host looks at the world.
    #[inline]
    fn turn(&self, driving: &Driving<'_>, yields: bool, ready: impl Fn() -> bool) {
        self.expire();
        let most = self.event_interval;
        let most = if yields { most.min(driving.ready()) } else { most };
        let turns = driving.run(most);
        self.end_if_closed(driving);
        if turns == self.event_interval || ready() {
            let alone = yields && turns == 0;
            return self.look_after(driving, if alone { usize::MAX } else { turns });
        }
        // The callback may make a task ready, so the last look comes after it.
        self.on_park.iter().for_each(|call| call());
        driving.expect_notice();
        let idle = || !driving.has_ready() && !ready();
        if idle() && self.env().clock.is_paused() {
            // What the kernel has for us comes before the clock jumps.
            self.park.iter().for_each(|park| park.look());
        }
        if idle() {
            self.wait(driving, None);
        }
        self.on_unpark.iter().for_each(|call| call());
    }

    /// Ends the runtime if the panic of a task was fatal.
    #[inline]
    fn end_if_closed(&self, driving: &Driving<'_>) {
        if CAUGHT && driving.is_closed() {
            self.env().shut_down();
            driving.close();
            panic!("{ENDED_BY_PANIC}");
        }
    }

    /// Has the host look at the world if tasks had enough turns since it last did.
    fn look_after(&self, driving: &Driving<'_>, turns: usize) {
        // Relaxed, and no more than a load and a store: one thread at a time drives.
        let left = self.until_look.load(Ordering::Relaxed).saturating_sub(turns.max(1));
        self.until_look.store(left, Ordering::Relaxed);
        if left == 0
            && let Some(park) = &self.park
        {
            let before = driving.queued();
            park.look();
            self.note_woken(driving.queued().saturating_sub(before));
        }
    }

    /// Whom a look has woken have their turns before the next one: until they have, the system would
    /// tell of the same again, or little else.
    fn note_woken(&self, tasks: usize) {
        let turns = tasks.min(BATCH).max(self.event_interval);
        self.until_look.store(turns, Ordering::Relaxed);
    }

    /// Waits until the host is woken or the next timer is due, or until `limit`. A paused clock
    /// jumps there instead.
    fn wait(&self, driving: &Driving<'_>, limit: Option<Instant>) {
        let env = self.env();
        let until = match (env.timers.next(), limit) {
            (Some(next), Some(limit)) => Some(next.min(limit)),
            (next, limit) => next.or(limit),
        };
        if let Some(until) = until
            && env.clock.jump(until)
        {
            return;
        }
        let Some(park) = &self.park else { return };
        let timeout = until.map(|until| until.saturating_duration_since(env.clock.now()));
        let polls = self.executor.owner().read(Reading::Polls(0));
        let meter = self.meter();
        meter.about_to_park(polls);
        let busy = meter.rest(env::host_now());
        park.park(timeout);
        meter.resume(env::host_now(), busy);
        meter.unparked();
        self.note_woken(driving.queued());
    }

    /// Polls `future` while another thread drives; `None` when nobody drives any more.
    #[cold]
    #[track_caller]
    fn wait_to_drive<F: Future>(&self, mut future: Pin<&mut F>) -> Option<F::Output> {
        let handle = self.handle();
        let _entered = handle.enter();
        crate::sync::block::block_on(core::future::poll_fn(|cx| {
            self.tell_when_released(cx.waker());
            if !matches!(self.drive(), Err(Refused::Busy)) {
                return Poll::Ready(None);
            }
            let _occupied = Restore::set(|cx| &cx.occupied, true);
            future.as_mut().poll(cx).map(Some)
        }))
    }

    /// Wakes `waker`, which is one of our own, when nobody drives any more.
    fn tell_when_released(&self, waker: &Waker) {
        let mut waiting = self.waiting.lock();
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    /// Whether the host can wait.
    pub(super) fn can_wait(&self) -> bool {
        self.park.is_some()
    }

    /// Drives the runtime until it has no task left.
    pub(super) fn run(&self) {
        let driving = self.drive_alone("run");
        let _busy = Busy::begin(self);
        while driving.task_count() > 0 {
            self.turn(&driving, false, || driving.task_count() == 0);
        }
    }

    /// How many tasks are left; unknown while somebody drives.
    pub(super) fn task_count(&self) -> Option<usize> {
        self.executor.drive().ok().map(|driving| driving.task_count())
    }

    #[track_caller]
    fn drive_alone(&self, what: &str) -> Driven<'_> {
        self.drive().unwrap_or_else(|refused| match refused {
            Refused::Busy => panic!("`{what}` was called while this runtime is driven already"),
            Refused::ForeignThread => panic!(
                "this runtime has tasks made by `spawn_local` on another thread: `{what}` must be \
                 called on that thread"
            ),
        })
    }

    /// Ends the tasks; those that had not ended by themselves go into the report. The `time` they
    /// have counts on their own clock, or, if that stands still meanwhile, on the host's.
    pub(super) fn shut_down(
        &self,
        deadline: Deadline,
        time: Duration,
        report: &mut ShutdownReport,
    ) {
        // Tasks of another thread cannot be dropped here; the executor's own drop sees to them.
        let Ok(driving) = self.executor.drive() else { return self.env().shut_down() };
        if let Deadline::Graceful(on_host) = deadline {
            self.run_until(&driving, self.env().clock.now().add_or_far(time), on_host);
        }
        // Nobody reads the report of a runtime that is dropped.
        if !matches!(deadline, Deadline::Drop) {
            driving.for_each_task(|task| report.survivors.push(Survivor::of(task)));
        }
        self.env().shut_down();
        driving.close();
    }

    fn run_until(&self, driving: &Driving<'_>, deadline: Instant, on_host: Instant) {
        let in_time = || self.env().clock.now() < deadline && env::host_now() < on_host;
        while driving.task_count() > 0 && in_time() {
            self.expire();
            let turns = driving.run(self.event_interval);
            if turns == self.event_interval {
                self.look_after(driving, turns);
                continue;
            }
            driving.expect_notice();
            if !driving.has_ready() && driving.task_count() > 0 {
                if !self.can_wait() {
                    return;
                }
                self.wait(driving, Some(deadline));
            }
        }
    }
}

impl Drop for CurrentThread {
    fn drop(&mut self) {
        self.shut_down(Deadline::Drop, Duration::ZERO, &mut ShutdownReport::default());
    }
}

impl fmt::Debug for CurrentThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentThread").field("executor", &*self.executor).finish_non_exhaustive()
    }
}

/// The right to drive; whoever waits for it is told when it is free again.
struct Driven<'a> {
    driving: Driving<'a>,
    /// Dropped after the right.
    _released: Released<'a>,
}

impl<'a> core::ops::Deref for Driven<'a> {
    type Target = Driving<'a>;

    fn deref(&self) -> &Driving<'a> {
        &self.driving
    }
}

/// The time in which a runtime is driven by a thread that waits for it, its waits left out.
struct Busy<'a>(&'a CurrentThread);

impl<'a> Busy<'a> {
    fn begin(runtime: &'a CurrentThread) -> Self {
        runtime.meter().begin(env::host_now());
        Self(runtime)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.meter().end(env::host_now());
    }
}

/// Tells those who wait to drive, when dropped.
struct Released<'a>(&'a CurrentThread);

impl Drop for Released<'_> {
    #[inline]
    fn drop(&mut self) {
        // Where there are no other threads nobody waits for this one to stop.
        if !THREADS {
            return;
        }
        let waiting = self.0.waiting.lock();
        if !waiting.is_empty() {
            wake_all(waiting);
        }
    }
}

#[cold]
fn wake_all(mut waiting: LockGuard<'_, Vec<Waker>>) {
    let woken = core::mem::take(&mut *waiting);
    drop(waiting);
    woken.into_iter().for_each(Waker::wake);
}
