//! Tasks with a name.

use super::handle::Handle;
use super::join::JoinHandle;
use super::local_set::LocalSet;
use super::spawn::{Blocking, local_owner, start, start_blocking};
use crate::env::owner::OwnerRef;
use alloc::boxed::Box;
use core::future::Future;

/// Starts a task that has a name, which hooks and reports then tell. The name costs an allocation.
///
/// With `std` the methods answer `io::Result` as tokio's do; no case fails today.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let task = creel::task::Builder::new().name("adder").spawn(async { 1 + 1 }).unwrap();
/// assert_eq!(task.await.unwrap(), 2);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Builder<'a> {
    name: Option<&'a str>,
}

/// What the starting methods answer: always `Ok`.
#[cfg(feature = "std")]
pub(super) type Started<T> = std::io::Result<T>;
#[cfg(not(feature = "std"))]
pub(super) type Started<T> = Result<T, core::convert::Infallible>;

impl super::cell::Meta for Option<Box<str>> {
    fn name(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl<'a> Builder<'a> {
    /// A task without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task.
    pub fn name(self, name: &'a str) -> Self {
        Self { name: Some(name) }
    }

    fn meta(self) -> Option<Box<str>> {
        self.name.map(Box::from)
    }

    #[track_caller]
    pub(super) fn start<F>(self, owner: OwnerRef, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        start(owner, future, self.meta(), false)
    }

    #[track_caller]
    pub(super) fn start_blocking<F>(self, runtime: &OwnerRef, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        start_blocking(runtime, future, self.meta())
    }

    #[track_caller]
    pub(super) fn start_local<F>(self, owner: OwnerRef, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        start(owner, future, self.meta(), true)
    }

    /// [`spawn`](super::spawn).
    ///
    /// # Errors
    /// None today.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> Started<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(self.start(OwnerRef::current_or_panic(), future))
    }

    /// [`spawn`](super::spawn) on another runtime.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> Started<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(self.start(handle.owner().clone(), future))
    }

    /// [`spawn_local`](super::spawn_local).
    ///
    /// # Errors
    /// None today.
    ///
    /// # Panics
    /// Where this thread drives no runtime.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> Started<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(self.start_local(local_owner(), future))
    }

    /// [`LocalSet::spawn_local`].
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, set: &LocalSet) -> Started<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(self.start_local(set.owner(), future))
    }

    /// [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Errors
    /// None today.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, function: F) -> Started<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_on(function, &Handle::current())
    }

    /// [`spawn_blocking`](super::spawn_blocking) on another runtime.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, function: F, handle: &Handle) -> Started<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        Ok(self.start_blocking(handle.owner(), Blocking::new(function, handle.owner())))
    }
}
