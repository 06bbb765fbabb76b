//! A set of tasks with the same output, joined in the order in which they end.
//!
//! Each task carries a [`Ticket`] beside its future: dropped with the future, it puts the task's
//! key into the set's queue of finished ones and wakes who waits. So joining the next one looks at
//! nothing that is still running, and a task costs no allocation besides its cell.

use super::builder::Started;
use super::error::JoinError;
use super::handle::Handle;
use super::join::{AbortHandle, JoinHandle};
use super::local_set::LocalSet;
use super::spawn::{Blocking, local_owner};
use super::{Builder as TaskBuilder, Id};
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::site::Site;
use crate::lock::Lock;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;

/// A set of tasks. They start at once, [`join_next`](Self::join_next) answers them as they end,
/// and dropping the set aborts those that are left.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let mut set = creel::task::JoinSet::new();
/// for number in 1..=4 {
///     set.spawn(async move { number * number });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 30);
/// # });
/// ```
pub struct JoinSet<T> {
    tasks: Vec<Option<JoinHandle<T>>>,
    vacant: Vec<usize>,
    finished: Arc<Lock<Finished>>,
}

/// The tasks whose future is gone, oldest first, and who waits for the next.
#[derive(Default)]
struct Finished {
    keys: VecDeque<usize>,
    waker: Option<Waker>,
}

/// What a task of a set carries.
struct Ticket {
    key: usize,
    finished: Arc<Lock<Finished>>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let waker = {
            let mut finished = self.finished.lock();
            finished.keys.push_back(self.key);
            finished.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pin_project! {
    struct Ticketed<F> {
        #[pin]
        future: F,
        ticket: Ticket,
    }
}

impl<F: Future> Future for Ticketed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self { tasks: Vec::new(), vacant: Vec::new(), finished: Arc::default() }
    }

    /// How many tasks are in the set, ended or not.
    pub fn len(&self) -> usize {
        self.tasks.len() - self.vacant.len()
    }

    /// Whether no task is in the set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: 'static> JoinSet<T> {
    /// Starts a task that has a name.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let mut set = creel::task::JoinSet::new();
    /// set.build_task().name("adder").spawn(async { 1 + 1 })?;
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), 2);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder { set: self, builder: TaskBuilder::new() }
    }

    /// Starts a task in the set; see [`spawn`](super::spawn).
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn_on(task, &Handle::current())
    }

    /// Starts a task in the set on another runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (key, task) = self.ticketed(task);
        self.keep(key, handle.spawn(task))
    }

    /// Starts a task in the set that stays on this thread; see
    /// [`spawn_local`](super::spawn_local).
    ///
    /// # Panics
    /// Where this thread drives no runtime.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        drop(local_owner());
        let (key, task) = self.ticketed(task);
        self.keep(key, super::spawn_local(task))
    }

    /// Starts a task in the set on a local set.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (key, task) = self.ticketed(task);
        self.keep(key, local_set.spawn_local(task))
    }

    /// Runs a closure that blocks its thread, as a task of the set; see
    /// [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.spawn_blocking_on(f, &Handle::current())
    }

    /// Runs a closure that blocks its thread on another runtime, as a task of the set.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (key, task) = self.ticketed(Blocking::new(f, handle.owner()));
        self.keep(key, TaskBuilder::new().start_blocking(handle.owner(), task))
    }

    /// A place in the set, and the future that leaves it; [`keep`](Self::keep) its task there.
    fn ticketed<F: Future<Output = T>>(&mut self, future: F) -> (usize, Ticketed<F>) {
        let ticket = self.ticket();
        (ticket.key, Ticketed { future, ticket })
    }

    fn ticket(&mut self) -> Ticket {
        let key = self.vacant.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() - 1
        });
        Ticket { key, finished: Arc::clone(&self.finished) }
    }

    fn keep(&mut self, key: usize, task: JoinHandle<T>) -> AbortHandle {
        let abort = task.abort_handle();
        self.tasks[key] = Some(task);
        abort
    }

    /// Waits for the next task to end. `None` when the set is empty.
    ///
    /// # Cancel safety
    /// Cancel safe: no task leaves the set unless it is answered.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let mut set = creel::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// set.spawn(async { panic!("no bread") });
    /// let mut ended = [false; 2];
    /// while let Some(outcome) = set.join_next().await {
    ///     ended[usize::from(outcome.is_ok())] = true;
    /// }
    /// assert_eq!(ended, [true, true]);
    /// # });
    /// ```
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        Site::here().of(async move { poll_fn(|cx| self.poll_join_next(cx)).await })
    }

    /// [`join_next`](Self::join_next) with the task's id.
    ///
    /// # Cancel safety
    /// Cancel safe: no task leaves the set unless it is answered.
    #[track_caller]
    pub fn join_next_with_id(
        &mut self,
    ) -> impl Future<Output = Option<Result<(Id, T), JoinError>>> {
        Site::here().of(async move { poll_fn(|cx| self.poll_join_next_with_id(cx)).await })
    }

    /// The next task that has ended, if one has.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let mut set = creel::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// assert!(set.try_join_next().is_none()); // it had no turn yet
    /// creel::task::yield_now().await;
    /// assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
    /// # });
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(|joined| joined.map(|(_, output)| output))
    }

    /// [`try_join_next`](Self::try_join_next) with the task's id.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let cx = &mut Context::from_waker(Waker::noop());
        // Not the task's own business: it takes no budget to look.
        let looked = crate::env::coop::with_budget(crate::env::coop::Budget::UNLIMITED, || {
            self.poll_finished(cx)
        });
        match looked {
            Poll::Ready(joined) => Some(joined),
            Poll::Pending => None,
        }
    }

    /// Aborts all tasks and waits until every one of them is gone.
    ///
    /// # Cancel safety
    /// If this future is dropped the tasks stay aborted and in the set.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let held = std::sync::Arc::new(());
    /// let mut set = creel::task::JoinSet::new();
    /// for _ in 0..3 {
    ///     let held = held.clone();
    ///     set.spawn(async move {
    ///         std::future::pending::<()>().await;
    ///         drop(held);
    ///     });
    /// }
    /// set.shutdown().await;
    /// assert!(set.is_empty());
    /// assert_eq!(std::sync::Arc::strong_count(&held), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            self.abort_all();
            while self.join_next().await.is_some() {}
        })
    }

    /// Waits for all tasks and answers their outputs, in the order in which they ended.
    ///
    /// # Panics
    /// If a task panicked, with its payload; the others are then aborted.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropping this future aborts the tasks and loses the outputs so far.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let set: creel::task::JoinSet<_> = (1..=3).map(|number| async move { number * 10 }).collect();
    /// let mut outputs = set.join_all().await;
    /// outputs.sort();
    /// assert_eq!(outputs, [10, 20, 30]);
    /// # });
    /// ```
    #[track_caller]
    pub fn join_all(mut self) -> impl Future<Output = Vec<T>> {
        Site::here().of(async move {
            let mut outputs = Vec::with_capacity(self.len());
            while let Some(joined) = self.join_next().await {
                match joined {
                    Ok(output) => outputs.push(output),
                    Err(error) => resume_panic(error),
                }
            }
            outputs
        })
    }

    /// Aborts all tasks. They stay in the set until they are joined.
    pub fn abort_all(&mut self) {
        self.tasks.iter().flatten().for_each(JoinHandle::abort);
    }

    /// Takes all tasks out of the set without aborting them.
    pub fn detach_all(&mut self) {
        self.tasks.clear();
        self.vacant.clear();
        // The tasks that still run have tickets to the old queue.
        self.finished = Arc::default();
    }

    /// [`join_next`](Self::join_next) for a future written by hand.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(cx)
            .map(|joined| joined.map(|joined| joined.map(|(_, output)| output)))
    }

    /// [`join_next_with_id`](Self::join_next_with_id) for a future written by hand.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if self.is_empty() { Poll::Ready(None) } else { self.poll_finished(cx).map(Some) }
    }

    fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Result<(Id, T), JoinError>> {
        let looks = self.len();
        for _ in 0..looks {
            let key = {
                let mut finished = self.finished.lock();
                match finished.keys.pop_front() {
                    Some(key) => key,
                    None => {
                        drop(finished);
                        return self.wait(cx);
                    }
                }
            };
            let task = self.tasks[key].as_mut().expect("a ticket is for a task of the set");
            let id = task.id();
            match Pin::new(task).poll(cx) {
                Poll::Ready(outcome) => {
                    self.tasks[key] = None;
                    self.vacant.push(key);
                    return Poll::Ready(outcome.map(|output| (id, output)));
                }
                // Nothing is answered before our next turn, which the handle asked for.
                Poll::Pending if !coop::has_budget_remaining() => {
                    self.finished.lock().keys.push_front(key);
                    return Poll::Pending;
                }
                // Its future is gone but its outcome is not out yet. The handle wakes us; look at it
                // again then.
                Poll::Pending => self.finished.lock().keys.push_back(key),
            }
        }
        Poll::Pending
    }

    /// Leaves the waker for the next ticket, unless one came meanwhile.
    fn wait(&self, cx: &mut Context<'_>) -> Poll<Result<(Id, T), JoinError>> {
        let waker = cx.waker().clone();
        let (old, late) = {
            let mut finished = self.finished.lock();
            (finished.waker.replace(waker), !finished.keys.is_empty())
        };
        drop(old);
        if late {
            cx.waker().wake_by_ref();
        }
        dump::told(Poll::Pending, || Wait::new("join set").on(Arc::as_ptr(&self.finished)))
    }
}

/// Lets the panic of a task go on, or panics because it was cancelled.
#[track_caller]
pub(crate) fn resume_panic(error: JoinError) -> ! {
    match error.try_into_panic() {
        #[cfg(feature = "std")]
        Ok(payload) => std::panic::resume_unwind(payload),
        #[cfg(not(feature = "std"))]
        Ok(_) => unreachable!("nothing is caught"),
        Err(cancelled) => panic!("{cancelled}"),
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.tasks.iter().flatten().for_each(JoinHandle::abort);
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts every future of the iterator on the runtime of this thread.
impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

/// Starts every future of the iterator on the runtime of this thread.
impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}

/// Starts a task of a set that has a name; made by [`JoinSet::build_task`].
#[must_use = "a builder does nothing until one of its `spawn` methods is called"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    builder: TaskBuilder<'a>,
}

impl<T> fmt::Debug for Builder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("join_set::Builder").field("task", &self.builder).finish()
    }
}

impl<'a, T: 'static> Builder<'a, T> {
    /// Names the task.
    pub fn name(self, name: &'a str) -> Self {
        Self { builder: self.builder.name(name), ..self }
    }

    /// [`JoinSet::spawn`].
    ///
    /// # Errors
    /// None today.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> Started<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn_on(future, &Handle::current())
    }

    /// [`JoinSet::spawn_on`].
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> Started<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let Self { set, builder } = self;
        let (key, task) = set.ticketed(future);
        Ok(set.keep(key, builder.start(handle.owner().clone(), task)))
    }

    /// [`JoinSet::spawn_local`].
    ///
    /// # Errors
    /// None today.
    ///
    /// # Panics
    /// Where this thread drives no runtime.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> Started<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let Self { set, builder } = self;
        let owner = local_owner();
        let (key, task) = set.ticketed(future);
        Ok(set.keep(key, builder.start_local(owner, task)))
    }

    /// [`JoinSet::spawn_local_on`].
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> Started<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let Self { set, builder } = self;
        let (key, task) = set.ticketed(future);
        Ok(set.keep(key, builder.start_local(local_set.owner(), task)))
    }

    /// [`JoinSet::spawn_blocking`].
    ///
    /// # Errors
    /// None today.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(self, f: F) -> Started<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.spawn_blocking_on(f, &Handle::current())
    }

    /// [`JoinSet::spawn_blocking_on`].
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, f: F, handle: &Handle) -> Started<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let Self { set, builder } = self;
        let (key, task) = set.ticketed(Blocking::new(f, handle.owner()));
        Ok(set.keep(key, builder.start_blocking(handle.owner(), task)))
    }
}
