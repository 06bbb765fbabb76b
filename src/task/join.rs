//! Handles to a task: to wait for it, and to abort it.

use super::cell::Task;
use super::error::JoinError;
use super::executor::at_hand;
use crate::atomic::THREADS;
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::id::Id;
use crate::env::site::Site;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// The right to wait for a task: a future of its outcome.
///
/// Dropping the handle detaches the task, which goes on; its output is dropped when it comes, and
/// a panic that nobody saw reaches [`Builder::on_unhandled_panic`]. To end a task early call
/// [`abort`](Self::abort) or, to also know that it is gone, [`cancel`](Self::cancel).
///
/// # Cancel safety
/// Awaiting `&mut handle` is cancel safe: the outcome stays in the task until it is taken.
///
/// # Panics
/// When polled again after it gave the outcome.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let handle = creel::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// ```
///
/// [`Builder::on_unhandled_panic`]: crate::runtime::Builder::on_unhandled_panic
pub struct JoinHandle<T> {
    task: Task,
    output: PhantomData<T>,
}

// SAFETY: the handle moves the output to the thread that awaits it, hence `T: Send`; all else it
// does goes through the state word.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives no access to the output.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// Takes over the `JoinHandle`'s reference of a new task whose output is `T`.
    pub(super) fn new(task: Task) -> Self {
        Self { task, output: PhantomData }
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn task(&self) -> Task {
        self.task
    }

    /// Asks for the task to end: its future is dropped at its next turn instead of being polled.
    ///
    /// A task that is complete already stays so. Awaiting the handle then tells which it was.
    /// A closure on the blocking pool that has begun cannot be aborted.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let task = creel::spawn(std::future::pending::<()>());
    /// task.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort(&self) {
        abort(self.task);
    }

    /// Aborts the task and waits until its future is really gone.
    ///
    /// # Errors
    /// [`JoinError`] if the task was cancelled (the usual case) or panicked; its output if it
    /// was complete before.
    ///
    /// # Cancel safety
    /// If this future is dropped the abort stands and the task is detached.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let held = std::sync::Arc::new(());
    /// let clone = held.clone();
    /// let task = creel::spawn(async move {
    ///     std::future::pending::<()>().await;
    ///     drop(clone);
    /// });
    /// assert!(task.cancel().await.unwrap_err().is_cancelled());
    /// assert_eq!(std::sync::Arc::strong_count(&held), 1); // what the task held is free
    /// # });
    /// ```
    #[track_caller]
    pub fn cancel(self) -> impl Future<Output = Result<T, JoinError>> {
        Site::here().of(async move {
            self.abort();
            self.await
        })
    }

    /// Whether the task has ended, one way or the other.
    pub fn is_finished(&self) -> bool {
        self.task.header().state.load().is_complete()
    }

    /// A handle that can abort the task but not wait for it.
    pub fn abort_handle(&self) -> AbortHandle {
        self.task.add_ref();
        AbortHandle { task: self.task }
    }

    /// The id of the task.
    pub fn id(&self) -> Id {
        self.task.id()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(receipt) = coop::poll_proceed(cx) else { return Poll::Pending };
        if is_complete_or_wait(self.task, cx.waker()) {
            receipt.made_progress();
            // SAFETY: the task is complete, this is its handle, and its output is `T`.
            return Poll::Ready(unsafe { self.task.take() });
        }
        dump::tell(|| Wait::new("task").on(self.task.as_ptr().as_ptr()).joined(self.id()));
        Poll::Pending
    }
}

/// Whether the task is complete; if not, `waker` is in its join slot.
#[inline]
fn is_complete_or_wait(task: Task, waker: &Waker) -> bool {
    let state = &task.header().state;
    let now = state.load();
    if now.is_complete() {
        return true;
    }
    if now.has_join_waker() {
        if task.join_waker_is(waker) {
            return false;
        }
        if !state.unset_join_waker() {
            return true;
        }
        // SAFETY: the flag was cleared by this handle.
        super::guard(|| drop(unsafe { task.take_join_waker() }));
    }
    task.fill_join_waker(waker.clone());
    if state.set_join_waker(task.is_alone()) {
        return false;
    }
    // Completed meanwhile, and the slot was not shared: it is still ours.
    // SAFETY: filled just now.
    super::guard(|| drop(unsafe { task.take_join_waker() }));
    true
}

fn abort(task: Task) {
    let owner = task.owner();
    match at_hand(owner) {
        Some(executor) => executor.abort(task),
        None if task.header().state.abort() => owner.schedule(task.as_raw()),
        None => {}
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        let now = self.task.header().state.load();
        if now.is_complete() && now.is_sole() && self.task.is_spent() {
            // The usual end, and the cheapest: nobody else is left.
            return self.task.free();
        }
        if !now.is_complete() && !now.has_join_waker() && (!THREADS || self.task.is_alone()) {
            // The usual beginning of a task that nobody joins.
            return self.task.header().state.drop_join_alone();
        }
        drop_handle(self.task);
    }
}

/// Gives up a handle whose task may still run, or whose outcome may still be there.
fn drop_handle(task: Task) {
    let before = task.header().state.drop_join();
    if before.is_complete() {
        super::name_as(task, || task.discard());
    }
    // Once the task is complete the waker is the completing side's.
    if before.has_join_waker() && !before.is_complete() {
        // SAFETY: the flag was cleared by this handle.
        super::guard(|| drop(unsafe { task.take_join_waker() }));
    }
    task.drop_ref();
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).finish()
    }
}

/// The right to abort a task, without the right to wait for it. Clone it freely; dropping it does
/// nothing.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let task = creel::spawn(std::future::pending::<()>());
/// let (one, another) = (task.abort_handle(), task.abort_handle());
/// one.abort();
/// assert!(task.await.is_err());
/// assert!(another.is_finished());
/// # });
/// ```
pub struct AbortHandle {
    task: Task,
}

// SAFETY: all an abort handle does goes through the state word and the owner's operations, which
// are callable from any thread; freeing the cell frees neither future nor output.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// Asks for the task to end, as [`JoinHandle::abort`].
    pub fn abort(&self) {
        abort(self.task);
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.task.header().state.load().is_complete()
    }

    /// The id of the task.
    pub fn id(&self) -> Id {
        self.task.id()
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        self.task.add_ref();
        Self { task: self.task }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        self.task.drop_ref();
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id()).finish()
    }
}
