//! Structured concurrency: work that belongs together starts, ends and fails together.
//!
//! | | |
//! |---|---|
//! | [`scope`](scope()), [`scope_local`] | children run in the parent's task and may borrow |
//! | [`parallel`] | children are tasks of the runtime |
//! | [`try_scope`], [`try_parallel`] | and the first error cancels the others |
//!
//! # Cancelling
//!
//! A scope tells everything below it two things. That it *is asked to end*: code looks at
//! [`is_asked_to_end`] or awaits [`asked_to_end`], finishes what it is at, and returns. That it *is
//! cancelled*: every child is dropped where it waits. What must not be dropped half-way says so, by
//! [`shield`] or [`finally`], and the scope waits for it. Both go down to nested scopes, with the
//! [`deadline`]; neither goes up, nor to tasks that were started by [`spawn`](crate::spawn).
//!
//! Cancelling is not the same as dropping: whoever drops the future of a scope, or aborts the task
//! it is in, does not wait. Shields end there. Clean-up is still done, as a task of the runtime.

mod child;
mod drain;
mod finally;
mod frame;
mod group;
mod handle;
mod policy;
mod region;
mod roster;
mod run;
mod shield;
mod shutdown;

pub use child::{Child, ChildError};
#[doc(hidden)]
pub use drain::{Contest, Entrant};
pub use drain::{race_drain, timeout_drain};
pub use finally::{Finally, finally, finally_local};
pub use group::{Spawner, TaskGroup};
pub use handle::{
    ConcurrentScope, LocalScope, ParallelScope, Scope, TryLocalScope, TryParallelScope, TryScope,
};
pub use policy::{
    Concurrent, ConcurrentLocal, Fallible, Judges, Kind, Parallel, Plain, Policy, Takes,
};
pub use run::{Builder, parallel, scope, scope_local, try_parallel, try_scope, try_scope_local};
pub use shield::{Shield, shield};
pub use shutdown::{Ended, Report, Shutdown};

use crate::env::instant::Instant;
use frame::{Frame, Signals, with_frame};

/// Whether the running code is asked to end, by a scope or a shutdown around it.
pub fn is_asked_to_end() -> bool {
    with_signals(|signals| signals.asked.is_cancelled()).unwrap_or(false)
}

/// Waits until the running code is asked to end; forever outside of scopes.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn asked_to_end() {
    match with_signals(|signals| signals.asked.clone()) {
        Some(asked) => asked.cancelled_owned().await,
        None => core::future::pending().await,
    }
}

/// When the running code will be cancelled, if something around it has a deadline.
pub fn deadline() -> Option<Instant> {
    with_signals(|signals| signals.deadline).flatten()
}

fn with_signals<R>(f: impl FnOnce(&Signals) -> R) -> Option<R> {
    with_frame(|frame| frame.and_then(Frame::signals).map(|signals| f(signals)))
}
