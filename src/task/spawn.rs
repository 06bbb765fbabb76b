//! Starting tasks.

use super::cell::{Meta, Task};
use super::executor::adopt;
use super::join::JoinHandle;
use crate::env::context::{self, Restore};
use crate::env::coop::{self, Budget};
use crate::env::id::Id;
use crate::env::owner::OwnerRef;
use crate::env::site::Site;
use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Starts a task on the runtime of this thread: `future` is polled on its own from now on, also
/// if the handle is never awaited. A runtime with several workers may move it between them.
///
/// Costs one allocation.
///
/// # Panics
/// Outside a runtime. `future` itself panics only inside the task, see [`JoinError`].
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let double = |n: u32| creel::spawn(async move { n * 2 });
/// let (a, b) = (double(3), double(4));
/// assert_eq!(a.await.unwrap() + b.await.unwrap(), 14);
/// # });
/// ```
///
/// [`JoinError`]: super::JoinError
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    start(OwnerRef::current_or_panic(), future, (), false)
}

/// Starts a task that stays on this thread, so its future need not be `Send`.
///
/// It goes to the innermost [`LocalSet`](super::LocalSet) if there is one, else to the runtime
/// that this thread drives.
///
/// # Panics
/// Where this thread drives no runtime.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let shared = std::rc::Rc::new(7);
/// let clone = shared.clone();
/// assert_eq!(creel::task::spawn_local(async move { *clone }).await.unwrap(), *shared);
/// # });
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    start(local_owner(), future, (), true)
}

/// Where `spawn_local` puts its task.
#[inline]
#[track_caller]
pub(crate) fn local_owner() -> OwnerRef {
    let Some(owner) = context::with(|cx| cx.local.get()) else {
        panic!(
            "`spawn_local` needs a runtime that runs on this thread: call it inside `block_on`, a \
             task or a `LocalSet`, or use `spawn` (tokio: `spawn_local` called from outside of a \
             `task::LocalSet` or `runtime::LocalRuntime`)"
        )
    };
    // SAFETY: whoever set the slot keeps the owner alive until it is reset.
    unsafe { OwnerRef::retain(owner) }
}

/// Runs a closure that blocks its thread where that does no harm: on a thread of the runtime's
/// blocking pool. On hosts without threads it runs as an ordinary task, and blocks all others.
///
/// A closure that has begun cannot be aborted. Inside it there is no budget, and `block_on` is
/// allowed.
///
/// # Panics
/// Outside a runtime.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let sum = creel::task::spawn_blocking(|| (1..=1_000_u64).sum::<u64>()).await.unwrap();
/// assert_eq!(sum, 500_500);
/// # });
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(function: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let owner = OwnerRef::current_or_panic();
    start_blocking(&owner, Blocking::new(function, &owner), ())
}

/// Makes a task and gives it to its owner.
#[inline]
#[track_caller]
pub(crate) fn start<F, M>(owner: OwnerRef, future: F, meta: M, local: bool) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    M: Meta,
{
    // SAFETY: nothing is borrowed.
    unsafe { start_borrowing(owner, future, meta, local) }
}

/// [`start`] for a future that may borrow.
///
/// # Safety
/// That of [`Task::new`]. The future and its output are `Send` unless it is `local`.
#[inline]
#[track_caller]
pub(crate) unsafe fn start_borrowing<F, M>(
    owner: OwnerRef,
    future: F,
    meta: M,
    local: bool,
) -> JoinHandle<F::Output>
where
    F: Future,
    M: Meta,
{
    // SAFETY: by contract.
    let task = unsafe { Task::new(future, meta, owner, Id::fresh(), local, Site::here()) };
    let handle = JoinHandle::new(task);
    adopt(task);
    handle
}

/// Starts a task on whichever thread the runtime of this one chooses; there it stays.
///
/// # Panics
/// Outside a runtime.
///
/// # Safety
/// The future may be sent to another thread until it is polled, and its outcome at any time.
#[track_caller]
pub(crate) unsafe fn start_placed<F: Future + 'static>(
    future: F,
    name: Option<&str>,
) -> JoinHandle<F::Output> {
    let mut parts = Some((future, name.map(Box::<str>::from)));
    let (mut handle, spawned_at) = (None, Site::here());
    let make = &mut |owner| {
        let (future, name) = parts.take().expect("a task is placed once");
        // SAFETY: nothing is borrowed.
        let task = unsafe { Task::new(future, name, owner, Id::fresh(), true, spawned_at) };
        handle = Some(JoinHandle::new(task));
        task.as_raw()
    };
    OwnerRef::current_or_panic().place(make);
    handle.expect("every owner places the task")
}

/// Makes a task that may block its thread, and gives it to the blocking pool of a runtime, or to
/// the runtime itself if it has none.
#[track_caller]
pub(crate) fn start_blocking<F, M>(runtime: &OwnerRef, future: F, meta: M) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    M: Meta,
{
    let env = runtime.env();
    let Some(pool) = &env.blocking else { return start(runtime.clone(), future, meta, false) };
    env.clock.hold();
    start(pool.clone(), future, OnPool { meta, runtime: runtime.clone() }, false)
}

/// The metadata of a task on a blocking pool. From its birth until its outcome is published, a
/// paused clock of its runtime does not jump: blocking work takes real time.
struct OnPool<M> {
    meta: M,
    runtime: OwnerRef,
}

impl<M: Meta> Meta for OnPool<M> {
    const BLOCKING: bool = true;

    fn name(&self) -> Option<&str> {
        self.meta.name()
    }

    fn finished(&self) {
        let clock = &self.runtime.env().clock;
        clock.release();
        if clock.is_paused() {
            // It may jump now.
            self.runtime.unpark();
        }
    }
}

/// A closure as a future that is ready at its first poll.
pub(crate) struct Blocking<F> {
    function: Option<F>,
    runtime: OwnerRef,
}

impl<F> Blocking<F> {
    pub(crate) fn new(function: F, runtime: &OwnerRef) -> Self {
        Self { function: Some(function), runtime: runtime.clone() }
    }
}

// The closure is moved out before it runs, so it is never pinned.
impl<F> Unpin for Blocking<F> {}

impl<R, F: FnOnce() -> R> Future for Blocking<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        let function = self.function.take().expect("a blocking closure runs once");
        let _runtime = Restore::set(|cx| &cx.runtime, Some(self.runtime.as_ptr()));
        Poll::Ready(coop::with_budget(Budget::UNLIMITED, function))
    }
}
