//! A set of tasks that run inside one future.
//!
//! In this crate [`spawn_local`](super::spawn_local) needs no set. A `LocalSet` is for programs
//! written with one, and for tasks that shall live no longer than some part of a program: dropping
//! the set drops them. It is a [nest](super::nest), driven by whoever polls it.

use super::executor::{Blocking, Driving};
use super::join::JoinHandle;
use super::nest::{ITSELF, Nest, TURNS};
use super::spawn::start;
use crate::env::context::Restore;
use crate::env::info::RuntimeId;
use crate::env::owner::{Owner, OwnerRef};
use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::{Pin, pin};
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// Tasks that run inside one future: whoever polls the set drives them.
///
/// [`spawn_local`](super::spawn_local) needs no set. It is for programs written with one, and for
/// tasks that shall live no longer than some part of a program: dropping the set drops them. As a
/// future it is ready when all its tasks have ended.
///
/// # Cancel safety
/// Awaiting `&mut set` is cancel safe: the tasks stay in the set.
///
/// # Examples
/// ```
/// use creel::task::{LocalSet, spawn_local};
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let set = LocalSet::new();
/// let sum = set
///     .run_until(async {
///         let shared = std::rc::Rc::new(20);
///         let clone = shared.clone();
///         spawn_local(async move { *clone + 1 }).await.unwrap() + *shared
///     })
///     .await;
/// assert_eq!(sum, 41);
/// # });
/// ```
pub struct LocalSet {
    nest: Nest,
    id: RuntimeId,
    /// The tasks stay on this thread, and so does the set.
    _not_send: PhantomData<*const ()>,
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::with(Blocking::Refused)
    }

    /// A set that lets its tasks block the thread.
    pub(crate) fn with(blocking: Blocking) -> Self {
        Self { nest: Nest::new(blocking), id: RuntimeId::fresh(), _not_send: PhantomData }
    }

    /// A set that a host [ticks](Self::tick) when `wake` has asked for it, in the context of a
    /// runtime.
    #[allow(dead_code)] // only the event loop has such sets
    pub(crate) fn hosted(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        let nest = Nest::hosted(wake, Blocking::Refused);
        Self { nest, id: RuntimeId::fresh(), _not_send: PhantomData }
    }

    /// Gives ready tasks up to `turns` turns. Answers whether one is ready.
    #[allow(dead_code)] // only the event loop has such sets
    pub(crate) fn tick(&self, turns: usize) -> bool {
        // Inside one of its own tasks: whoever drives it will see the rest.
        let Some(driving) = self.nest.drive_hosted() else { return false };
        driving.run(turns);
        driving.expect_notice();
        driving.has_ready()
    }

    /// Whether a task is ready.
    #[allow(dead_code)] // only the event loop has such sets
    pub(crate) fn is_ready(&self) -> bool {
        self.tick(0)
    }

    /// Makes this set the one that `spawn_local` means, until the guard is dropped.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let set = creel::task::LocalSet::new();
    /// let task = {
    ///     let _entered = set.enter();
    ///     creel::task::spawn_local(async { 5 }) // in the set
    /// };
    /// set.await;
    /// assert_eq!(task.await.unwrap(), 5);
    /// # });
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        let owner = self.nest.owner();
        let local = Restore::set(|cx| &cx.local, Some(owner.as_ptr()));
        LocalEnterGuard { _local: local, _set: owner }
    }

    /// The id of this set, unique among the runtimes and sets that are alive.
    ///
    /// # Examples
    /// ```
    /// let (one, other) = (creel::task::LocalSet::new(), creel::task::LocalSet::new());
    /// assert_ne!(one.id(), other.id());
    /// ```
    pub fn id(&self) -> RuntimeId {
        self.id
    }

    /// Starts a task on this set; it runs when the set is polled.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        start(self.owner(), future, (), true)
    }

    pub(super) fn owner(&self) -> OwnerRef {
        self.nest.owner()
    }

    /// Runs `future`, and the tasks of the set beside it, until `future` is ready. What is left
    /// of the tasks goes on when the set is polled again.
    ///
    /// # Cancel safety
    /// Cancel safe if `future` is; the tasks stay in the set.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let poller = pin!(self.nest.poller());
        core::future::poll_fn(|cx| {
            let driving = self.drive(poller.key(), cx);
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            self.turn(&driving, cx);
            Poll::Pending
        })
        .await
    }

    /// Whether the panic of a task ends the set.
    pub(crate) fn end_at_panic(&self, fatal: bool) {
        let driving = self.nest.drive_hosted().expect("who has the set alone polls no task of it");
        driving.end_at_panic(fatal);
    }

    fn turn(&self, driving: &Driving<'_>, cx: &Context<'_>) {
        self.nest.turn(driving, TURNS, cx);
        if driving.is_closed() {
            driving.close();
            panic!(
                "a spawned task panicked and the LocalSet is configured to shutdown on unhandled \
                 panic"
            );
        }
    }

    #[track_caller]
    fn drive(&self, poller: usize, cx: &Context<'_>) -> Driving<'_> {
        self.nest
            .drive(poller, cx)
            .unwrap_or_else(|| panic!("a `LocalSet` was polled inside one of its own tasks"))
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driving = self.drive(ITSELF, cx);
        self.turn(&driving, cx);
        if driving.task_count() == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").finish_non_exhaustive()
    }
}

/// Keeps a [`LocalSet`] entered; made by [`LocalSet::enter`].
#[derive(Debug)]
#[must_use = "the set is entered until the guard is dropped"]
pub struct LocalEnterGuard {
    _local: Restore<Option<NonNull<Owner>>>,
    /// Keeps the address in the context valid.
    _set: OwnerRef,
}
