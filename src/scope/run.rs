//! Running a scope: its body, its children, and what is said at the end.
//!
//! Why unsafe: to make the handle is to promise that the children are gone in time.

use super::child::{Member, Part, Shared, Trouble};
use super::frame::{Frame, Hold, Signals, until_dropped, with_frame};
use super::handle::{
    ConcurrentScope, LocalScope, ParallelScope, Scope, TryLocalScope, TryParallelScope, TryScope,
};
use super::policy::{Concurrent, ConcurrentLocal, Judges, Kind, Parallel, sealed};
use super::roster::Entry;
use crate::env::owner::OwnerRef;
use crate::task::Handle;
use crate::task::executor::Blocking;
use crate::task::nest::Nest;
use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::pin::pin;
use core::task::{Context, Poll};

/// Runs `body` and the children that it starts, and is ready when all of them have ended.
///
/// The children run in the task of the parent, one at a time, as the branches of
/// [`join!`](crate::join) do. So they may borrow whatever lives longer than the scope. Only those
/// that were woken are polled. For children that run on other threads there is [`parallel`].
///
/// - A child that panics cancels its siblings and the body. When all have ended the panic goes on
///   in the parent, with the payload of the first.
/// - When something around the scope is cancelled, so are body and children: each is dropped where
///   it waits, after its [clean-up](super::finally) and its [shields](super::shield).
/// - What a child gives goes to its handle. If an error of one shall end all, use [`try_scope`].
///
/// It needs no runtime, unless what is inside does. `body` is an async closure, or a closure that
/// answers an `async move` block.
///
/// # Cancel safety
/// Dropping it drops the body and all children. Clean-up that they owe goes on as tasks of the
/// runtime.
///
/// # Panics
/// If the body or a child panics.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::cell::Cell; // `scope` takes `Send` children, `scope_local` any
///
/// let sum = Cell::new(0);
/// creel::scope::scope_local(async |s| {
///     for number in 1..=3 {
///         let sum = &sum;
///         s.spawn(async move { sum.set(sum.get() + number) });
///     }
/// })
/// .await;
/// assert_eq!(sum.get(), 6); // every child has ended
/// # }
/// ```
///
/// What lives shorter than the scope cannot be borrowed:
///
/// ```compile_fail,E0597
/// # async fn example() {
/// creel::scope(async |s| {
///     let inside = String::from("inside");
///     let word = &inside; // in front of the scope it would do
///     s.spawn(async move { word.len() }).await;
/// })
/// .await;
/// # }
/// ```
///
/// and what a child has borrowed stays borrowed until the scope has ended:
///
/// ```compile_fail,E0505
/// # async fn example() {
/// let word = String::from("outside");
/// let scope = creel::scope(async |s| { s.spawn(async { word.len() }); });
/// drop(word);
/// scope.await;
/// # }
/// ```
pub async fn scope<'env, F, Fut>(body: F) -> Fut::Output
where
    F: FnOnce(ConcurrentScope<'env>) -> Fut,
    Fut: Future,
{
    Builder::new().run(body).await
}

/// [`scope`] whose children need not be `Send`. Then neither is the parent.
///
/// # Cancel safety
/// That of [`scope`].
///
/// # Panics
/// If the body or a child panics.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let shared = std::rc::Rc::new(7);
/// let doubled = creel::scope::scope_local(async |s| s.spawn(async { *shared * 2 }).await);
/// assert_eq!(doubled.await, Ok(14));
/// # }
/// ```
pub async fn scope_local<'env, F, Fut>(body: F) -> Fut::Output
where
    F: FnOnce(LocalScope<'env>) -> Fut,
    Fut: Future,
{
    Builder::new().local().run(body).await
}

/// [`scope`] whose children are tasks of the runtime: they run on as many threads as it has, and
/// own what they use.
///
/// # Cancel safety
/// Dropping it drops the body and cancels the children, which end on their own, each after its
/// clean-up; nobody waits for that.
///
/// # Panics
/// If the body or a child panics. Outside a runtime.
///
/// # Examples
/// ```
/// # #[creel::main]
/// # async fn main() {
/// let sum = creel::scope::parallel(async |s| {
///     let halves = [1..500_u64, 500..1001].map(|half| s.spawn(async { half.sum::<u64>() }));
///     let mut sum = 0;
///     for half in halves {
///         sum += half.await.unwrap();
///     }
///     sum
/// });
/// assert_eq!(sum.await, 500_500);
/// # }
/// ```
///
/// A borrow would not be sound, for who drops the scope does not wait for other threads:
///
/// ```compile_fail,E0597
/// # async fn example() {
/// let word = String::from("outside");
/// creel::scope::parallel(async |s| { s.spawn(async { word.len() }); }).await;
/// # }
/// ```
pub async fn parallel<F, Fut>(body: F) -> Fut::Output
where
    F: FnOnce(ParallelScope) -> Fut,
    Fut: Future,
{
    Builder::new().parallel().run(body).await
}

/// [`scope`] that fails with the first error: body and children give a `Result`, and the first
/// error cancels all that have not ended.
///
/// # Errors
/// The first error, when all have ended.
///
/// # Cancel safety
/// That of [`scope`].
///
/// # Panics
/// If the body or a child panics, also if there was an error before.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let parsed = creel::scope::try_scope(async |s| {
///     let one = s.spawn(async { "1".parse::<u32>() });
///     let two = s.spawn(async { "two".parse::<u32>() });
///     let _never_ends = s.spawn(std::future::pending());
///     # let _: &creel::scope::Child<()> = &_never_ends;
///     Ok(one.await.unwrap() + two.await.unwrap()) // the body is cancelled too
/// });
/// assert!(parsed.await.is_err());
/// # }
/// ```
pub async fn try_scope<'env, F, Fut, T, E>(body: F) -> Result<T, E>
where
    F: FnOnce(TryScope<'env, E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Builder::new().try_run(body).await
}

/// [`try_scope`] whose children need not be `Send`.
///
/// # Errors
/// The first error, when all have ended.
///
/// # Cancel safety
/// That of [`scope`].
///
/// # Panics
/// If the body or a child panics.
pub async fn try_scope_local<'env, F, Fut, T, E>(body: F) -> Result<T, E>
where
    F: FnOnce(TryLocalScope<'env, E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Builder::new().local().try_run(body).await
}

/// [`try_scope`] whose children are tasks of the runtime, as those of [`parallel`].
///
/// # Errors
/// The first error, when all have ended.
///
/// # Cancel safety
/// That of [`parallel`].
///
/// # Panics
/// If the body or a child panics. Outside a runtime.
pub async fn try_parallel<F, Fut, T, E>(body: F) -> Result<T, E>
where
    F: FnOnce(TryParallelScope<E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Builder::new().parallel().try_run(body).await
}

/// A scope with options.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// // An error does not cancel the others: it is told when all have ended.
/// let mut done = 0;
/// let outcome = creel::scope::Builder::new().keep_going().try_run(async |s| {
///     let failing = s.spawn(async { Err::<(), _>("no") });
///     let other = s.spawn(async {
///         creel::task::yield_now().await;
///         Ok(())
///     });
///     assert!(failing.await.is_err());
///     assert!(other.await.is_ok());
///     done += 1;
///     Ok(())
/// });
/// assert_eq!(outcome.await, Err("no"));
/// assert_eq!(done, 1);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it runs something"]
pub struct Builder<K: Kind = Concurrent> {
    keeps_going: bool,
    kind: PhantomData<K>,
}

impl Builder {
    /// A scope whose children run in the parent's task; an error or a panic cancels all.
    pub fn new() -> Self {
        Self { keeps_going: false, kind: PhantomData }
    }

    /// Children need not be `Send`.
    pub fn local(self) -> Builder<ConcurrentLocal> {
        Builder { keeps_going: self.keeps_going, kind: PhantomData }
    }

    /// Children are tasks of the runtime.
    pub fn parallel(self) -> Builder<Parallel> {
        Builder { keeps_going: self.keeps_going, kind: PhantomData }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Kind> Builder<K> {
    /// An error or a panic cancels nobody; the first is told when all have ended.
    pub fn keep_going(self) -> Self {
        Self { keeps_going: true, ..self }
    }

    /// Runs a scope as [`scope`] does.
    ///
    /// # Cancel safety
    /// That of [`scope`], or [`parallel`].
    ///
    /// # Panics
    /// If the body or a child panics.
    pub async fn run<'env, F, Fut>(self, body: F) -> Fut::Output
    where
        F: FnOnce(Scope<'env, K, super::Plain>) -> Fut,
        Fut: Future,
    {
        match run(self.keeps_going, None, body).await {
            Ending::Value(value) => value,
            Ending::Error(never) => match never {},
            Ending::Cancelled(_) => until_dropped().await,
        }
    }

    /// Runs a scope as [`try_scope`] does.
    ///
    /// # Errors
    /// The first error, when all have ended.
    ///
    /// # Cancel safety
    /// That of [`scope`], or [`parallel`].
    ///
    /// # Panics
    /// If the body or a child panics.
    pub async fn try_run<'env, F, Fut, T, E>(self, body: F) -> Result<T, E>
    where
        F: FnOnce(Scope<'env, K, super::Fallible<E>>) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        match run(self.keeps_going, None, body).await {
            Ending::Value(value) => Ok(value),
            Ending::Error(error) => Err(error),
            Ending::Cancelled(_) => until_dropped().await,
        }
    }
}

/// How a scope ended.
pub(crate) enum Ending<T, E> {
    Value(T),
    Error(E),
    /// By what is around it, which will drop the future of the scope; the body may have given its
    /// value before.
    Cancelled(Option<T>),
}

/// Runs a scope below the running code; `entry` is that of the body, if it is on a roster.
pub(crate) async fn run<'env, K, P, Fut>(
    keeps_going: bool,
    entry: Option<Entry>,
    body: impl FnOnce(Scope<'env, K, P>) -> Fut,
) -> Ending<P::Value, P::Error>
where
    K: Kind,
    P: Judges<Fut::Output>,
    Fut: Future,
{
    let hold = Hold::here();
    let place = with_frame(|frame| frame.and_then(Frame::place).cloned());
    let shared = Arc::new(Shared::new(Arc::new(Signals::here(None)), keeps_going));
    let home = Home::<'env, K>::new();
    // SAFETY: `home` is dropped with this future, whose type names `'env`, and drops its tasks; a
    // future that is forgotten instead is never polled again, and neither are they.
    let scope = unsafe { Scope::new(home.owner(), shared.clone(), place.clone()) };
    let frame = Frame::new(shared.whole.clone(), place);
    let mut body =
        pin!(Member::new(frame, body(scope), Part::of_body(shared.clone()), entry, None));
    // Dropped first: whoever is left learns that it is over before anything is taken away.
    let _over = CancelOnDrop(&shared.whole);
    let tracker = &shared.whole.tracker;
    let (mut outcome, mut rest) = (None, pin!(None));
    poll_fn(|cx| {
        home.poll_with(cx, |cx| {
            if outcome.is_none()
                && let Poll::Ready(judged) = body.as_mut().poll_judged::<P>(cx)
            {
                outcome = Some(judged);
                tracker.close();
            }
        });
        if outcome.is_none() {
            return Poll::Pending;
        }
        if rest.is_none() {
            rest.set(Some(tracker.wait()));
        }
        rest.as_mut().as_pin_mut().map_or(Poll::Ready(()), |rest| rest.poll(cx))
    })
    .await;
    drop(hold);
    let value = outcome.and_then(Result::ok);
    match shared.take_trouble() {
        Some(Trouble::Panic(panics)) => panics.resume(),
        Some(Trouble::Error(error)) => return Ending::Error(error),
        None => {}
    }
    match value {
        Some(value) if !shared.whole.cancelled.is_cancelled() => Ending::Value(value),
        value => Ending::Cancelled(value),
    }
}

/// Where the children of a scope live.
struct Home<'env, K> {
    nest: Option<Nest>,
    /// What the children borrow.
    borrows: PhantomData<fn(&'env ()) -> &'env ()>,
    /// Keeps a scope of local children on its thread.
    kind: PhantomData<K>,
}

impl<K: Kind> Home<'_, K> {
    #[track_caller]
    fn new() -> Self {
        let nest = <K as sealed::Kind>::NESTED.then(|| Nest::new(Blocking::Allowed));
        Self { nest, borrows: PhantomData, kind: PhantomData }
    }

    #[track_caller]
    fn owner(&self) -> OwnerRef {
        match &self.nest {
            Some(nest) => nest.owner(),
            None => Handle::current().owner().clone(),
        }
    }

    /// Polls the body, then the children, if that is not done elsewhere.
    fn poll_with(&self, cx: &mut Context<'_>, body: impl FnOnce(&mut Context<'_>)) {
        match &self.nest {
            Some(nest) => nest.poll_with(cx, body),
            None => body(cx),
        }
    }
}

/// By hand, so that the compiler knows that what is borrowed must outlive this.
impl<K> Drop for Home<'_, K> {
    fn drop(&mut self) {
        self.nest = None;
    }
}

/// Cancels a scope when it is left, however that happens.
struct CancelOnDrop<'a>(&'a Signals);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
