//! How a runtime shall be.

use super::Runtime;
use super::current_thread::CurrentThread;
use super::wake_hook::WakeHook;
use crate::env::Env;
use crate::env::clock::Clock;
use crate::env::hooks::{self, Hooks};
use crate::env::info::{Info, RuntimeFlavor};
use crate::env::meter::{HistogramOptions, Meter};
use crate::env::owner::OwnerRef;
use crate::env::panics::CAUGHT;
use crate::env::timers::Timers;
use crate::platform::{Driver, Park};
use crate::task::queue::ReadyQueue;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// Makes runtimes. Every option has a default that serves most programs.
///
/// # Examples
/// ```
/// let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// assert_eq!(runtime.block_on(async { 1 + 1 }), 2);
/// ```
pub struct Builder {
    pub(super) config: Config,
}

/// Which scheduler runs the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    CurrentThread,
    MultiThread,
}

/// A callback without arguments.
type Callback = Arc<dyn Fn() + Send + Sync>;

/// What a builder was told; the hosts read it.
pub(crate) struct Config {
    pub(crate) kind: Kind,
    pub(crate) name: Option<String>,
    /// How to make a clock that starts paused; a program that never asks does not contain it.
    pub(crate) start_paused: Option<fn() -> Clock>,
    pub(crate) event_interval: u32,
    pub(crate) global_queue_interval: Option<u32>,
    /// Whether a worker runs what it woke last before all else.
    pub(crate) lifo_slot: bool,
    pub(crate) events: EventLimits,
    pub(crate) io_driver: IoDriver,
    #[cfg(feature = "std")]
    pub(crate) on_driver_fallback: Option<DriverFallback>,
    /// Only the thread that builds the runtime will ever drive it.
    pub(crate) bound: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) hooks: Hooks,
    /// The histogram of poll times, and whether there shall be one.
    pub(super) histogram: HistogramOptions,
    pub(super) histogram_enabled: bool,
    pub(crate) threads: ThreadConfig,
}

impl Config {
    /// The hooks, if any can ever be called.
    fn hooks(&self) -> Hooks {
        if CAUGHT || hooks::observed() { self.hooks.clone() } else { Hooks::default() }
    }

    /// The histogram of poll times, if there shall be one.
    pub(crate) fn histogram(&self) -> Option<&HistogramOptions> {
        (hooks::observed() && self.histogram_enabled).then_some(&self.histogram)
    }
}

/// How a runtime does its I/O; see [`Builder::io_driver`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IoDriver {
    /// Completion where the kernel allows it, else readiness.
    #[default]
    Auto,
    /// The kernel tells when a descriptor is ready; the thread then reads or writes: epoll,
    /// kqueue, and what Windows has.
    Readiness,
    /// The kernel reads or writes while the task sleeps, and tells when it has: io_uring, on Linux
    /// from 6.1 on. Needs the feature `io-uring`.
    Completion,
}

/// Whom to tell that readiness stands in for completion.
#[cfg(feature = "std")]
#[derive(Clone)]
pub(crate) struct DriverFallback(Arc<dyn Fn(&std::io::Error) + Send + Sync>);

#[cfg(feature = "std")]
impl DriverFallback {
    #[allow(dead_code)] // hosts without a choice of drivers never fall back
    pub(crate) fn call(&self, why: &std::io::Error) {
        (self.0)(why);
    }
}

#[cfg(feature = "std")]
impl fmt::Debug for DriverFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriverFallback")
    }
}

/// How many I/O events are handled at a time, at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventLimits {
    /// After a wait.
    pub(crate) waited: usize,
    /// When tasks are ready.
    pub(crate) busy: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self { waited: 1024, busy: 1024 }
    }
}

/// What concerns threads of the runtime's own.
#[derive(Clone)]
pub(crate) struct ThreadConfig {
    pub(crate) workers: Option<usize>,
    pub(crate) max_blocking: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) name: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    pub(crate) stack_size: Option<usize>,
    pub(crate) cores: Vec<usize>,
    pub(crate) on_start: Option<Callback>,
    pub(crate) on_stop: Option<Callback>,
    pub(crate) on_park: Option<Callback>,
    pub(crate) on_unpark: Option<Callback>,
}

impl ThreadConfig {
    /// The name of the next thread.
    #[allow(dead_code)] // only hosts with threads ask
    pub(crate) fn thread_name(&self) -> String {
        self.name.as_ref().map_or_else(|| "creel-worker".into(), |name| name())
    }
}

impl Builder {
    fn new(kind: Kind) -> Self {
        Self {
            config: Config {
                kind,
                name: None,
                start_paused: None,
                event_interval: 61,
                global_queue_interval: None,
                lifo_slot: true,
                events: EventLimits::default(),
                io_driver: IoDriver::Auto,
                #[cfg(feature = "std")]
                on_driver_fallback: None,
                bound: false,
                seed: None,
                hooks: Hooks::default(),
                histogram: HistogramOptions::default(),
                histogram_enabled: false,
                threads: ThreadConfig {
                    workers: None,
                    max_blocking: 512,
                    keep_alive: Duration::from_secs(10),
                    name: None,
                    stack_size: None,
                    cores: Vec::new(),
                    on_start: None,
                    on_stop: None,
                    on_park: None,
                    on_unpark: None,
                },
            },
        }
    }

    /// A runtime on one thread, that of whoever drives it. There on every host.
    pub fn new_current_thread() -> Self {
        Self::new(Kind::CurrentThread)
    }

    /// A runtime whose tasks run on a pool of threads. Natively only.
    ///
    /// # Examples
    /// ```
    /// let runtime = creel::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new_multi_thread() -> Self {
        Self::new(Kind::MultiThread)
    }

    /// Does nothing: timers and drivers are always there. For programs written for tokio.
    pub fn enable_all(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: drivers are always there. For programs written for tokio.
    pub fn enable_io(&mut self) -> &mut Self {
        self
    }

    /// Does nothing: timers are always there. For programs written for tokio.
    pub fn enable_time(&mut self) -> &mut Self {
        self
    }

    /// A name for the runtime itself.
    ///
    /// # Panics
    /// If the name is blank.
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(!name.trim().is_empty(), "the name of a runtime must not be blank");
        self.config.name = Some(name);
        self
    }

    /// Whether time stands still from the start, and jumps to the next deadline when nothing else
    /// is left to do; see [`time::pause`](crate::time::pause). Current-thread runtimes only.
    ///
    /// # Examples
    /// ```
    /// use creel::time::{Duration, Instant, sleep};
    /// let runtime = creel::runtime::Builder::new_current_thread().start_paused(true).build()?;
    /// runtime.block_on(async {
    ///     let start = Instant::now();
    ///     sleep(Duration::from_secs(3600)).await; // at once
    ///     assert_eq!(start.elapsed(), Duration::from_secs(3600));
    /// });
    /// # std::io::Result::Ok(())
    /// ```
    pub fn start_paused(&mut self, start_paused: bool) -> &mut Self {
        self.config.start_paused = start_paused.then_some(Clock::frozen);
        self
    }

    /// How many turns tasks have between two looks at timers and drivers; 61 unless told. On one thread
    /// those whom a look at drivers has woken have a turn each before the next, be they more, up to 1,024.
    ///
    /// # Panics
    /// If `turns` is zero.
    #[track_caller]
    pub fn event_interval(&mut self, turns: u32) -> &mut Self {
        assert!(turns > 0, "`event_interval` must be at least 1");
        self.config.event_interval = turns;
        self
    }

    /// How many I/O events are handled at a time, at most; 1024 unless told. More wait for the next
    /// look.
    ///
    /// # Panics
    /// If `events` is zero.
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, events: usize) -> &mut Self {
        assert!(events > 0, "max_io_events_per_tick must be non-zero");
        self.config.events = EventLimits { waited: events, busy: events };
        self
    }

    /// How many I/O events are handled at a time while tasks are ready, at most; as many as else
    /// unless told.
    ///
    /// # Panics
    /// If `events` is zero.
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, events: usize) -> &mut Self {
        assert!(events > 0, "max_io_events_per_busy_tick must be non-zero");
        self.config.events.busy = events;
        self
    }

    /// How the runtime does its I/O, natively. Completion where the kernel allows it unless told, or
    /// what the environment variable `CREEL_DRIVER` says (`readiness`, `completion`, `auto`).
    ///
    /// A driver that is asked for here and not to be had makes [`build`](Self::build) fail; left
    /// open, readiness stands in, and [`on_driver_fallback`](Self::on_driver_fallback) tells why.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::{Builder, IoDriver};
    /// let mut builder = Builder::new_current_thread();
    /// match builder.io_driver(IoDriver::Completion).build() {
    ///     Ok(runtime) => runtime.block_on(async { println!("io_uring it is") }),
    ///     Err(why) => println!("no io_uring here: {why}"),
    /// }
    /// ```
    pub fn io_driver(&mut self, driver: IoDriver) -> &mut Self {
        self.config.io_driver = driver;
        self
    }

    /// What to call if the runtime could choose its driver and had to do with readiness: when its
    /// first socket is made, with the reason. Without, a line on standard error tells it once if the
    /// environment variable `CREEL_DRIVER` is set.
    ///
    /// # Examples
    /// ```
    /// let runtime = creel::runtime::Builder::new_current_thread()
    ///     .on_driver_fallback(|why| eprintln!("sockets go through epoll: {why}"))
    ///     .build()?;
    /// # std::io::Result::Ok(())
    /// ```
    #[cfg(feature = "std")]
    pub fn on_driver_fallback<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&std::io::Error) + Send + Sync + 'static,
    {
        self.config.on_driver_fallback = Some(DriverFallback(Arc::new(f)));
        self
    }

    /// How many turns a worker's own tasks have between two looks at the queue that all share. Unless
    /// it is set, it follows how long the polls take, such that there is a look about every 200 us.
    ///
    /// # Panics
    /// If `turns` is zero.
    #[track_caller]
    pub fn global_queue_interval(&mut self, turns: u32) -> &mut Self {
        assert!(turns > 0, "`global_queue_interval` must be at least 1");
        self.config.global_queue_interval = Some(turns);
        self
    }

    /// A seed for what the runtime leaves to chance, such as the order of `select!`.
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.config.seed = Some(seed);
        self
    }

    /// How many workers a multi-threaded runtime has; as many as processors unless told.
    ///
    /// # Panics
    /// If `workers` is zero.
    #[track_caller]
    pub fn worker_threads(&mut self, workers: usize) -> &mut Self {
        assert!(workers > 0, "a multi-threaded runtime needs at least one worker");
        self.config.threads.workers = Some(workers);
        self
    }

    /// The processors that the workers of a multi-threaded runtime stay on, one each and round again
    /// if there are fewer; as the system likes unless told. Threads of the blocking pool are not
    /// bound, nor is the substitute of a worker that [blocks](crate::task::block_in_place).
    ///
    /// On Linux; elsewhere, and if the system refuses one of them, `build` answers an error.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::Builder;
    /// let two_on_the_first = Builder::new_multi_thread().worker_threads(2).worker_cores([0]).build();
    /// # let _ = two_on_the_first;
    /// ```
    pub fn worker_cores(&mut self, cores: impl IntoIterator<Item = usize>) -> &mut Self {
        self.config.threads.cores = cores.into_iter().collect();
        self
    }

    /// How many threads may run blocking closures at a time; 512 unless told.
    ///
    /// # Panics
    /// If `threads` is zero.
    #[track_caller]
    pub fn max_blocking_threads(&mut self, threads: usize) -> &mut Self {
        assert!(threads > 0, "the blocking pool needs at least one thread");
        self.config.threads.max_blocking = threads;
        self
    }

    /// How long a thread of the blocking pool waits for more work before it ends; 10 s unless
    /// told.
    pub fn thread_keep_alive(&mut self, keep_alive: Duration) -> &mut Self {
        self.config.threads.keep_alive = keep_alive;
        self
    }

    /// A name for the threads of this runtime.
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        self.thread_name_fn(move || name.clone())
    }

    /// A name for each thread of this runtime as it starts.
    pub fn thread_name_fn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.config.threads.name = Some(Arc::new(f));
        self
    }

    /// How large the stacks of the threads of this runtime are, in bytes.
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.config.threads.stack_size = Some(bytes);
        self
    }

    /// What to call in each thread of this runtime as it starts.
    pub fn on_thread_start<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.threads.on_start = Some(Arc::new(f));
        self
    }

    /// What to call in each thread of this runtime as it ends.
    pub fn on_thread_stop<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.threads.on_stop = Some(Arc::new(f));
        self
    }

    /// What to call before a thread that drives tasks waits.
    pub fn on_thread_park<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.threads.on_park = Some(Arc::new(f));
        self
    }

    /// What to call after a thread that drives tasks has waited.
    pub fn on_thread_unpark<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.threads.on_unpark = Some(Arc::new(f));
        self
    }

    /// The runtime will be driven by no thread but this one.
    pub(crate) fn bound(&mut self) -> &mut Self {
        self.config.bound = true;
        self
    }

    /// The hooks, for somebody who wants tasks to be looked at.
    pub(crate) fn hooks_mut(&mut self) -> &mut Hooks {
        hooks::observe();
        &mut self.config.hooks
    }

    /// What the builder was told, for the host that builds.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The environment of a runtime of this kind.
    pub(crate) fn env(
        &self,
        clock: Clock,
        blocking: Option<OwnerRef>,
        driver: Option<Arc<dyn Driver>>,
    ) -> Env {
        let flavor = match self.config.kind {
            Kind::CurrentThread => RuntimeFlavor::CurrentThread,
            Kind::MultiThread => RuntimeFlavor::MultiThread,
        };
        Env {
            info: Info::new(flavor, self.config.name.as_deref().map(Into::into)),
            clock,
            timers: Timers::new(),
            hooks: self.config.hooks(),
            meter: Meter::new(self.config.histogram()),
            blocking,
            driver,
        }
    }

    fn clock(&self) -> Clock {
        self.config.start_paused.map_or_else(Clock::default, |frozen| frozen())
    }

    /// Makes a current-thread runtime for a host that can wait.
    ///
    /// # Panics
    /// If the builder is that of a multi-threaded runtime.
    #[track_caller]
    pub fn build_on(&mut self, host: impl Park) -> Runtime {
        self.build_parts(Some(Arc::new(host)), None, None)
    }

    /// Makes a current-thread runtime for a host that cannot wait, and calls
    /// [`Runtime::tick`] instead. `wake` is called when there is work, at most once until the
    /// next tick, from any thread; it must not block and must not tick.
    ///
    /// # Panics
    /// If the builder is that of a multi-threaded runtime.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::{Builder, Next};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    ///
    /// let work = Arc::new(AtomicBool::new(false));
    /// let bell = work.clone();
    /// let runtime = Builder::new_current_thread().build_passive(move || bell.store(true, SeqCst));
    /// assert_eq!(runtime.tick(1), Next::Idle);
    ///
    /// let task = runtime.spawn(async { 42 });
    /// assert!(work.load(SeqCst));
    /// runtime.tick(1);
    /// assert!(task.is_finished());
    /// ```
    #[track_caller]
    pub fn build_passive(&mut self, wake: impl Fn() + Send + Sync + 'static) -> Runtime {
        self.build_ticked(None, None, None, wake)
    }

    /// Makes the runtime inside a simulator.
    #[cfg(feature = "sim")]
    pub(crate) fn build_simulated(
        &mut self,
        queue: ReadyQueue,
        clock: Clock,
        host: Arc<dyn Park>,
    ) -> Runtime {
        let env = self.env(clock, None, None);
        let wake = Box::new(|| {});
        Runtime::current_thread(CurrentThread::new(&self.config, queue, env, wake, Some(host)))
    }

    #[track_caller]
    fn assert_one_thread(&self) {
        assert!(
            self.config.kind == Kind::CurrentThread,
            "the host drives this runtime by its one thread: use `Builder::new_current_thread`, or \
             `build` for a runtime on threads of its own, which there is natively only"
        );
    }

    /// Makes a current-thread runtime that somebody else's loop ticks, with a blocking pool and I/O, if the
    /// host has them.
    #[track_caller]
    pub(crate) fn build_ticked(
        &mut self,
        park: Option<Arc<dyn Park>>,
        blocking: Option<OwnerRef>,
        driver: Option<Arc<dyn Driver>>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Runtime {
        self.assert_one_thread();
        let clock = self.clock();
        let env = self.env(clock, blocking, driver);
        let hook = WakeHook::new(wake);
        Runtime::current_thread(CurrentThread::ticked(&self.config, env, hook, park))
    }

    /// Makes a current-thread runtime that its host ticks, and whose `wake` nobody will replace.
    #[allow(dead_code)] // only an event loop asks
    pub(crate) fn build_hosted(&mut self, wake: Box<dyn Fn() + Send + Sync>) -> Runtime {
        let env = self.env(self.clock(), None, None);
        let queue = ReadyQueue::default();
        Runtime::current_thread(CurrentThread::new(&self.config, queue, env, wake, None))
    }

    /// Makes a current-thread runtime with a blocking pool and I/O, if the host has them.
    #[track_caller]
    pub(crate) fn build_parts(
        &mut self,
        park: Option<Arc<dyn Park>>,
        blocking: Option<OwnerRef>,
        driver: Option<Arc<dyn Driver>>,
    ) -> Runtime {
        self.assert_one_thread();
        let clock = self.clock();
        let env = self.env(clock, blocking, driver);
        let unpark = park.clone();
        let wake = Box::new(move || {
            if let Some(park) = &unpark {
                park.unpark();
            }
        });
        let queue = ReadyQueue::default();
        Runtime::current_thread(CurrentThread::new(&self.config, queue, env, wake, park))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("kind", &self.config.kind)
            .field("name", &self.config.name)
            .field("worker_threads", &self.config.threads.workers)
            .field("max_blocking_threads", &self.config.threads.max_blocking)
            .field("start_paused", &self.config.start_paused.is_some())
            .finish_non_exhaustive()
    }
}
