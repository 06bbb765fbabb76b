//! Spans and events for `tracing`, as tokio-console reads them: with the feature `tracing`.
//! `spans_none.rs` has the same names, and does nothing.
//!
//! | what | name or target | fields |
//! |---|---|---|
//! | a task, entered at each poll | span `runtime.spawn`, target `tokio::task` or `tokio::task::blocking` | `kind`, `task.name`, `task.id`, `size.bytes`, `loc.*` |
//! | what becomes of its wakers | event, target `runtime::waker` | `op`, `task.id`: that of the span |
//! | a lock, a timer, a channel | span `runtime.resource` | `concrete_type`, `kind`, `loc.*` |
//! | somebody waits for it | span `runtime.resource.async_op` in that | `source` |
//! | a poll of that wait | span `runtime.resource.async_op.poll` in that | |
//! | what the poll answered | event, target `runtime::resource::poll_op` | `op_name`, `is_ready` |
//! | how the resource changes | event, target `runtime::resource::state_update` | as tokio names them |
//!
//! Subscribers are foreign code, so nothing is told under a lock.

use super::id::Id;
pub(crate) use super::id::Kind;
use super::site::Site;
use crate::lock::Lock;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use tracing::Span;

/// The span of a task.
#[derive(Debug)]
pub(crate) struct TaskSpan {
    /// `None` once the task has ended, although its cell may live on.
    open: Lock<Option<Span>>,
    id: Option<u64>,
}

impl TaskSpan {
    pub(crate) fn new(kind: Kind, name: Option<&str>, id: Id, size: usize, at: Site) -> Self {
        let (name, id) = (name.unwrap_or_default(), id.number() as u64);
        macro_rules! span {
            ($target:literal, $kind:literal) => {
                tracing::trace_span!(
                    target: $target,
                    parent: None,
                    "runtime.spawn",
                    kind = %$kind,
                    task.name = %name,
                    task.id = id,
                    size.bytes = size,
                    loc.file = at.location().map(|at| at.file()),
                    loc.line = at.location().map(|at| at.line()),
                    loc.col = at.location().map(|at| at.column()),
                )
            };
        }
        let span = match kind {
            Kind::Task => span!("tokio::task", "task"),
            Kind::Local => span!("tokio::task", "local"),
            Kind::Blocking => span!("tokio::task::blocking", "blocking"),
        };
        let id = span.id().map(|id| id.into_u64());
        Self { open: Lock::new(Some(span)), id }
    }

    /// Runs `f` as part of the task.
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let span = self.open.lock().clone();
        match span {
            Some(span) => span.in_scope(f),
            None => f(),
        }
    }

    /// The task has ended.
    pub(crate) fn close(&self) {
        let span = self.open.lock().take();
        drop(span);
    }

    /// Something happens to a waker of the task.
    pub(crate) fn waker(&self, op: &'static str) {
        if let Some(id) = self.id {
            tracing::trace!(target: "runtime::waker", op, task.id = id);
        }
    }
}

/// The span of something that one can wait for.
#[derive(Debug)]
pub(crate) struct Resource(AssertUnwindSafe<Span>);

impl Resource {
    /// Of what was made where nobody could be told: in a constant.
    pub(crate) const NONE: Self = Self(AssertUnwindSafe(Span::none()));

    /// Made at `site`.
    pub(crate) fn new(concrete_type: &'static str, kind: &'static str, site: Site) -> Self {
        Self(AssertUnwindSafe(tracing::trace_span!(
            target: "runtime::resource",
            parent: None,
            "runtime.resource",
            concrete_type,
            kind,
            loc.file = site.location().map(|at| at.file()),
            loc.line = site.location().map(|at| at.line()),
            loc.col = site.location().map(|at| at.column()),
        )))
    }

    /// Somebody begins to wait for it, or may do so.
    pub(crate) fn op(&self, source: &'static str, poll: &'static str) -> Op {
        let op = self.0.in_scope(|| {
            tracing::trace_span!(
                target: "runtime::resource::async_op",
                "runtime.resource.async_op",
                source,
                inherits_child_attrs = false,
            )
        });
        let each = op.in_scope(|| {
            tracing::trace_span!(
                target: "runtime::resource::async_op",
                "runtime.resource.async_op.poll"
            )
        });
        Op { spans: AssertUnwindSafe([self.0.clone(), op, each]), poll }
    }

    /// A mutex was locked or unlocked.
    pub(crate) fn locked(&self, locked: bool) {
        self.0.in_scope(|| tracing::trace!(target: "runtime::resource::state_update", locked));
    }

    /// A writer has a lock for itself, or no longer.
    pub(crate) fn write_locked(&self, write_locked: bool) {
        self.0
            .in_scope(|| tracing::trace!(target: "runtime::resource::state_update", write_locked));
    }

    /// Permits are there, come or go: `op` is `override`, `add` or `sub`.
    pub(crate) fn permits(&self, permits: usize, op: &'static str) {
        let permits = permits as u64;
        self.0.in_scope(
            || tracing::trace!(target: "runtime::resource::state_update", permits, permits.op = op),
        );
    }

    /// How long a timer will take.
    pub(crate) fn duration(&self, duration: impl FnOnce() -> Duration) {
        let ms = u64::try_from(duration().as_millis()).unwrap_or(u64::MAX);
        self.0.in_scope(|| {
            tracing::trace!(
                target: "runtime::resource::state_update",
                duration = ms,
                duration.unit = "ms",
                duration.op = "override",
            )
        });
    }
}

/// The spans of one wait.
#[derive(Debug)]
pub(crate) struct Op {
    /// Of the resource, of the wait, of its polls.
    spans: AssertUnwindSafe<[Span; 3]>,
    poll: &'static str,
}

impl Op {
    /// A poll of the wait.
    #[inline]
    pub(crate) fn poll<T>(&self, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let [resource, op, each] = &*self.spans;
        let (_resource, _op, _each) = (resource.enter(), op.enter(), each.enter());
        let answer = f();
        tracing::trace!(
            target: "runtime::resource::poll_op",
            op_name = self.poll,
            is_ready = answer.is_ready(),
        );
        answer
    }

    /// The wait as a future.
    pub(crate) fn of<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        Told { future, op: self }
    }
}

pin_project! {
    struct Told<F> {
        #[pin]
        future: F,
        op: Op,
    }
}

impl<F: Future> Future for Told<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.op.poll(|| this.future.poll(cx))
    }
}
