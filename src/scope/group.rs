//! A group of tasks with one output, a limit, and an order.
//!
//! Each task reports its outcome to the group's [`Shared`], also when it is dropped, so joining
//! looks at nothing that still runs. Who waits leaves a waker there.

use super::frame::{Frame, Signals, with_frame};
use super::region::Region;
use super::roster::{Entry, Place};
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::panics::Panics;
use crate::lock::Lock;
use crate::sync::{OwnedSemaphorePermit, Semaphore};
use crate::task::task_tracker::TaskTrackerToken;
use crate::task::{self, Handle, Id, JoinError, TaskTracker};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use futures_core::stream::Stream;
use pin_project_lite::pin_project;

/// Tasks that end with the group: so many at a time, joined as they end or as they were started.
///
/// It is a [`JoinSet`](crate::task::JoinSet) that belongs somewhere. Its tasks are asked to end and
/// cancelled with the scope that it is made in, which also waits for them. Dropping it cancels them,
/// and lets them clean up; a `JoinSet` aborts. Tasks may start others, by a [`Spawner`]. As a stream
/// it gives what [`join_next`](Self::join_next) does.
///
/// # Examples
/// ```
/// use creel::scope::TaskGroup;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut group = TaskGroup::new().limit(2).in_order();
/// for number in 1..=4_u64 {
///     group.spawn(async move {
///         creel::time::sleep(creel::time::Duration::from_millis(5 - number)).await;
///         number * number
///     });
/// }
/// assert_eq!(group.join_next().await.unwrap().unwrap(), 1);
/// assert_eq!(group.join_all().await, [4, 9, 16]);
/// # }
/// ```
pub struct TaskGroup<T> {
    spawner: Spawner<T>,
}

/// The right to start tasks in a [`TaskGroup`], for its tasks among others. Clone it freely. After
/// the group it starts tasks that are cancelled before they begin.
///
/// # Examples
/// ```
/// use creel::scope::{Spawner, TaskGroup};
///
/// fn count_down(from: u32, spawner: Spawner<u32>) {
///     let next = spawner.clone();
///     spawner.spawn(async move {
///         if from > 0 {
///             count_down(from - 1, next);
///         }
///         from
///     });
/// }
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let group = TaskGroup::new();
/// count_down(3, group.spawner());
/// assert_eq!(group.join_all().await, [3, 2, 1, 0]);
/// # }
/// ```
pub struct Spawner<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    signals: Arc<Signals>,
    around: Around,
    limit: Option<Arc<Semaphore>>,
    in_order: bool,
    state: Lock<State<T>>,
}

/// What the tasks take over from where the group was made.
struct Around {
    place: Option<Place>,
    tracker: Option<TaskTracker>,
}

/// By number, which says when a task was started or, in a group without order, ended.
struct State<T> {
    ended: BTreeMap<usize, Result<T, JoinError>>,
    begun: usize,
    finished: usize,
    /// The number that is joined next.
    next: usize,
    waker: Option<Waker>,
}

impl<T> TaskGroup<T> {
    /// An empty group without a limit, joined in the order in which its tasks end.
    pub fn new() -> Self {
        let around = with_frame(|frame| Around {
            place: frame.and_then(Frame::place).cloned(),
            tracker: frame.and_then(Frame::tracker).cloned(),
        });
        let state = State { ended: BTreeMap::new(), begun: 0, finished: 0, next: 0, waker: None };
        let shared = Shared {
            signals: Arc::new(Signals::here(None)),
            around,
            limit: None,
            in_order: false,
            state: Lock::new(state),
        };
        Self { spawner: Spawner { shared: Arc::new(shared) } }
    }

    /// Lets at most `limit` tasks run at a time; the others wait, first come, first served.
    ///
    /// # Panics
    /// If `limit` is zero, or tasks were started already.
    pub fn limit(mut self, limit: usize) -> Self {
        assert!(limit > 0, "with a limit of zero no task would ever run");
        self.option(|shared| shared.limit = Some(Arc::new(Semaphore::new(limit))));
        self
    }

    /// Joins the tasks in the order in which they were started.
    ///
    /// # Panics
    /// If tasks were started already.
    pub fn in_order(mut self) -> Self {
        self.option(|shared| shared.in_order = true);
        self
    }

    fn option(&mut self, set: impl FnOnce(&mut Shared<T>)) {
        let shared = Arc::get_mut(&mut self.spawner.shared);
        set(shared.expect("the options of a group are chosen before its first task is started"));
    }

    /// What starts tasks in this group.
    pub fn spawner(&self) -> Spawner<T> {
        self.spawner.clone()
    }

    /// How many tasks are in the group, ended or not.
    pub fn len(&self) -> usize {
        let state = self.spawner.shared.state.lock();
        state.begun - state.next
    }

    /// Whether no task is in the group.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks the tasks to end by themselves; see [`is_asked_to_end`](super::is_asked_to_end).
    pub fn ask_to_end(&self) {
        self.spawner.shared.signals.asked.cancel();
    }

    /// Cancels the tasks: each is dropped where it waits, after its clean-up. They stay in the group
    /// until they are joined.
    pub fn cancel(&self) {
        self.spawner.shared.signals.cancel();
    }

    /// Waits for the next task to end. `None` when the group is empty.
    ///
    /// # Cancel safety
    /// Cancel safe: no task leaves the group unless it is answered.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// [`join_next`](Self::join_next) for a future written by hand.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.spawner.shared.poll_next(cx)
    }

    /// Cancels the tasks and waits until they have cleaned up; their outcomes are dropped.
    ///
    /// # Cancel safety
    /// If this future is dropped the tasks stay cancelled and in the group.
    pub async fn shutdown(&mut self) {
        self.cancel();
        while self.join_next().await.is_some() {}
    }

    /// Waits for all tasks, and answers their outputs in the order in which they are joined.
    ///
    /// # Panics
    /// If a task panicked: the others are cancelled, and when all have ended the first panic goes on.
    /// If a task was cancelled.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropping this future cancels the tasks and loses the outputs so far.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(joined) = self.join_next().await {
            match joined {
                Ok(output) => outputs.push(output),
                Err(error) => {
                    self.shutdown().await;
                    task::join_set::resume_panic(error);
                }
            }
        }
        outputs
    }
}

impl<T, E> TaskGroup<Result<T, E>> {
    /// Waits for all tasks, and answers their values in the order in which they are joined, or the
    /// first error: then the others are cancelled.
    ///
    /// # Errors
    /// The first error to be joined, when all tasks have ended.
    ///
    /// # Panics
    /// As [`join_all`](Self::join_all).
    ///
    /// # Cancel safety
    /// Not cancel safe: dropping this future cancels the tasks and loses the values so far.
    ///
    /// # Examples
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let group = creel::scope::TaskGroup::new();
    /// for text in ["1", "two", "3"] {
    ///     group.spawn(async move { text.parse::<u32>() });
    /// }
    /// assert!(group.try_join_all().await.is_err());
    /// # }
    /// ```
    pub async fn try_join_all(mut self) -> Result<Vec<T>, E> {
        let mut values = Vec::with_capacity(self.len());
        while let Some(joined) = self.join_next().await {
            match joined {
                Ok(Ok(value)) => values.push(value),
                Ok(Err(error)) => {
                    self.cancel();
                    // A panic counts more than an error.
                    while let Some(joined) = self.join_next().await {
                        if let Err(panicked) = joined
                            && panicked.is_panic()
                        {
                            self.shutdown().await;
                            task::join_set::resume_panic(panicked);
                        }
                    }
                    return Err(error);
                }
                Err(error) => {
                    self.shutdown().await;
                    task::join_set::resume_panic(error);
                }
            }
        }
        Ok(values)
    }
}

impl<T: Send + 'static> TaskGroup<T> {
    /// Starts a task in the group.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F)
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.spawner.spawn(future);
    }
}

impl<T: 'static> TaskGroup<T> {
    /// Starts a task in the group that stays on this thread; see
    /// [`task::spawn_local`](crate::task::spawn_local).
    ///
    /// # Panics
    /// Where this thread drives no runtime.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = T> + 'static,
    {
        let member = self.spawner.member(None, future);
        drop(task::spawn_local(member));
    }
}

impl<T: Send + 'static> Spawner<T> {
    /// Starts a task in the group.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F)
    where
        F: Future<Output = T> + Send + 'static,
    {
        drop(task::spawn(self.member(None, future)));
    }

    /// [`spawn`](Self::spawn) with a name, for reports and hooks. The name costs an allocation.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn_named<F>(&self, name: &str, future: F)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let member = self.member(Some(name), future);
        drop(task::Builder::new().name(name).spawn_on(member, &Handle::current()));
    }
}

impl<T> Spawner<T> {
    fn member<F: Future<Output = T>>(
        &self,
        name: Option<&str>,
        future: F,
    ) -> Member<impl Future<Output = T> + use<F, T>, T> {
        let shared = &self.shared;
        let name = name.unwrap_or_else(|| core::any::type_name::<F>());
        let entry = shared.around.place.as_ref().map(|place| place.list(name));
        let place = entry.as_ref().map(|entry| entry.place().clone());
        let number = shared.begin();
        let limited = limited(shared.limit.clone(), future);
        Member {
            region: Region::new(Frame::new(shared.signals.clone(), place), limited),
            report: Report { shared: shared.clone(), number, id: None, outcome: None },
            _entry: entry,
            _tokens: [
                Some(shared.signals.tracker.token()),
                shared.around.tracker.as_ref().map(|tracker| tracker.token()),
            ],
        }
    }
}

/// Waits for its turn, then for `future`.
async fn limited<F: Future>(limit: Option<Arc<Semaphore>>, future: F) -> F::Output {
    let _permit: Option<OwnedSemaphorePermit> = match limit {
        Some(limit) => limit.acquire_owned().await.ok(),
        None => None,
    };
    future.await
}

impl<T> Shared<T> {
    /// The number of a new task.
    fn begin(&self) -> usize {
        let mut state = self.state.lock();
        state.begun += 1;
        state.begun - 1
    }

    fn finish(&self, number: usize, outcome: Result<T, JoinError>) {
        let waker = {
            let mut state = self.state.lock();
            let number = if self.in_order { number } else { state.finished };
            state.finished += 1;
            state.ended.insert(number, outcome);
            (number == state.next).then(|| state.waker.take()).flatten()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        let next = state.next;
        if let Some(outcome) = state.ended.remove(&next) {
            state.next += 1;
            receipt.made_progress();
            return Poll::Ready(Some(outcome));
        }
        if next == state.begun {
            return Poll::Ready(None);
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        dump::told(Poll::Pending, || Wait::new("group").on(&raw const self.state))
    }
}

pin_project! {
    /// The future of a task of a group.
    struct Member<F, T> {
        #[pin]
        region: Region<F>,
        report: Report<T>,
        _entry: Option<Entry>,
        _tokens: [Option<TaskTrackerToken>; 2],
    }
}

impl<F: Future<Output = T>, T> Future for Member<F, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let id = *this.report.id.get_or_insert_with(here);
        let mut panics = Panics::new();
        let mut polled = Poll::Pending;
        panics.guard(|| polled = this.region.as_mut().poll(cx));
        if panics.any() {
            Panics::new().guard(|| this.region.end());
        } else if polled.is_pending() {
            return Poll::Pending;
        }
        this.report.outcome = match (panics.into_payload(), polled) {
            (Some(payload), _) => Some(Err(JoinError::panicked(id, payload))),
            (None, Poll::Ready(Some(output))) => Some(Ok(output)),
            (None, _) => None,
        };
        Poll::Ready(())
    }
}

/// Tells the group when it is dropped, after the future.
struct Report<T> {
    shared: Arc<Shared<T>>,
    number: usize,
    id: Option<Id>,
    /// `None`: cancelled.
    outcome: Option<Result<T, JoinError>>,
}

impl<T> Drop for Report<T> {
    fn drop(&mut self) {
        let cancelled = || Err(JoinError::cancelled(self.id.unwrap_or_else(here)));
        let outcome = self.outcome.take().unwrap_or_else(cancelled);
        self.shared.finish(self.number, outcome);
    }
}

/// The id of the task that runs or is dropped.
fn here() -> Id {
    task::try_id().unwrap_or_else(Id::fresh)
}

impl<T> Drop for TaskGroup<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<T> Stream for TaskGroup<T> {
    type Item = Result<T, JoinError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_join_next(cx)
    }
}

impl<T> Default for TaskGroup<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for TaskGroup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<T> Clone for Spawner<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T> fmt::Debug for Spawner<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").finish_non_exhaustive()
    }
}
