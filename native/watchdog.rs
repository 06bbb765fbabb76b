//! A thread that looks whether a worker is stuck in a task, and tells it while it is.
//!
//! It looks at the workers' [desks](crate::task::observer) several times a threshold. Who polls the
//! same task in the same poll as at an earlier look has done so for at least the time between, so
//! what is told is never too early, and late by the time between two looks at most.

use crate::env::hooks::{BlockedHook, BlockedWorker, TaskMeta, Watchdog};
use crate::env::instant::Instant;
use crate::env::{context, host_now};
use crate::runtime::{Builder, Config, Deadline, Runtime, ShutdownReport, Threads};
use crate::task::guard;
use crate::task::observer::{Desk, Observer};
use std::boxed::Box;
use std::string::String;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::vec::Vec;
use std::{eprintln, io};

impl Builder {
    /// Has a thread look after the workers, and tell when a task blocks one for longer than
    /// `threshold`: while it does, and once more each time that has doubled. It writes a line to
    /// standard error, unless [`on_blocked_worker`](Self::on_blocked_worker) says what else to do.
    ///
    /// A task blocks its worker if a single poll of it takes long: it computes without yielding, or
    /// waits with the thread, as by a lock of the standard library. Inside
    /// [`block_in_place`](crate::task::block_in_place) it does not. The future given to `block_on` is
    /// not watched, for its thread has no other duty on a multi-threaded runtime.
    ///
    /// Without a watchdog nothing is paid for it; with one, some 20 ns a poll. Natively only, and only
    /// for runtimes made by `build` or `build_pollable`.
    ///
    /// # Panics
    /// If the threshold is zero.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (told, hears) = mpsc::channel();
    /// let runtime = creel::runtime::Builder::new_multi_thread()
    ///     .worker_threads(2)
    ///     .watchdog(Duration::from_millis(5))
    ///     .on_blocked_worker(move |blocked| drop(told.send(blocked.task.id())))
    ///     .build()?;
    /// let (go_on, wait) = mpsc::channel::<()>();
    /// let task = runtime.spawn(async move {
    ///     let _ = wait.recv(); // blocks the worker
    /// });
    /// assert_eq!(hears.recv().unwrap(), task.id()); // while it blocks
    /// drop(go_on);
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn watchdog(&mut self, threshold: Duration) -> &mut Self {
        assert!(!threshold.is_zero(), "every poll takes longer than no time");
        self.hooks_mut().watchdog.threshold = Some(threshold);
        self
    }

    /// What to call instead of writing a line when the [`watchdog`](Self::watchdog) finds a blocked
    /// worker. It is called on the watchdog's own thread, which does not look meanwhile, and must not
    /// wait for the end of the runtime.
    pub fn on_blocked_worker<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&BlockedWorker<'_>) + Send + Sync + 'static,
    {
        self.hooks_mut().watchdog.call = Some(Arc::new(f));
        self
    }
}

/// Gives the runtime a watchdog if it shall have one.
///
/// # Errors
/// If the system has no thread for it.
pub(super) fn watch(
    runtime: &mut Runtime,
    config: &Config,
    observer: Option<Arc<Observer>>,
) -> io::Result<()> {
    let Watchdog { threshold, call } = config.hooks.watchdog.clone();
    if let Some((threshold, observer)) = threshold.zip(observer) {
        let call = call.unwrap_or_else(|| Arc::new(|blocked| eprintln!("creel: {blocked}")));
        runtime.add_threads(Box::new(Thread::start(threshold, call, observer)?));
    }
    Ok(())
}

/// The watchdog's thread.
#[derive(Debug)]
struct Thread {
    ends: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How many looks there are in the time that a task may block.
const LOOKS: u32 = 4;
const SHORTEST: Duration = Duration::from_millis(1);

impl Thread {
    fn start(threshold: Duration, call: BlockedHook, observer: Arc<Observer>) -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let run = move || {
            let mut watches: Vec<_> = observer.desks().map(|_| Watch::new(threshold)).collect();
            // Relaxed: the flag says nothing but itself, and whoever sets it ends the pause.
            while !told.load(Ordering::Relaxed) {
                thread::park_timeout((threshold / LOOKS).max(SHORTEST));
                for (worker, desk) in observer.desks().enumerate() {
                    if let Some(found) = watches[worker].look(desk, host_now()) {
                        guard(|| call(&found.on(worker)));
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("creel-watchdog".into()).spawn(run)?;
        Ok(Self { ends, thread: Mutex::new(Some(thread)) })
    }
}

impl Threads for Thread {
    fn shut_down(&self, _: Deadline, _: &mut ShutdownReport) {
        self.ends.store(true, Ordering::Relaxed);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        thread.thread().unpark();
        // A thread that tasks depend on waits for nobody, and the watchdog's own not for itself.
        if !context::with(|cx| cx.occupied.get()) && thread.thread().id() != thread::current().id()
        {
            drop(thread.join());
        }
    }
}

/// What is known of one worker.
struct Watch {
    threshold: Duration,
    /// The number of the poll that it was seen in last, and when it was seen in it first.
    seen: Option<(usize, Instant)>,
    /// After how long in the poll it is told next.
    next: Duration,
}

/// What blocks a worker, apart from the task, which may go on any moment.
struct Found {
    task: TaskMeta<'static>,
    name: Option<String>,
    since: Duration,
}

impl Watch {
    fn new(threshold: Duration) -> Self {
        Self { threshold, seen: None, next: threshold }
    }

    fn look(&mut self, desk: &Desk, now: Instant) -> Option<Found> {
        let found = desk.look(|poll, task| self.find(poll, task, now));
        if found.is_none() {
            self.seen = None;
        }
        found.flatten()
    }

    fn find(&mut self, poll: usize, task: TaskMeta<'_>, now: Instant) -> Option<Found> {
        let Some((_, first)) = self.seen.filter(|(seen, _)| *seen == poll) else {
            self.seen = Some((poll, now));
            self.next = self.threshold;
            return None;
        };
        let since = now.saturating_duration_since(first);
        if since < self.next {
            return None;
        }
        self.next = since.saturating_mul(2);
        let name = task.name.map(String::from);
        Some(Found { task: TaskMeta { name: None, ..task }, name, since })
    }
}

impl Found {
    fn on(&self, worker: usize) -> BlockedWorker<'_> {
        let task = TaskMeta { name: self.name.as_deref(), ..self.task };
        BlockedWorker { worker, task, since: self.since }
    }
}
