//! What a runtime counts while it runs, for whoever looks at it.
//!
//! Nearly every count has one writer, the thread that runs the tasks, and any number of readers. So
//! counting is a load, an addition and a store without a bus lock, which is one instruction on most
//! processors; a reader sees a value that is at most a moment old. All orderings are relaxed: no
//! count publishes anything but itself, and two counts may be read from slightly different moments.
//!
//! Why not the atomics of `crate::atomic`: loom would explore every order of counts that guard
//! nothing.

mod histogram;
mod stopwatch;

pub(crate) use histogram::{Histogram, HistogramOptions, Simple};
pub use histogram::{
    HistogramConfiguration, HistogramScale, InvalidHistogramConfiguration, LogHistogram,
    LogHistogramBuilder,
};

use super::instant::Instant;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use stopwatch::Stopwatch;

/// A count. With 32-bit words it starts again after four thousand million.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    /// Counts `more`. Only one thread at a time may.
    #[inline(always)]
    pub(crate) fn add(&self, more: usize) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// Replaces the value. Only the thread that may count.
    pub(crate) fn set(&self, value: usize) {
        self.0.store(value, Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// A count that any thread may add to, for what is rare or shared anyway.
#[derive(Debug, Default)]
pub(crate) struct SharedCount(AtomicUsize);

impl SharedCount {
    #[inline]
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more, Relaxed);
    }

    pub(crate) fn take_back(&self, less: usize) {
        self.0.fetch_sub(less, Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// What whoever gives tasks their turns counts, one thread at a time.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Tasks that were given a turn.
    pub(crate) polls: Count,
    /// Tasks put into the own queue by the thread itself.
    pub(crate) queued: Count,
    /// Tasks adopted by the thread itself.
    pub(crate) spawned: Count,
}

/// What the owner of tasks can tell about them. Each is a [`Reading`]'s answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Tasks that are not complete.
    Alive,
    /// Tasks that were ever adopted.
    Spawned,
    /// Tasks in the queue that every thread may put into.
    Injected,
    /// How often a task was put there from outside.
    RemoteSchedules,
    /// Tasks in the queue of a worker.
    LocalQueue(usize),
    /// Turns that a worker gave.
    Polls(usize),
    /// How often a worker put a task into its own queue.
    LocalSchedules(usize),
    /// Of a blocking pool: threads, those of them that wait for work, closures that wait for one.
    Threads,
    IdleThreads,
    QueuedClosures,
}

/// The counts of one runtime.
#[derive(Debug)]
pub(crate) struct Meter {
    workers: Box<[Arc<WorkerMeter>]>,
    /// How often a task had to give way because its budget was spent.
    pub(crate) forced_yields: SharedCount,
}

impl Meter {
    /// Counts for one worker, with a histogram of poll times if one is wanted.
    pub(crate) fn new(histogram: Option<&HistogramOptions>) -> Self {
        let workers = [Arc::new(WorkerMeter::new(histogram))].into();
        Self { workers, forced_yields: SharedCount::default() }
    }

    /// Counts for so many workers instead of one.
    pub(crate) fn split(&mut self, workers: usize, histogram: Option<&HistogramOptions>) {
        self.workers = (0..workers).map(|_| Arc::new(WorkerMeter::new(histogram))).collect();
    }

    pub(crate) fn workers(&self) -> &[Arc<WorkerMeter>] {
        &self.workers
    }

    /// That of the one worker of a current-thread runtime.
    #[inline]
    pub(crate) fn only(&self) -> &WorkerMeter {
        &self.workers[0]
    }
}

/// What one worker counts, on cache lines of its own where there are others.
#[derive(Debug)]
#[cfg_attr(feature = "native", repr(align(128)))]
pub(crate) struct WorkerMeter {
    /// Of a worker of a pool; an executor has a tally itself.
    pub(crate) tally: Tally,
    /// How often it waited.
    parks: Count,
    /// How often it began or ended a wait: odd while it waits.
    parks_and_unparks: Count,
    /// How often it waited without having given a turn since the last time.
    noops: Count,
    polls_at_last_park: Count,
    busy: Stopwatch,
    /// Tasks taken from other workers, and how often.
    pub(crate) steals: Count,
    pub(crate) steal_operations: Count,
    /// How often its queue was full.
    pub(crate) overflows: Count,
    /// The mean time of a turn lately, in nanoseconds.
    pub(crate) mean_poll: Count,
    histogram: Option<Histogram>,
    /// The thread that is the worker, or was last.
    #[cfg(feature = "std")]
    thread: crate::lock::Lock<Option<super::thread_id::ThreadId>>,
}

impl WorkerMeter {
    fn new(histogram: Option<&HistogramOptions>) -> Self {
        Self {
            tally: Tally::default(),
            parks: Count::default(),
            parks_and_unparks: Count::default(),
            noops: Count::default(),
            polls_at_last_park: Count::default(),
            busy: Stopwatch::new(),
            steals: Count::default(),
            steal_operations: Count::default(),
            overflows: Count::default(),
            mean_poll: Count::default(),
            histogram: histogram.map(HistogramOptions::build),
            #[cfg(feature = "std")]
            thread: crate::lock::Lock::new(None),
        }
    }

    /// The worker is about to wait for work, after it gave so many turns in all.
    pub(crate) fn about_to_park(&self, polls: usize) {
        self.parks.add(1);
        self.parks_and_unparks.add(1);
        if polls == self.polls_at_last_park.get() {
            self.noops.add(1);
        }
        self.polls_at_last_park.set(polls);
    }

    /// The wait is over.
    pub(crate) fn unparked(&self) {
        self.parks_and_unparks.add(1);
    }

    /// The time from now on is not busy time. Answers whether it was before, which
    /// [`resume`](Self::resume) wants to know.
    pub(crate) fn rest(&self, now: Instant) -> bool {
        self.busy.stop(now)
    }

    /// The time from now on counts again as before the rest.
    pub(crate) fn resume(&self, now: Instant, busy: bool) {
        if busy {
            self.busy.start(now);
        }
    }

    /// The worker begins to run tasks.
    pub(crate) fn begin(&self, now: Instant) {
        self.busy.start(now);
    }

    /// It is done with that for now.
    pub(crate) fn end(&self, now: Instant) {
        self.busy.stop(now);
    }

    /// How many turns it had given in all when it last waited.
    pub(crate) fn polls_at_last_park(&self) -> usize {
        self.polls_at_last_park.get()
    }

    pub(crate) fn parks(&self) -> usize {
        self.parks.get()
    }

    pub(crate) fn parks_and_unparks(&self) -> usize {
        self.parks_and_unparks.get()
    }

    pub(crate) fn noops(&self) -> usize {
        self.noops.get()
    }

    /// How long the worker was busy in all, the time under way included.
    pub(crate) fn busy(&self, now: Instant) -> core::time::Duration {
        self.busy.read(now)
    }

    pub(crate) fn histogram(&self) -> Option<&Histogram> {
        self.histogram.as_ref()
    }

    #[cfg(feature = "std")]
    pub(crate) fn thread(&self) -> Option<super::thread_id::ThreadId> {
        *self.thread.lock()
    }

    /// This thread is the worker from now on.
    #[cfg(feature = "std")]
    pub(crate) fn set_thread(&self, thread: super::thread_id::ThreadId) {
        *self.thread.lock() = Some(thread);
    }
}
