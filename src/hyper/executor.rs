//! Tasks for hyper.

use core::future::Future;
use hyper::rt::Executor;

/// Starts what hyper wants to run beside a connection as tasks of this runtime.
///
/// # Panics
/// [`execute`](Executor::execute) panics outside a runtime, as [`spawn`](crate::task::spawn) does.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CreelExecutor {}

impl CreelExecutor {
    /// An executor; it keeps nothing.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<F> Executor<F> for CreelExecutor
where
    F: Future<Output: Send> + Send + 'static,
{
    #[track_caller]
    fn execute(&self, future: F) {
        drop(crate::task::spawn(future));
    }
}

/// Starts them as tasks of this thread, so services need not be `Send`.
///
/// # Panics
/// [`execute`](Executor::execute) panics where this thread drives no runtime, as
/// [`spawn_local`](crate::task::spawn_local) does.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CreelLocalExecutor {}

impl CreelLocalExecutor {
    /// An executor; it keeps nothing.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<F: Future + 'static> Executor<F> for CreelLocalExecutor {
    #[track_caller]
    fn execute(&self, future: F) {
        drop(crate::task::spawn_local(future));
    }
}
