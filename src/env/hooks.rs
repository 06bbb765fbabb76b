//! What a program wants to hear of: set once, before the runtime starts.

use super::id::Id;
use super::site::Site;
use alloc::sync::Arc;
use core::any::Any;
use core::fmt;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

/// The hooks of a runtime.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) unhandled_panic: Option<PanicHook>,
    pub(crate) slow_poll: Option<SlowPollHook>,
    pub(crate) spawn: Option<TaskHook>,
    pub(crate) before_poll: Option<TaskHook>,
    pub(crate) after_poll: Option<TaskHook>,
    pub(crate) terminate: Option<TaskHook>,
    pub(crate) watchdog: Watchdog,
    /// A task that panics ends its runtime.
    pub(crate) panic_is_fatal: bool,
}

/// Whether any runtime of this process wants its tasks to be looked at: the one thing that all others
/// have to test. Where nothing sets it, what depends on it is not even linked. Not `crate::atomic`:
/// loom has no statics.
static OBSERVED: AtomicBool = AtomicBool::new(false);

#[inline]
pub(crate) fn observed() -> bool {
    // Relaxed: it was set before the runtime was made that wants it.
    OBSERVED.load(Ordering::Relaxed)
}

/// A runtime wants its tasks to be looked at.
pub(crate) fn observe() {
    OBSERVED.store(true, Ordering::Relaxed);
}

/// What to call when a task panicked.
pub(crate) type PanicHook = Arc<dyn Fn(&TaskPanic<'_>) + Send + Sync>;

/// What to call when something happens to a task.
pub(crate) type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;

/// For how long a task may block a worker, if somebody looks after that, and what to call when it
/// does so longer.
#[derive(Clone, Default)]
pub(crate) struct Watchdog {
    pub(crate) threshold: Option<Duration>,
    pub(crate) call: Option<BlockedHook>,
}

pub(crate) type BlockedHook = Arc<dyn Fn(&BlockedWorker<'_>) + Send + Sync>;

/// A threshold, and what to call when a poll took longer.
#[derive(Clone)]
pub(crate) struct SlowPollHook {
    pub(crate) threshold: Duration,
    pub(crate) call: Arc<dyn Fn(&SlowPoll<'_>) + Send + Sync>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("unhandled_panic", &self.unhandled_panic.is_some())
            .field("slow_poll", &self.slow_poll.as_ref().map(|hook| hook.threshold))
            .field("watchdog", &self.watchdog.threshold)
            .finish_non_exhaustive()
    }
}

/// What a task is, for hooks, reports and whoever watches over tasks.
///
/// With `Display`: `task 7 (reader, src/main.rs:12:5)`.
#[derive(Clone, Copy, Debug)]
pub struct TaskMeta<'a> {
    pub(crate) id: Id,
    pub(crate) name: Option<&'a str>,
    pub(crate) future: &'static str,
    pub(crate) spawned_at: Site,
}

impl<'a> TaskMeta<'a> {
    /// The id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name, if the task was given one.
    pub fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// The type of the future, which tells where it was written.
    pub fn future(&self) -> &'static str {
        self.future
    }

    /// Where the task was spawned. With the feature `dump`, which keeps a note of it in each task.
    #[cfg(feature = "dump")]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at.location().expect("whoever spawns a task is known")
    }
}

impl fmt::Display for TaskMeta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} (", self.id)?;
        match (self.name, self.spawned_at.location()) {
            (Some(name), Some(at)) => write!(f, "{name}, {at})"),
            (Some(name), None) => write!(f, "{name}, {})", self.future),
            (None, Some(at)) => write!(f, "{at})"),
            (None, None) => write!(f, "{})", self.future),
        }
    }
}

/// A task panicked and nobody waits for its outcome.
#[derive(Debug)]
#[non_exhaustive]
pub struct TaskPanic<'a> {
    /// The task.
    pub id: Id,
    /// Its name, if it was given one.
    pub name: Option<&'a str>,
    /// Where it was spawned: only with the feature `dump`.
    pub spawned_at: Option<&'static Location<'static>>,
    /// What it panicked with.
    pub payload: &'a (dyn Any + Send),
}

impl TaskPanic<'_> {
    /// The panic's message, if it has one.
    pub fn message(&self) -> Option<&str> {
        message(self.payload)
    }
}

/// The text of a panic's payload, if it is a text.
pub(crate) fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<alloc::string::String>() {
        Some(text) => Some(text),
        None => payload.downcast_ref::<&'static str>().copied(),
    }
}

/// A task kept its thread for longer than the threshold in one poll.
#[derive(Debug)]
#[non_exhaustive]
pub struct SlowPoll<'a> {
    /// The task.
    pub id: Id,
    /// Its name, if it was given one.
    pub name: Option<&'a str>,
    /// The type of its future, which tells where it was written.
    pub future: &'static str,
    /// Where it was spawned: only with the feature `dump`.
    pub spawned_at: Option<&'static Location<'static>>,
    /// How long the poll took.
    pub took: Duration,
}

/// A task keeps a worker from its other tasks, and does so still.
///
/// With `Display`: `worker 0 has been blocked for 1.2s by task 7 (reader, src/main.rs:12:5)`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BlockedWorker<'a> {
    /// Which worker of the runtime.
    pub worker: usize,
    /// The task that it polls.
    pub task: TaskMeta<'a>,
    /// For how long it has done so, at least.
    pub since: Duration,
}

impl fmt::Display for BlockedWorker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worker, task, since } = self;
        write!(f, "worker {worker} has been blocked for {since:.1?} by {task}")
    }
}
