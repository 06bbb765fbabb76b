//! A runtime that is bound to its thread, by its type.

use super::{Builder, EnterGuard, Handle, Next, Runtime, ShutdownReport};
use crate::task::JoinHandle;
use core::future::Future;
use core::marker::PhantomData;
use core::time::Duration;

/// A current-thread [`Runtime`] that cannot leave its thread, so that tasks which are not `Send`
/// may be started from outside too.
///
/// # Examples
/// ```
/// use creel::runtime::{Builder, LocalOptions};
/// let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
/// let shared = std::rc::Rc::new(5);
/// let task = runtime.spawn_local({
///     let shared = shared.clone();
///     async move { *shared }
/// });
/// assert_eq!(runtime.block_on(task).unwrap(), 5);
/// ```
#[derive(Debug)]
pub struct LocalRuntime {
    runtime: Runtime,
    _not_send: PhantomData<*const ()>,
}

/// Options of a [`LocalRuntime`]: none so far, and those to come need not be `Send`.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    _not_send: PhantomData<*const ()>,
}

impl LocalRuntime {
    /// A runtime with default options.
    ///
    /// # Errors
    /// As [`Builder::build_local`].
    #[cfg(feature = "std")]
    pub fn new() -> std::io::Result<Self> {
        Builder::new_current_thread().build_local(LocalOptions::default())
    }

    /// A handle to this runtime. What it spawns must be `Send`.
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Starts a task that stays on this thread.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let _entered = self.enter();
        crate::task::spawn_local(future)
    }

    /// [`Runtime::spawn_blocking`].
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, function: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.runtime.spawn_blocking(function)
    }

    /// [`Runtime::block_on`].
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Makes this the runtime of the thread, and of `spawn_local`, until the guard is dropped.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle().enter_local()
    }

    /// How many tasks are left; unknown inside a tick.
    #[allow(dead_code)] // preview 3 of WASI asks
    pub(crate) fn task_count(&self) -> Option<usize> {
        self.runtime.task_count()
    }

    /// [`Runtime::next_deadline`].
    pub fn next_deadline(&self) -> Option<crate::env::instant::Instant> {
        self.runtime.next_deadline()
    }

    /// [`Runtime::tick`].
    pub fn tick(&self, turns: usize) -> Next {
        self.runtime.tick(turns)
    }

    /// [`Runtime::shutdown`].
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn shutdown(self, deadline: Duration) -> ShutdownReport {
        self.runtime.shutdown(deadline)
    }

    /// [`Runtime::shutdown_timeout`].
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn shutdown_timeout(self, duration: Duration) {
        self.runtime.shutdown_timeout(duration);
    }

    /// [`Runtime::shutdown_background`].
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }
}

impl Builder {
    /// Makes a current-thread runtime that is bound to its thread.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    ///
    /// # Panics
    /// If the builder is for a multi-threaded runtime.
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn build_local(&mut self, _: LocalOptions) -> std::io::Result<LocalRuntime> {
        assert!(
            self.config().kind == super::Kind::CurrentThread,
            "a local runtime has one thread: use `Builder::new_current_thread`"
        );
        Ok(LocalRuntime { runtime: self.bound().build()?, _not_send: PhantomData })
    }

    /// Makes a current-thread runtime that is bound to its thread and ticked, with I/O.
    #[allow(dead_code)] // preview 3 of WASI asks
    pub(crate) fn build_local_ticked(
        &mut self,
        driver: alloc::sync::Arc<dyn crate::platform::Driver>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> LocalRuntime {
        let runtime = self.build_ticked(None, None, Some(driver), wake);
        LocalRuntime { runtime, _not_send: PhantomData }
    }

    /// Makes a current-thread runtime that is bound to its thread, for a host that ticks it; as
    /// [`build_passive`](Self::build_passive).
    pub fn build_local_passive(
        &mut self,
        _: LocalOptions,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> LocalRuntime {
        LocalRuntime { runtime: self.build_passive(wake), _not_send: PhantomData }
    }
}
