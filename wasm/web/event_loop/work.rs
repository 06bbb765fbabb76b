//! What there is to run: a runtime, and a set of tasks for each other priority.

use crate::runtime::{Handle, Next, Runtime};
use crate::task::{JoinHandle, LocalSet};
use crate::time::Instant;
use std::cell::OnceCell;
use std::future::Future;

/// When a task runs in relation to others. The names are those of the browsers' scheduler.
///
/// A task of another priority than the usual one stays on its thread, and what it starts by
/// [`spawn_local`](crate::task::spawn_local) has the same priority; what it starts by
/// [`spawn`](crate::spawn) has the usual one. Timers and everything else work alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Before the others, which still get an eighth of the polls: somebody waits for it.
    UserBlocking,
    /// As usual.
    #[default]
    UserVisible,
    /// When nothing else is ready and the event loop has nothing more urgent. Where it never rests,
    /// such a task waits.
    Background,
}

/// The tasks of one host.
pub(super) struct Work {
    /// Dropped before the runtime, whose timers they use. Made when there is a first such task.
    blocking: OnceCell<LocalSet>,
    background: OnceCell<LocalSet>,
    runtime: Option<Runtime>,
}

/// What is left after a slice.
pub(super) struct Left {
    /// What the foreground needs next.
    pub(super) next: Next,
    /// Whether a background task is ready.
    pub(super) background: bool,
}

impl Work {
    pub(super) fn new(runtime: Runtime) -> Self {
        Self { blocking: OnceCell::new(), background: OnceCell::new(), runtime: Some(runtime) }
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until it is dropped")
    }

    pub(super) fn handle(&self) -> &Handle {
        self.runtime().handle()
    }

    /// Tells the runtime that the event loop came late.
    pub(super) fn report_gap(&self, from: Instant, to: Instant) {
        self.runtime().report_gap(from, to);
    }

    /// Starts a task that is not of the usual priority. `wake` is called when such tasks are ready.
    pub(super) fn spawn<F>(
        &self,
        priority: Priority,
        wake: impl Fn() + Send + Sync + 'static,
        future: F,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let set = match priority {
            Priority::Background => &self.background,
            Priority::UserBlocking | Priority::UserVisible => &self.blocking,
        };
        let _entered = self.handle().enter();
        set.get_or_init(|| LocalSet::hosted(wake)).spawn_local(future)
    }

    /// Gives ready tasks up to `polls` turns. Timers that are due are fired `with_timers` only,
    /// which costs a look at the clock; background tasks run `with_background` only, and only
    /// while no other is ready.
    pub(super) fn run(&self, polls: usize, with_timers: bool, with_background: bool) -> Left {
        let (blocking, background) = (self.blocking.get(), self.background.get());
        let _entered = (blocking.is_some() || background.is_some()).then(|| self.handle().enter());
        let urgent = blocking.is_some_and(|set| set.tick(polls));
        let share = if urgent { polls.div_ceil(8) } else { polls };
        let runtime = self.runtime();
        let mut next = if with_timers { runtime.tick(share) } else { runtime.tick_ready(share) };
        if blocking.is_some_and(LocalSet::is_ready) {
            next = Next::Now;
        }
        let background = background.is_some_and(|set| match next {
            Next::Now | Next::Busy => set.is_ready(),
            _ if with_background => set.tick(polls),
            _ => set.is_ready(),
        });
        // A background task may have woken one of the others.
        if with_background && next != Next::Busy {
            next = self.reconsider(next);
        }
        Left { next, background }
    }

    fn reconsider(&self, next: Next) -> Next {
        if self.blocking.get().is_some_and(LocalSet::is_ready) {
            return Next::Now;
        }
        match next {
            Next::Now => Next::Now,
            _ => self.runtime().tick_ready(0),
        }
    }
}

impl Drop for Work {
    /// Ends without a wait: a task may drop its own event loop.
    fn drop(&mut self) {
        self.blocking.take();
        self.background.take();
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
