//! Counts tasks, and lets one wait until all have ended.
//!
//! `state` is one word: bit 0 says that the tracker is closed, the others count the tokens. The
//! tracker *finishes* at the moment when it is closed and without tokens. Whoever brings it there
//! counts that up under the lock and wakes the waiters. A waiter remembers how often the tracker
//! had finished when it was made, so that it completes even if the tracker is reopened at once.
//!
//! Names and behaviour are those of `tokio_util::task`.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::handle::Handle;
use super::join::JoinHandle;
use super::local_set::LocalSet;
use super::spawn::{spawn, spawn_blocking, spawn_local};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::dump::Wait;
use crate::env::site::Site;
use crate::env::wait::{WaitList, WaitPoint, Waiter, wake_while};
use crate::lock::Lock;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

const CLOSED: usize = 1;
const TOKEN: usize = 2;

/// Waits until tasks have ended, for a shutdown that lets them.
///
/// It keeps a count only, so unlike a `JoinSet` it grows by nothing with tasks that have ended, and
/// has no use for what they return. Clones are the same tracker.
///
/// [`wait`](Self::wait) completes once the tracker is [closed](Self::close) and no task is left.
/// Closing does not keep new tasks out: it says that being empty counts.
///
/// # Examples
///
/// ```
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use creel::task::TaskTracker;
///
/// let tracker = TaskTracker::new();
/// for n in 0..3 {
///     tracker.spawn(async move { n });
/// }
/// tracker.close();
/// tracker.wait().await;
/// assert!(tracker.is_empty());
/// # });
/// ```
#[derive(Clone)]
pub struct TaskTracker {
    inner: Arc<Inner>,
}

struct Inner {
    state: AtomicUsize,
    finished: Lock<Finished>,
}

/// `pub(crate)` because it shows in an implementation for a type of a public field.
pub(crate) struct Finished {
    /// How often the tracker has finished.
    times: u64,
    /// Each with the `times` at which it was made. One that enlists has the current one.
    waiters: WaitList<u64>,
}

impl TaskTracker {
    /// An open tracker without tasks.
    #[must_use]
    pub fn new() -> Self {
        let finished = Lock::new(Finished { times: 0, waiters: WaitList::new() });
        Self { inner: Arc::new(Inner { state: AtomicUsize::new(0), finished }) }
    }

    /// Waits until the tracker is closed and no task is left; it is enough that both were so at one
    /// moment since this was called.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let tracker = creel::task::TaskTracker::new();
    /// for _ in 0..3 {
    ///     tracker.spawn(async { creel::task::yield_now().await });
    /// }
    /// tracker.close();
    /// tracker.wait().await;
    /// assert!(tracker.is_empty());
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn wait(&self) -> TaskTrackerWaitFuture<'_> {
        // Asked before the look, so what happens after it is noticed.
        let times = self.inner.finished.lock().times;
        let done = self.inner.is_finished();
        TaskTrackerWaitFuture { done, waiter: Waiter::new(&*self.inner, times).at(Site::here()) }
    }

    /// Lets [`wait`](Self::wait) complete when no task is left. Answers whether the tracker was
    /// open.
    #[inline]
    pub fn close(&self) -> bool {
        // Release and Acquire order what comes before `close` and after a `reopen` that sees it.
        let before = self.inner.state.fetch_or(CLOSED, Ordering::AcqRel);
        if before == 0 {
            self.inner.finish();
        }
        before & CLOSED == 0
    }

    /// Keeps [`wait`](Self::wait) from completing when no task is left. Answers whether the tracker
    /// was closed.
    #[inline]
    pub fn reopen(&self) -> bool {
        // Release and Acquire as in `close`.
        self.inner.state.fetch_and(!CLOSED, Ordering::AcqRel) & CLOSED != 0
    }

    /// Whether the tracker is closed.
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.load() & CLOSED != 0
    }

    /// How many tasks and tokens are left.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.load() / TOKEN
    }

    /// Whether no task and no token is left.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Spawns a task that counts until its future is dropped.
    ///
    /// # Panics
    /// Outside a runtime.
    #[inline]
    #[track_caller]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn(self.track_future(task))
    }

    /// As [`spawn`](Self::spawn), on the runtime of `handle`.
    #[inline]
    #[track_caller]
    pub fn spawn_on<F>(&self, task: F, handle: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        handle.spawn(self.track_future(task))
    }

    /// As [`spawn`](Self::spawn), for a task that stays on this thread.
    ///
    /// # Panics
    /// Where [`spawn_local`] does.
    #[inline]
    #[track_caller]
    pub fn spawn_local<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_local(self.track_future(task))
    }

    /// As [`spawn_local`](Self::spawn_local), on a [`LocalSet`].
    #[inline]
    #[track_caller]
    pub fn spawn_local_on<F>(&self, task: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        local_set.spawn_local(self.track_future(task))
    }

    /// Runs `task` where it may block; it counts until it has returned.
    ///
    /// # Panics
    /// Where [`spawn_blocking`] does.
    #[inline]
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, task: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        spawn_blocking(tracked(task, self.token()))
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), on the runtime of `handle`.
    #[inline]
    #[track_caller]
    pub fn spawn_blocking_on<F, T>(&self, task: F, handle: &Handle) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        handle.spawn_blocking(tracked(task, self.token()))
    }

    /// Counts a future as a task until it is dropped.
    ///
    /// # Cancel safety
    /// That of `future`, which is dropped with it and counts no more.
    #[inline]
    pub fn track_future<F: Future>(&self, future: F) -> TrackedFuture<F> {
        TrackedFuture { future, token: self.token() }
    }

    /// A token that counts as a task until it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::task::TaskTracker;
    ///
    /// let tracker = TaskTracker::new();
    /// let token = tracker.token();
    /// assert_eq!(tracker.len(), 1);
    /// drop(token);
    /// assert!(tracker.is_empty());
    /// ```
    #[inline]
    pub fn token(&self) -> TaskTrackerToken {
        self.enter();
        TaskTrackerToken { task_tracker: self.clone() }
    }

    /// Counts one more, without a token.
    #[inline]
    pub(crate) fn enter(&self) {
        // Relaxed: a count is only a count; what it stands for begins later.
        self.inner.state.fetch_add(TOKEN, Ordering::Relaxed);
    }

    /// Counts one less.
    #[inline]
    pub(crate) fn leave(&self) {
        // Release publishes what the task did; Acquire takes in what the others did, so that the
        // wake carries all of it.
        if self.inner.state.fetch_sub(TOKEN, Ordering::AcqRel) == CLOSED + TOKEN {
            self.inner.finish();
        }
    }

    /// Whether both are the same tracker.
    #[inline]
    #[must_use]
    pub fn ptr_eq(left: &Self, right: &Self) -> bool {
        Arc::ptr_eq(&left.inner, &right.inner)
    }
}

/// A function that holds on to `token` until it has returned.
fn tracked<F, T>(function: F, token: TaskTrackerToken) -> impl FnOnce() -> T
where
    F: FnOnce() -> T,
{
    move || {
        let output = function();
        drop(token);
        output
    }
}

impl Inner {
    #[inline]
    fn load(&self) -> usize {
        // Acquire pairs with the Releases of tokens and `close`: what the tasks did is seen.
        self.state.load(Ordering::Acquire)
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.load() == CLOSED
    }

    #[cold]
    fn finish(&self) {
        let mut finished = self.finished.lock();
        finished.times += 1;
        let times = finished.times;
        wake_while(&self, finished, |made| *made < times);
    }
}

// SAFETY: always the one lock and the one list inside what the reference keeps alive.
unsafe impl WaitPoint for &Inner {
    type Guarded = Finished;
    type Slot = u64;

    fn lock(&self) -> &Lock<Finished> {
        &self.finished
    }

    fn waiters(finished: &mut Finished) -> &mut WaitList<u64> {
        &mut finished.waiters
    }

    fn wait(&self, _: &u64) -> Wait {
        Wait::new("task tracker")
    }
}

impl Default for TaskTracker {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TaskTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskTracker")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Counts as a task of a [`TaskTracker`] until it is dropped; clones count for themselves.
#[must_use = "it counts until it is dropped"]
#[derive(Debug)]
pub struct TaskTrackerToken {
    task_tracker: TaskTracker,
}

impl TaskTrackerToken {
    /// The tracker that counts it.
    #[inline]
    #[must_use]
    pub fn task_tracker(&self) -> &TaskTracker {
        &self.task_tracker
    }
}

impl Clone for TaskTrackerToken {
    #[inline]
    fn clone(&self) -> Self {
        self.task_tracker.token()
    }
}

impl Drop for TaskTrackerToken {
    #[inline]
    fn drop(&mut self) {
        self.task_tracker.leave();
    }
}

pin_project! {
    /// A future that a [`TaskTracker`] counts until it is dropped. Made by
    /// [`TaskTracker::track_future`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TrackedFuture<F> {
        #[pin]
        future: F,
        token: TaskTrackerToken,
    }
}

impl<F: Future> Future for TrackedFuture<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<F: fmt::Debug> fmt::Debug for TrackedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedFuture")
            .field("future", &self.future)
            .field("task_tracker", self.token.task_tracker())
            .finish()
    }
}

pin_project! {
    /// Completes when a [`TaskTracker`] is closed and empty. Made by [`TaskTracker::wait`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TaskTrackerWaitFuture<'a> {
        done: bool,
        #[pin]
        waiter: Waiter<&'a Inner>,
    }
}

impl Future for TaskTrackerWaitFuture<'_> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if !*this.done {
            let inner = *this.waiter.point();
            ready!(this.waiter.enroll(Some(cx.waker()), |finished, made, _| {
                (*made < finished.times || inner.is_finished()).then_some(())
            }));
            *this.done = true;
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for TaskTrackerWaitFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskTrackerWaitFuture").field("done", &self.done).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
