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
    slow_poll: Option<SlowPollHook>,
    /// A task that panics ends its runtime.
    pub(crate) panic_is_fatal: bool,
}

/// Whether any runtime of this process has a hook for slow polls: the one thing to look at in all
/// that have none. Not `crate::atomic`: loom has no statics.
static WATCHED: AtomicBool = AtomicBool::new(false);

impl Hooks {
    /// What to call after a slow poll.
    #[inline]
    pub(crate) fn slow_poll(&self) -> Option<&SlowPollHook> {
        // Relaxed: it was set before the runtime was made of these hooks.
        WATCHED.load(Ordering::Relaxed).then_some(self.slow_poll.as_ref()).flatten()
    }

    pub(crate) fn watch_polls(&mut self, hook: SlowPollHook) {
        WATCHED.store(true, Ordering::Relaxed);
        self.slow_poll = Some(hook);
    }
}

/// What to call when a task panicked.
pub(crate) type PanicHook = Arc<dyn Fn(&TaskPanic<'_>) + Send + Sync>;

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
            .finish()
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

    /// Where the task was spawned: only with the feature `dump`.
    pub fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.spawned_at.location()
    }
}

impl fmt::Display for TaskMeta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} (", self.id)?;
        match (self.name, self.spawned_at()) {
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
