//! What there is to run: a runtime, and a set of tasks for each other priority.

use crate::runtime::{Handle, Next, Runtime};
use crate::task::{JoinHandle, LocalSet};
use crate::time::Instant;
use std::boxed::Box;
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
    others: OnceCell<Box<dyn Others>>,
    runtime: Runtime,
}

/// What is left after a slice.
pub(super) struct Left {
    /// What the foreground needs next.
    pub(super) next: Next,
    /// Whether a background task is ready.
    pub(super) background: bool,
}

/// What a slice may do.
#[derive(Clone, Copy)]
pub(super) struct Share {
    /// How many turns it may give.
    pub(super) polls: usize,
    /// Whether it fires timers that are due, which costs a look at the clock.
    pub(super) timers: bool,
    /// Whether background tasks may run, while no other is ready.
    pub(super) background: bool,
}

impl Work {
    pub(super) fn new(runtime: Runtime) -> Self {
        Self { others: OnceCell::new(), runtime }
    }

    /// Ends without a wait: a task may drop its own event loop.
    pub(super) fn end(self) {
        drop(self.others);
        self.runtime.shutdown_background();
    }

    pub(super) fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Tells the runtime that the event loop came late.
    pub(super) fn report_gap(&self, from: Instant, to: Instant) {
        self.runtime.report_gap(from, to);
    }

    /// Starts a task that is not of the usual priority. `wake` is called when such tasks are ready.
    pub(super) fn spawn<F>(
        &self,
        priority: Priority,
        wake: Box<dyn Fn() + Send + Sync>,
        future: F,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let others = self.others.get_or_init(|| Box::<Sets>::default());
        let _entered = self.handle().enter();
        others.set(priority, wake).spawn_local(future)
    }

    /// Calls `first`, and gives ready tasks their turns.
    pub(super) fn run(&self, first: impl FnOnce(), share: Share) -> Left {
        let runtime = &self.runtime;
        let Some(others) = self.others.get() else {
            let next = runtime.tick_hosted(first, share.polls, share.timers);
            return Left { next, background: false };
        };
        first();
        others.run(runtime, share)
    }
}

/// The tasks that are not of the usual priority. Behind a table, so that a program without any, as
/// most are, does not contain what they take.
trait Others {
    /// The set of those of a priority, which is made with `wake` if there is none yet.
    fn set(&self, priority: Priority, wake: Box<dyn Fn() + Send + Sync>) -> &LocalSet;

    /// Gives ready tasks, and those of `runtime`, their turns.
    fn run(&self, runtime: &Runtime, share: Share) -> Left;
}

#[derive(Default)]
struct Sets {
    blocking: OnceCell<LocalSet>,
    background: OnceCell<LocalSet>,
}

impl Others for Sets {
    fn set(&self, priority: Priority, wake: Box<dyn Fn() + Send + Sync>) -> &LocalSet {
        let set = match priority {
            Priority::Background => &self.background,
            Priority::UserBlocking | Priority::UserVisible => &self.blocking,
        };
        set.get_or_init(|| LocalSet::hosted(wake))
    }

    fn run(&self, runtime: &Runtime, share: Share) -> Left {
        let (blocking, background) = (self.blocking.get(), self.background.get());
        let _entered = runtime.enter();
        let urgent = blocking.is_some_and(|set| set.tick(share.polls));
        let polls = if urgent { share.polls.div_ceil(8) } else { share.polls };
        let mut next = runtime.tick_hosted(|| {}, polls, share.timers);
        if blocking.is_some_and(LocalSet::is_ready) {
            next = Next::Now;
        }
        let background = background.is_some_and(|set| match next {
            Next::Now | Next::Busy => set.is_ready(),
            _ if share.background => set.tick(share.polls),
            _ => set.is_ready(),
        });
        // A background task may have woken one of the others.
        if share.background && !matches!(next, Next::Now | Next::Busy) {
            let urgent = blocking.is_some_and(LocalSet::is_ready);
            next = if urgent { Next::Now } else { runtime.tick_ready(0) };
        }
        Left { next, background }
    }
}
