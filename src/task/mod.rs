//! Tasks: futures that a runtime polls on their own, and the handles to them.
//!
//! A task costs one allocation: its future and 64 bytes. [`spawn`] starts one that may move
//! between threads, [`spawn_local`] one that stays; both answer a [`JoinHandle`], a future of the
//! outcome. Dropping the handle lets the task go on; [`JoinHandle::cancel`] ends it and waits
//! until its future is really gone. A panic inside a task is caught where the target unwinds,
//! and comes out of its handle as a [`JoinError`].
//!
//! Inside: [`cell`](self) and `state` are the protocol, `executor` the queue of one thread;
//! `waker`, `join`, `registry`, `queue` are what their names say.

mod berths;
mod block_in_place;
mod builder;
mod cell;
pub mod coop;
#[cfg(feature = "dump")]
mod dump;
mod error;
pub(crate) mod executor;
mod handle;
mod join;
pub mod join_set;
mod local_set;
pub(crate) mod nest;
pub(crate) mod observer;
mod pollers;
pub(crate) mod queue;
#[cfg_attr(not(feature = "dump"), path = "record_none.rs")]
mod record;
pub(crate) mod registry;
pub(crate) mod spawn;
mod state;
#[cfg(feature = "std")]
mod task_local;
pub mod task_tracker;
mod waker;
mod yield_now;

pub use crate::env::id::Id;
pub use block_in_place::block_in_place;
pub use builder::Builder;
pub use coop::{Unconstrained, consume_budget, unconstrained};
pub use error::JoinError;
#[doc(hidden)] // shown in `runtime`
pub use handle::{EnterGuard, Handle, TryCurrentError};
pub use join::{AbortHandle, JoinHandle};
pub use join_set::JoinSet;
pub use local_set::{LocalEnterGuard, LocalSet};
pub(crate) use spawn::start_placed;
pub use spawn::{spawn, spawn_blocking, spawn_local};
#[cfg(feature = "std")]
pub use task_local::LocalKey;
pub use task_tracker::TaskTracker;
pub use yield_now::yield_now;

/// The futures of this module, for those who must name their types.
#[cfg(feature = "std")]
pub mod futures {
    pub use super::task_local::TaskLocalFuture;
}

use crate::env::context;
use crate::env::coop::Budget;
use crate::env::dump::RunningTask;
use crate::env::hooks::{TaskMeta, TaskPanic};
use alloc::boxed::Box;
pub(crate) use cell::{Polled, Task, Turn};
use core::any::Any;

/// The id of the task that is running.
///
/// # Panics
/// Outside a task. The future given to `block_on` is not a task.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let handle = creel::spawn(async { creel::task::id() });
/// let id = handle.id();
/// assert_eq!(handle.await.unwrap(), id);
/// # });
/// ```
#[track_caller]
pub fn id() -> Id {
    try_id().expect("`task::id` was called outside a task; `task::try_id` answers None there")
}

/// The id of the task that is running, if one is.
///
/// # Examples
/// ```
/// assert!(creel::task::try_id().is_none());
/// let runtime = creel::runtime::Builder::new_current_thread().build()?;
/// let task = runtime.spawn(async { creel::task::try_id() });
/// let id = task.id();
/// assert_eq!(runtime.block_on(task).unwrap(), Some(id));
/// # std::io::Result::Ok(())
/// ```
pub fn try_id() -> Option<Id> {
    context::with(|cx| cx.task.get()).map(|task| Task::from_raw(task).id())
}

/// Runs `f` as part of a task: the context names the task and gives it a fresh budget.
#[inline]
pub(crate) fn poll_as<R>(task: Task, f: impl FnOnce() -> R) -> R {
    poll_each(|polling| {
        polling.as_task(task);
        f()
    })
}

/// Runs `f`, which is part of one task after the other, and puts the context back as it was.
#[inline]
pub(crate) fn poll_each<R>(f: impl FnOnce(&Polling<'_>) -> R) -> R {
    context::with(|cx| {
        let (_outer, budget, yielded) = (Outer::here(cx), cx.budget.get(), cx.yielded.get());
        f(&Polling { cx, budget, yielded, asked: cx.asked.task(), _outer })
    })
}

/// What the context was before this thread began to poll tasks.
pub(crate) struct Polling<'a> {
    cx: &'a context::Context,
    budget: Budget,
    yielded: bool,
    /// Which task it was, for dumps.
    asked: RunningTask,
    /// Names it again, after the rest.
    _outer: Outer<'a>,
}

impl Polling<'_> {
    /// What follows is part of `task`: the context names it and gives it a fresh budget.
    #[inline]
    pub(crate) fn as_task(&self, task: Task) {
        self.cx.task.set(Some(task.as_raw()));
        self.cx.asked.set_task(RunningTask::is(task.id()));
        self.cx.budget.set(Budget::INITIAL);
        // A task that polls others, as a local set does, may have given way before it does so.
        self.cx.yielded.set(false);
    }
}

impl Drop for Polling<'_> {
    #[inline]
    fn drop(&mut self) {
        self.cx.asked.set_task(self.asked);
        self.cx.budget.set(self.budget);
        self.cx.yielded.set(self.yielded);
    }
}

/// The task that this thread polls while the context names others, and the right to name them: it is
/// named again when this goes.
///
/// The waker that its poll borrows may be on loan to another thread. So it has a reference more until
/// then: nobody shall take it to be [alone](Task::is_alone).
struct Outer<'a> {
    cx: &'a context::Context,
    task: Option<Task>,
}

impl<'a> Outer<'a> {
    #[inline]
    fn here(cx: &'a context::Context) -> Self {
        let task = cx.task.get().map(Task::from_raw);
        if let Some(task) = task {
            task.add_ref();
        }
        Self { cx, task }
    }
}

impl Drop for Outer<'_> {
    #[inline]
    fn drop(&mut self) {
        self.cx.task.set(self.task.map(Task::as_raw));
        if let Some(task) = self.task {
            task.drop_ref();
        }
    }
}

/// Runs `f` where the context names `task`, with the budget of whoever runs it.
fn name_as<R>(task: Task, f: impl FnOnce() -> R) -> R {
    context::with(|cx| {
        let _outer = Outer::here(cx);
        cx.task.set(Some(task.as_raw()));
        f()
    })
}

/// Runs code that a user wrote; a panic is the answer where the target unwinds.
#[inline]
fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    #[cfg(feature = "std")]
    return std::panic::catch_unwind(core::panic::AssertUnwindSafe(f));
    #[cfg(not(feature = "std"))]
    Ok(f())
}

/// Runs code that a user wrote where its panic concerns nobody: the panic hook has told of it.
#[inline]
pub(crate) fn guard(f: impl FnOnce()) {
    if let Err(payload) = catch(f) {
        // The payload's own drop may panic too; that one is leaked.
        let _ = catch(|| drop(payload)).map_err(core::mem::forget);
    }
}

/// Tells the hook of a panic that no handle will see.
fn report_panic(task: Task, payload: &(dyn Any + Send)) {
    let owner = match task.owner().try_env() {
        Some(_) => Some(task.owner().clone()),
        None => crate::env::owner::OwnerRef::current(),
    };
    if let Some(hook) = owner.as_ref().and_then(|owner| owner.env().hooks.unhandled_panic.as_ref())
    {
        let TaskMeta { id, name, spawned_at, .. } = task.meta();
        let spawned_at = spawned_at.location();
        guard(|| hook(&TaskPanic { id, name, spawned_at, payload }));
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
