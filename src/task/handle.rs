//! The handle to a runtime: what spawns on it, from anywhere.

use super::join::JoinHandle;
use super::spawn::{Blocking, start, start_blocking};
use crate::env::context::{self, Restore};
use crate::env::owner::{NO_RUNTIME, Owner, OwnerRef};
use crate::env::panics;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// A counted reference to a runtime. Any thread may spawn through it; it does not keep the
/// runtime running, and a task spawned after shutdown is cancelled at once.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// let handle = runtime.handle().clone();
/// let task = handle.spawn(async { 1 + 1 });
/// assert_eq!(runtime.block_on(task).unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct Handle {
    owner: OwnerRef,
}

impl core::panic::UnwindSafe for Handle {}
impl core::panic::RefUnwindSafe for Handle {}

impl Handle {
    pub(crate) fn new(owner: OwnerRef) -> Self {
        Self { owner }
    }

    pub(crate) fn owner(&self) -> &OwnerRef {
        &self.owner
    }

    /// The runtime of this thread.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let handle = creel::runtime::Handle::current();
    /// // The handle goes where the runtime is not.
    /// let task = creel::task::spawn_blocking(move || handle.spawn(async { 5 }));
    /// assert_eq!(task.await.unwrap().await.unwrap(), 5);
    /// # });
    /// ```
    #[track_caller]
    pub fn current() -> Self {
        match Self::try_current() {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// The runtime of this thread.
    ///
    /// # Errors
    /// [`TryCurrentError`] outside a runtime.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        OwnerRef::current().map(Self::new).ok_or(TryCurrentError(()))
    }

    /// Makes this the runtime of the thread until the guard is dropped: `spawn`, timers and
    /// `Handle::current` then mean it. Guards must be dropped in the reverse order.
    #[must_use = "the runtime is entered until the guard is dropped"]
    pub fn enter(&self) -> EnterGuard<'_> {
        let owner = Some(self.owner.as_ptr());
        let depth = context::with(|cx| cx.depth.get()) + 1;
        let entered = Entered {
            _runtime: Restore::set(|cx| &cx.runtime, owner),
            _local: None,
            _depth: Restore::set(|cx| &cx.depth, depth),
            depth,
            owner: self.owner.clone(),
        };
        EnterGuard { entered, _handle: PhantomData }
    }

    /// [`enter_local`](Self::enter_local) that is never undone.
    #[allow(dead_code)] // only an event loop has such a runtime
    pub(crate) fn enter_for_good(&self) {
        let owner = Some(self.owner.as_ptr());
        context::with(|cx| {
            cx.runtime.set(owner);
            cx.local.set(owner);
        });
        // The address in the context stays valid.
        core::mem::forget(self.owner.clone());
    }

    /// [`spawn_local`](crate::task::spawn_local) on this runtime, wherever that is called. Only for
    /// a runtime that is bound to this thread.
    #[allow(dead_code)] // only an event loop has such a runtime
    #[track_caller]
    pub(crate) fn spawn_bound<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        start(self.owner.clone(), future, (), true)
    }

    /// [`enter`](Self::enter) that also says where `spawn_local` puts its tasks. Only for a
    /// runtime that is bound to this thread.
    pub(crate) fn enter_local(&self) -> EnterGuard<'_> {
        let owner = Some(self.owner.as_ptr());
        let mut guard = self.enter();
        guard.entered._local = Some(Restore::set(|cx| &cx.local, owner));
        guard
    }

    /// Starts a task on this runtime; see [`spawn`](crate::task::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        start(self.owner.clone(), future, (), false)
    }

    /// Runs a closure that blocks its thread; see [`spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, function: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        start_blocking(&self.owner, Blocking::new(function, &self.owner), ())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("runtime", &self.owner.as_ptr()).finish()
    }
}

/// Keeps a runtime entered; made by [`Handle::enter`].
#[derive(Debug)]
#[must_use = "the runtime is entered until the guard is dropped"]
pub struct EnterGuard<'a> {
    entered: Entered,
    _handle: PhantomData<&'a Handle>,
}

/// What a guard undoes. It has no lifetime, so that a runtime may be shut down, which moves it,
/// before a guard of it goes out of scope.
#[derive(Debug)]
struct Entered {
    _runtime: Restore<Option<NonNull<Owner>>>,
    _local: Option<Restore<Option<NonNull<Owner>>>>,
    _depth: Restore<u32>,
    depth: u32,
    /// Keeps the address in the context valid; dropped after it is gone from there.
    owner: OwnerRef,
}

// SAFETY: a shared guard shows its addresses and gives access to nothing; it is not `Send`, so it
// is dropped on its own thread.
unsafe impl Sync for Entered {}

impl Drop for Entered {
    #[track_caller]
    fn drop(&mut self) {
        let in_order = context::with(|cx| cx.depth.get()) == self.depth;
        if !in_order {
            // A later guard will put this address back: it stays valid for good.
            core::mem::forget(self.owner.clone());
        }
        assert!(
            in_order || panics::unwinding(),
            "`EnterGuard` values dropped out of order: a guard of `Handle::enter` must be dropped \
             before those that were made earlier"
        );
    }
}

/// There is no runtime on this thread.
pub struct TryCurrentError(());

impl TryCurrentError {
    /// Always: the thread has no runtime.
    pub fn is_missing_context(&self) -> bool {
        true
    }

    /// Never: the context slot needs no destructor, so it outlives the thread's other locals.
    pub fn is_thread_local_destroyed(&self) -> bool {
        false
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NO_RUNTIME)
    }
}

impl fmt::Debug for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryCurrentError").field("kind", &NO_RUNTIME).finish()
    }
}

impl core::error::Error for TryCurrentError {}
