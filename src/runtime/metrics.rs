//! A runtime in numbers.

use super::builder::Builder;
use super::{Handle, HistogramConfiguration, HistogramScale, Runtime};
use crate::env::host_now;
use crate::env::meter::{Reading, Simple, WorkerMeter};
use crate::platform::SourceCounts;
use core::ops::Range;
use core::time::Duration;

/// What a runtime has counted since it was made, and what is in its queues. Made by
/// [`Handle::metrics`].
///
/// Each method looks at the moment it is called, from any thread, also after the runtime ended. It
/// costs a running runtime nothing but a cache miss; values of two methods may be from slightly
/// different moments. Workers are numbered from zero; a current-thread runtime has one, the thread
/// that drives it. The tasks of a [`LocalSet`](crate::task::LocalSet) and children of a scope that
/// borrow are part of the task that polls them, and are not counted.
///
/// # Platforms
/// All methods are there on every host. A count of something that a host or a kind of runtime does
/// not have stays zero: only natively are there threads, a blocking pool and readiness; only a pool
/// steals, overflows a queue and measures its mean poll; and a runtime that is ticked neither waits
/// nor looks at the clock, so it counts no parks and no busy time. With 32-bit words counts start
/// again after four thousand million.
///
/// # Panics
/// Methods that take the number of a worker or a bucket panic if there is none of that number.
///
/// # Examples
/// ```
/// let runtime = creel::runtime::Builder::new_current_thread().build()?;
/// let metrics = runtime.metrics();
/// runtime.block_on(async {
///     for _ in 0..3 {
///         creel::spawn(async {}).await.unwrap();
///     }
/// });
/// assert_eq!(metrics.num_workers(), 1);
/// assert_eq!(metrics.num_alive_tasks(), 0);
/// assert_eq!(metrics.spawned_tasks_count(), 3);
/// assert_eq!(metrics.worker_poll_count(0), 3);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct RuntimeMetrics {
    pub(super) handle: Handle,
}

impl Handle {
    /// The runtime in numbers.
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics { handle: self.clone() }
    }
}

impl Runtime {
    /// The runtime in numbers; see [`Handle::metrics`].
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle().metrics()
    }
}

/// Of the whole runtime.
impl RuntimeMetrics {
    /// How many workers the runtime has; one unless it is multi-threaded.
    pub fn num_workers(&self) -> usize {
        self.handle.owner().env().meter.workers().len()
    }

    /// How many tasks are not complete. Closures on the blocking pool are not among them.
    pub fn num_alive_tasks(&self) -> usize {
        self.read(Reading::Alive)
    }

    /// How many tasks were ever spawned.
    pub fn spawned_tasks_count(&self) -> u64 {
        self.read(Reading::Spawned) as u64
    }

    /// How many tasks wait in the queue that all workers share.
    pub fn global_queue_depth(&self) -> usize {
        self.read(Reading::Injected)
    }

    /// How often a task was put there by a thread that is no worker, because it was spawned or woken.
    pub fn remote_schedule_count(&self) -> u64 {
        self.read(Reading::RemoteSchedules) as u64
    }

    /// How often a task was made to give way because its budget was spent, once a poll.
    pub fn budget_forced_yield_count(&self) -> u64 {
        self.handle.owner().env().meter.forced_yields.get() as u64
    }

    fn read(&self, what: Reading) -> usize {
        self.handle.owner().read(what)
    }
}

/// Of the blocking pool.
impl RuntimeMetrics {
    /// How many threads the blocking pool has.
    pub fn num_blocking_threads(&self) -> usize {
        self.read_blocking(Reading::Threads)
    }

    /// How many of them wait for work.
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.read_blocking(Reading::IdleThreads)
    }

    /// How many closures wait for a thread.
    pub fn blocking_queue_depth(&self) -> usize {
        self.read_blocking(Reading::QueuedClosures)
    }

    fn read_blocking(&self, what: Reading) -> usize {
        self.handle.owner().env().blocking.as_ref().map_or(0, |pool| pool.read(what))
    }
}

/// Of one worker.
impl RuntimeMetrics {
    /// How many polls the worker has made.
    pub fn worker_poll_count(&self, worker: usize) -> u64 {
        self.read_worker(worker, Reading::Polls) as u64
    }

    /// How long the worker was busy: the time in which it did not wait for work. What is under way is
    /// in it, be it a poll that blocks.
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        self.worker(worker).busy(host_now())
    }

    /// How long a poll of the worker takes lately, on average. Only of multi-threaded runtimes.
    pub fn worker_mean_poll_time(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.worker(worker).mean_poll.get() as u64)
    }

    /// How often the worker waited for work.
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.worker(worker).parks() as u64
    }

    /// How often the worker began or ended a wait: it is odd while the worker waits.
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        self.worker(worker).parks_and_unparks() as u64
    }

    /// How often the worker waited without having polled a task since the time before: it was woken
    /// in vain.
    pub fn worker_noop_count(&self, worker: usize) -> u64 {
        self.worker(worker).noops() as u64
    }

    /// How many tasks wait in the worker's own queue; the one that it will run next is not among them.
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        self.read_worker(worker, Reading::LocalQueue)
    }

    /// How often the worker put a task into its own queue: it spawned it, woke it, or it gave way.
    pub fn worker_local_schedule_count(&self, worker: usize) -> u64 {
        self.read_worker(worker, Reading::LocalSchedules) as u64
    }

    /// How often the worker's queue was full, so that half of it went to the one that all share.
    pub fn worker_overflow_count(&self, worker: usize) -> u64 {
        self.worker(worker).overflows.get() as u64
    }

    /// How many tasks the worker took out of the queues of others.
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.worker(worker).steals.get() as u64
    }

    /// How often the worker took tasks out of the queues of others, several at a time perhaps.
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.worker(worker).steal_operations.get() as u64
    }

    /// Which thread is the worker, or was last; `None` if none has been yet, and without the feature
    /// `native`.
    #[cfg(feature = "std")]
    pub fn worker_thread_id(&self, worker: usize) -> Option<crate::env::thread_id::ThreadId> {
        self.worker(worker).thread()
    }

    #[track_caller]
    fn worker(&self, worker: usize) -> &WorkerMeter {
        let workers = self.handle.owner().env().meter.workers();
        let count = workers.len();
        assert!(worker < count, "this runtime has {count} workers; there is no worker {worker}");
        &workers[worker]
    }

    #[track_caller]
    fn read_worker(&self, worker: usize, what: impl FnOnce(usize) -> Reading) -> usize {
        self.worker(worker);
        self.read(what(worker))
    }
}

/// How long polls took, if [`Builder::enable_metrics_poll_time_histogram`] has them measured.
impl RuntimeMetrics {
    /// Whether they are measured.
    pub fn poll_time_histogram_enabled(&self) -> bool {
        self.worker(0).histogram().is_some()
    }

    /// How many buckets there are; zero if nothing is measured.
    pub fn poll_time_histogram_num_buckets(&self) -> usize {
        self.worker(0).histogram().map_or(0, |histogram| histogram.num_buckets())
    }

    /// Which poll times a bucket counts; an empty range if nothing is measured.
    #[track_caller]
    pub fn poll_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        self.worker(0).histogram().map_or(Range::default(), |histogram| histogram.range(bucket))
    }

    /// How many polls of a worker took as long as the bucket says; zero if nothing is measured.
    #[track_caller]
    pub fn poll_time_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.worker(worker).histogram().map_or(0, |histogram| histogram.count(bucket)) as u64
    }
}

/// Of what waits in the system's reactor.
impl RuntimeMetrics {
    /// How many sources were registered with it: sockets, pipes and the like.
    pub fn io_driver_fd_registered_count(&self) -> u64 {
        self.sources().registered as u64
    }

    /// How many of them are gone.
    pub fn io_driver_fd_deregistered_count(&self) -> u64 {
        self.sources().deregistered as u64
    }

    /// How many times the system said that a source is ready. What it completes by itself
    /// ([`IoDriver::Completion`](super::IoDriver::Completion)) is not in it.
    pub fn io_driver_ready_count(&self) -> u64 {
        self.sources().ready as u64
    }

    fn sources(&self) -> SourceCounts {
        let driver = self.handle.owner().env().driver.as_ref();
        driver.map_or_else(SourceCounts::default, |driver| driver.counts())
    }
}

/// Names that tokio has given up.
#[doc(hidden)]
impl RuntimeMetrics {
    #[deprecated = "renamed to `num_alive_tasks`"]
    pub fn active_tasks_count(&self) -> usize {
        self.num_alive_tasks()
    }

    #[deprecated = "renamed to `global_queue_depth`"]
    pub fn injection_queue_depth(&self) -> usize {
        self.global_queue_depth()
    }

    #[deprecated = "renamed to `poll_time_histogram_enabled`"]
    pub fn poll_count_histogram_enabled(&self) -> bool {
        self.poll_time_histogram_enabled()
    }

    #[deprecated = "renamed to `poll_time_histogram_num_buckets`"]
    pub fn poll_count_histogram_num_buckets(&self) -> usize {
        self.poll_time_histogram_num_buckets()
    }

    #[track_caller]
    #[deprecated = "renamed to `poll_time_histogram_bucket_range`"]
    pub fn poll_count_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        self.poll_time_histogram_bucket_range(bucket)
    }

    #[track_caller]
    #[deprecated = "renamed to `poll_time_histogram_bucket_count`"]
    pub fn poll_count_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.poll_time_histogram_bucket_count(worker, bucket)
    }
}

impl Builder {
    /// Has each worker sort its polls by how long they take; see
    /// [`RuntimeMetrics::poll_time_histogram_bucket_count`]. Costs two readings of the clock a poll.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::{Builder, HistogramConfiguration};
    /// use std::time::Duration;
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(HistogramConfiguration::linear(
    ///         Duration::from_millis(5),
    ///         2,
    ///     ))
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(Duration::from_millis(6)) });
    /// runtime.block_on(task).unwrap();
    /// assert_eq!(runtime.metrics().poll_time_histogram_bucket_count(0, 1), 1);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn enable_metrics_poll_time_histogram(&mut self) -> &mut Self {
        crate::env::hooks::observe();
        self.config.histogram_enabled = true;
        self
    }

    /// Into which buckets polls are sorted if they are; ten of 100 us each unless told.
    pub fn metrics_poll_time_histogram_configuration(
        &mut self,
        configuration: HistogramConfiguration,
    ) -> &mut Self {
        self.config.histogram = configuration.into();
        self
    }

    /// The former name of [`enable_metrics_poll_time_histogram`](Self::enable_metrics_poll_time_histogram).
    #[deprecated = "renamed to `enable_metrics_poll_time_histogram`"]
    pub fn enable_metrics_poll_count_histogram(&mut self) -> &mut Self {
        self.enable_metrics_poll_time_histogram()
    }

    /// Whether buckets have one width or double.
    #[deprecated = "use `metrics_poll_time_histogram_configuration`"]
    pub fn metrics_poll_count_histogram_scale(&mut self, scale: HistogramScale) -> &mut Self {
        self.simple_histogram().scale = scale;
        self
    }

    /// How wide a bucket is, or the first of doubling ones, which is rounded up to a power of two.
    ///
    /// # Panics
    /// If it is zero.
    #[track_caller]
    #[deprecated = "use `metrics_poll_time_histogram_configuration`"]
    pub fn metrics_poll_count_histogram_resolution(&mut self, resolution: Duration) -> &mut Self {
        assert!(!resolution.is_zero(), "the buckets of a histogram need a width");
        self.simple_histogram().resolution = resolution;
        self
    }

    /// How many buckets there are.
    ///
    /// # Panics
    /// If it is zero.
    #[track_caller]
    #[deprecated = "use `metrics_poll_time_histogram_configuration`"]
    pub fn metrics_poll_count_histogram_buckets(&mut self, buckets: usize) -> &mut Self {
        assert!(buckets > 0, "a histogram needs at least one bucket");
        self.simple_histogram().buckets = buckets;
        self
    }

    fn simple_histogram(&mut self) -> &mut Simple {
        self.config.histogram.simple.get_or_insert_with(Simple::default)
    }
}
