//! Looking at the tasks of a runtime: for hooks, the histogram of poll times and the watchdog.
//!
//! Whoever gives tasks their turns has a [`Watch`], which is empty unless somebody wants to know
//! something: a runtime that nobody looks at pays one test a poll.
//!
//! The watchdog looks at *desks*. A worker puts the task that it polls on its desk, and takes it off
//! after the poll; under the desk's lock, so what lies there is alive. The worker does not look at
//! the clock for that: whoever finds the same poll there twice knows that it took all the time
//! between.

use super::cell::{Polled, Task};
use super::guard;
use crate::collections::Padded;
use crate::env::hooks::{self, Hooks, SlowPoll, TaskHook, TaskMeta};
use crate::env::meter::{Count, WorkerMeter};
use crate::env::owner::RawTask;
use crate::env::{Env, context};
use crate::lock::Lock;
use crate::platform::clock::now_ns;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

/// The observer of a runtime, if it has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Option<Arc<Observer>>);

impl Watch {
    /// Looks at what the hooks of a runtime ask for.
    pub(crate) fn of(env: &Env) -> Self {
        Self(if hooks::observed() { Observer::of(env).map(Arc::new) } else { None })
    }

    /// Looks at nothing.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    #[inline]
    pub(crate) fn observer(&self) -> Option<&Arc<Observer>> {
        if hooks::observed() { self.0.as_ref() } else { None }
    }

    /// A new task was made; its owner holds it, or the caller keeps it.
    #[inline]
    pub(crate) fn spawned(&self, task: Task) {
        self.observer().into_iter().for_each(|observer| tell(&observer.hooks.spawn, task));
    }

    /// A task has ended; its outcome is not known to others yet.
    #[inline]
    pub(crate) fn ended(&self, task: Task) {
        self.observer().into_iter().for_each(|observer| tell(&observer.hooks.terminate, task));
    }

    /// Polls a held task once, as [`Task::poll`].
    #[inline]
    pub(crate) fn poll(&self, task: Task) -> Polled {
        match self.observer() {
            None => task.poll(),
            Some(observer) => observer.poll(task),
        }
    }
}

/// See the module.
pub(crate) struct Observer {
    hooks: Hooks,
    meters: Box<[Arc<WorkerMeter>]>,
    /// One a worker, if a watchdog looks at them.
    desks: Box<[Padded<Desk>]>,
    /// Whether anything but the ends of tasks is looked at.
    polls: bool,
    /// Whether it matters how long polls take.
    times: bool,
}

impl Observer {
    /// What the hooks of a runtime ask for; `None` if that is nothing.
    fn of(env: &Env) -> Option<Self> {
        let (hooks, workers) = (&env.hooks, env.meter.workers());
        let histograms = workers.iter().any(|worker| worker.histogram().is_some());
        let times = hooks.slow_poll.is_some() || histograms;
        let watched = hooks.watchdog.threshold.is_some();
        let told = hooks.before_poll.is_some() || hooks.after_poll.is_some();
        let polls = times || watched || told;
        if !polls && hooks.spawn.is_none() && hooks.terminate.is_none() {
            return None;
        }
        let desks = if watched { workers.len() } else { 0 };
        Some(Self {
            hooks: hooks.clone(),
            meters: workers.into(),
            desks: (0..desks).map(|_| Padded::default()).collect(),
            polls,
            times,
        })
    }

    pub(crate) fn desks(&self) -> impl Iterator<Item = &Desk> {
        self.desks.iter().map(|desk| &desk.0)
    }

    /// The task that a worker polls does not keep it from others any more.
    pub(crate) fn stepped_down(&self, worker: usize) {
        if let Some(desk) = self.desks.get(worker) {
            *desk.0.task.lock() = None;
        }
    }

    /// [`Task::poll`] under observation. The task is held still after it, so it cannot go.
    #[cold]
    #[inline(never)]
    fn poll(&self, task: Task) -> Polled {
        if !self.polls {
            return task.poll();
        }
        tell(&self.hooks.before_poll, task);
        // Zero where a thread without a seat polls what is bound to it.
        let worker = context::with(|cx| cx.worker.get()).wrapping_sub(1);
        let desk = self.desks.get(worker).map(|desk| desk.0.take(task));
        let start = if self.times { now_ns() } else { 0 };
        let polled = task.poll();
        if self.times {
            self.took(task, worker, Duration::from_nanos(now_ns().saturating_sub(start)));
        }
        drop(desk);
        tell(&self.hooks.after_poll, task);
        polled
    }

    fn took(&self, task: Task, worker: usize, took: Duration) {
        let meter = self.meters.get(worker).and_then(|meter| meter.histogram());
        meter.into_iter().for_each(|histogram| histogram.measure(took));
        if let Some(hook) = self.hooks.slow_poll.as_ref().filter(|hook| took >= hook.threshold) {
            let TaskMeta { id, name, future, spawned_at } = task.meta();
            let spawned_at = spawned_at.location();
            guard(|| (hook.call)(&SlowPoll { id, name, future, spawned_at, took }));
        }
    }
}

#[cold]
fn tell(hook: &Option<TaskHook>, task: Task) {
    if let Some(hook) = hook {
        guard(|| hook(&task.meta()));
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("hooks", &self.hooks).finish_non_exhaustive()
    }
}

/// Where a worker shows which task it polls.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    task: Lock<Option<Shown>>,
    /// How many polls there were.
    polls: Count,
}

/// A task that is being polled.
#[derive(Debug)]
struct Shown(RawTask);

// SAFETY: it is an address, and what is behind it is alive while it lies on a desk. Of that only the
// metadata is read, which any thread may.
unsafe impl Send for Shown {}

impl Desk {
    /// Shows the task until the guard is dropped.
    fn take(&self, task: Task) -> AtDesk<'_> {
        self.polls.add(1);
        *self.task.lock() = Some(Shown(task.as_raw()));
        AtDesk { desk: self, task }
    }

    /// What `look` says about the poll that goes on, and its number; `None` if none does.
    ///
    /// The worker cannot end the poll meanwhile, so `look` must be short.
    pub(crate) fn look<R>(&self, look: impl FnOnce(usize, TaskMeta<'_>) -> R) -> Option<R> {
        let task = self.task.lock();
        let shown = task.as_ref()?;
        Some(look(self.polls.get(), Task::from_raw(shown.0).meta()))
    }
}

struct AtDesk<'a> {
    desk: &'a Desk,
    task: Task,
}

impl Drop for AtDesk<'_> {
    fn drop(&mut self) {
        let mut shown = self.desk.task.lock();
        // Not that of the substitute who has the worker's seat meanwhile.
        if shown.as_ref().is_some_and(|shown| shown.0 == self.task.as_raw()) {
            *shown = None;
        }
    }
}
