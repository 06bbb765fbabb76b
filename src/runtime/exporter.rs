//! A runtime's numbers for the crate `metrics`, which brings them to wherever a program has its own:
//! Prometheus, OpenMetrics, StatsD and others.
//!
//! One table a kind of thing says what there is; no name stands anywhere else.

use super::RuntimeMetrics;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use metrics::{Counter, Gauge, Histogram, Label};

/// Hands the numbers of one runtime to the recorder of the crate `metrics`; made by
/// [`RuntimeMetrics::exporter`].
///
/// | name | kind | what |
/// |---|---|---|
/// | `creel_workers` | gauge | workers |
/// | `creel_tasks_alive` | gauge | tasks that are not complete |
/// | `creel_tasks_spawned_total` | counter | tasks that were spawned |
/// | `creel_global_queue_depth` | gauge | tasks in the queue that all workers share |
/// | `creel_remote_schedules_total` | counter | tasks put there from outside |
/// | `creel_budget_forced_yields_total` | counter | polls that ended for want of budget |
/// | `creel_blocking_threads`, `creel_blocking_threads_idle` | gauge | threads of the blocking pool; those without work |
/// | `creel_blocking_queue_depth` | gauge | closures that wait for one |
/// | `creel_io_sources_registered_total`, `creel_io_sources_deregistered_total` | counter | sockets and the like |
/// | `creel_io_events_total` | counter | how often one was said to be ready |
/// | `creel_worker_polls_total` | counter | polls |
/// | `creel_worker_busy_microseconds_total` | counter | time in which the worker did not wait |
/// | `creel_worker_mean_poll_seconds` | gauge | how long a poll takes lately |
/// | `creel_worker_parks_total`, `creel_worker_noops_total` | counter | waits; those that ended in vain |
/// | `creel_worker_local_queue_depth` | gauge | tasks in the worker's own queue |
/// | `creel_worker_local_schedules_total` | counter | tasks put there |
/// | `creel_worker_overflows_total` | counter | how often it was full |
/// | `creel_worker_steals_total`, `creel_worker_steal_operations_total` | counter | tasks taken from others; how often |
/// | `creel_worker_poll_seconds` | histogram | how long polls take, if [that is measured](super::Builder::enable_metrics_poll_time_histogram): each as the middle of its bucket |
///
/// Each has a label `runtime`, the runtime's [name](super::Builder::name) or else its id; those of a
/// worker have a label `worker`, its number.
///
/// # Examples
/// ```
/// use creel::runtime::{Handle, Runtime};
/// use creel::time::{Duration, interval};
///
/// # let runtime = Runtime::new()?;
/// # runtime.block_on(async {
/// // After the program has installed its recorder.
/// let mut exporter = Handle::current().metrics().exporter();
/// creel::spawn(async move {
///     let mut beat = interval(Duration::from_secs(5));
///     loop {
///         beat.tick().await;
///         exporter.update();
///     }
/// });
/// # });
/// # std::io::Result::Ok(())
/// ```
pub struct Exporter {
    metrics: RuntimeMetrics,
    of_runtime: Vec<Instrument>,
    of_workers: Vec<Vec<Instrument>>,
    polls: Vec<Polls>,
}

/// What a number is, and where it comes from.
enum Read<A> {
    Count(fn(&RuntimeMetrics, A) -> u64),
    Level(fn(&RuntimeMetrics, A) -> f64),
}

/// A name, what it means, and the number.
type Row<A> = (&'static str, &'static str, Read<A>);

use Read::{Count, Level};

const OF_RUNTIME: &[Row<()>] = &[
    ("creel_workers", "Workers of the runtime.", Level(|m, ()| m.num_workers() as f64)),
    (
        "creel_tasks_alive",
        "Tasks that are not complete.",
        Level(|m, ()| m.num_alive_tasks() as f64),
    ),
    (
        "creel_tasks_spawned_total",
        "Tasks that were spawned.",
        Count(|m, ()| m.spawned_tasks_count()),
    ),
    (
        "creel_global_queue_depth",
        "Tasks in the queue that all workers share.",
        Level(|m, ()| m.global_queue_depth() as f64),
    ),
    (
        "creel_remote_schedules_total",
        "Tasks put into the queue that all workers share from outside.",
        Count(|m, ()| m.remote_schedule_count()),
    ),
    (
        "creel_budget_forced_yields_total",
        "Polls that ended because the budget of the task was spent.",
        Count(|m, ()| m.budget_forced_yield_count()),
    ),
    (
        "creel_blocking_threads",
        "Threads of the blocking pool.",
        Level(|m, ()| m.num_blocking_threads() as f64),
    ),
    (
        "creel_blocking_threads_idle",
        "Threads of the blocking pool that wait for work.",
        Level(|m, ()| m.num_idle_blocking_threads() as f64),
    ),
    (
        "creel_blocking_queue_depth",
        "Closures that wait for a thread of the blocking pool.",
        Level(|m, ()| m.blocking_queue_depth() as f64),
    ),
    (
        "creel_io_sources_registered_total",
        "Sources that were registered with the reactor.",
        Count(|m, ()| m.io_driver_fd_registered_count()),
    ),
    (
        "creel_io_sources_deregistered_total",
        "Sources of the reactor that are gone.",
        Count(|m, ()| m.io_driver_fd_deregistered_count()),
    ),
    (
        "creel_io_events_total",
        "How often a source was said to be ready.",
        Count(|m, ()| m.io_driver_ready_count()),
    ),
];

const OF_WORKER: &[Row<usize>] = &[
    ("creel_worker_polls_total", "Polls of tasks.", Count(RuntimeMetrics::worker_poll_count)),
    (
        "creel_worker_busy_microseconds_total",
        "Time in which the worker did not wait for work.",
        Count(|m, worker| m.worker_total_busy_duration(worker).as_micros() as u64),
    ),
    (
        "creel_worker_mean_poll_seconds",
        "How long a poll takes lately.",
        Level(|m, worker| m.worker_mean_poll_time(worker).as_secs_f64()),
    ),
    (
        "creel_worker_parks_total",
        "How often the worker waited for work.",
        Count(RuntimeMetrics::worker_park_count),
    ),
    (
        "creel_worker_noops_total",
        "How often the worker was woken in vain.",
        Count(RuntimeMetrics::worker_noop_count),
    ),
    (
        "creel_worker_local_queue_depth",
        "Tasks in the worker's own queue.",
        Level(|m, worker| m.worker_local_queue_depth(worker) as f64),
    ),
    (
        "creel_worker_local_schedules_total",
        "Tasks that the worker put into its own queue.",
        Count(RuntimeMetrics::worker_local_schedule_count),
    ),
    (
        "creel_worker_overflows_total",
        "How often the worker's own queue was full.",
        Count(RuntimeMetrics::worker_overflow_count),
    ),
    (
        "creel_worker_steals_total",
        "Tasks taken out of the queues of other workers.",
        Count(RuntimeMetrics::worker_steal_count),
    ),
    (
        "creel_worker_steal_operations_total",
        "How often tasks were taken out of the queues of other workers.",
        Count(RuntimeMetrics::worker_steal_operations),
    ),
];

const POLL_SECONDS: &str = "creel_worker_poll_seconds";

impl RuntimeMetrics {
    /// Registers the numbers of this runtime with the recorder of the crate `metrics` that is
    /// installed now; without one the answer does nothing.
    /// [`update`](Exporter::update) then hands them over.
    pub fn exporter(&self) -> Exporter {
        describe(OF_RUNTIME);
        describe(OF_WORKER);
        let runtime = match self.handle.name() {
            Some(name) => String::from(name),
            None => self.handle.id().to_string(),
        };
        let all = Label::new("runtime", runtime);
        let workers = || {
            (0..self.num_workers()).map(|worker: usize| Label::new("worker", worker.to_string()))
        };
        let of_worker = |label| register(OF_WORKER, &[all.clone(), label]);
        let polls = |label| Polls::register(self, &[all.clone(), label]);
        let measured = self.poll_time_histogram_enabled();
        Exporter {
            metrics: self.clone(),
            of_runtime: register(OF_RUNTIME, core::slice::from_ref(&all)),
            of_workers: workers().map(of_worker).collect(),
            polls: if measured { workers().map(polls).collect() } else { Vec::new() },
        }
    }
}

impl Exporter {
    /// Hands the recorder what the numbers are now. Call it before the recorder is asked, or every
    /// few seconds; also after the runtime ended.
    pub fn update(&mut self) {
        let metrics = &self.metrics;
        hand_over(OF_RUNTIME, &self.of_runtime, metrics, ());
        for (worker, instruments) in self.of_workers.iter().enumerate() {
            hand_over(OF_WORKER, instruments, metrics, worker);
        }
        for (worker, polls) in self.polls.iter_mut().enumerate() {
            polls.update(metrics, worker);
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("metrics", &self.metrics).finish_non_exhaustive()
    }
}

/// Where the recorder keeps a number.
enum Instrument {
    Counter(Counter),
    Gauge(Gauge),
}

fn describe<A>(rows: &[Row<A>]) {
    for (name, help, read) in rows {
        match read {
            Count(_) => metrics::describe_counter!(*name, *help),
            Level(_) => metrics::describe_gauge!(*name, *help),
        }
    }
}

fn register<A>(rows: &[Row<A>], labels: &[Label]) -> Vec<Instrument> {
    let made = |(name, _, read): &Row<A>| match read {
        Count(_) => Instrument::Counter(metrics::counter!(*name, labels.to_vec())),
        Level(_) => Instrument::Gauge(metrics::gauge!(*name, labels.to_vec())),
    };
    rows.iter().map(made).collect()
}

/// Gives each instrument the number of its row.
fn hand_over<A: Copy>(rows: &[Row<A>], to: &[Instrument], from: &RuntimeMetrics, of: A) {
    for ((_, _, read), instrument) in rows.iter().zip(to) {
        match (read, instrument) {
            (Count(read), Instrument::Counter(counter)) => counter.absolute(read(from, of)),
            (Level(read), Instrument::Gauge(gauge)) => gauge.set(read(from, of)),
            _ => unreachable!("each instrument was made for its row"),
        }
    }
}

/// The polls of a worker, sorted by how long they took.
struct Polls {
    histogram: Histogram,
    /// How many of each bucket were handed over.
    told: Vec<u64>,
}

impl Polls {
    fn register(metrics: &RuntimeMetrics, labels: &[Label]) -> Self {
        metrics::describe_histogram!(
            POLL_SECONDS,
            metrics::Unit::Seconds,
            "How long polls of tasks take."
        );
        Self {
            histogram: metrics::histogram!(POLL_SECONDS, labels.to_vec()),
            told: alloc::vec![0; metrics.poll_time_histogram_num_buckets()],
        }
    }

    fn update(&mut self, metrics: &RuntimeMetrics, worker: usize) {
        for (bucket, told) in self.told.iter_mut().enumerate() {
            let count = metrics.poll_time_histogram_bucket_count(worker, bucket);
            let new = count.wrapping_sub(*told);
            *told = count;
            if new > 0 {
                self.histogram.record_many(middle(metrics, bucket), new as usize);
            }
        }
    }
}

/// What stands for the times of a bucket, in seconds: its middle; of the last one, which has no end,
/// where it begins.
fn middle(metrics: &RuntimeMetrics, bucket: usize) -> f64 {
    let range = metrics.poll_time_histogram_bucket_range(bucket);
    let last = range.end == Duration::from_nanos(u64::MAX);
    let end = if last { range.start } else { range.end };
    (range.start + end).as_secs_f64() / 2.0
}
