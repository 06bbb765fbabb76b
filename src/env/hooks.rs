//! What a program wants to hear of: set once, before the runtime starts.

use super::id::Id;
use alloc::sync::Arc;
use core::any::Any;
use core::fmt;
use core::time::Duration;

/// The hooks of a runtime.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) unhandled_panic: Option<PanicHook>,
    pub(crate) slow_poll: Option<SlowPollHook>,
    /// A task that panics ends its runtime.
    pub(crate) panic_is_fatal: bool,
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

/// A task panicked and nobody waits for its outcome.
#[derive(Debug)]
#[non_exhaustive]
pub struct TaskPanic<'a> {
    /// The task.
    pub id: Id,
    /// Its name, if it was given one.
    pub name: Option<&'a str>,
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
    /// How long the poll took.
    pub took: Duration,
}
