//! `join_all`, `try_join_all`, `all_settled`, `race` and `any`: for as many futures as a collection
//! holds.

use super::children::Children;
use crate::env::panics::Panics;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// Waits for all futures of a collection; the outputs come in its order.
///
/// Polls only the futures that were woken, however many there are. For a fixed few of different
/// types there is [`join!`](crate::join); to run on several threads, spawn into a
/// [`JoinSet`](crate::task::JoinSet).
///
/// # Cancel safety
///
/// Dropping it drops all the futures, also the outputs of those that have completed.
///
/// # Examples
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let squares = creel::future::join_all((1..=3).map(|x| async move { x * x })).await;
/// assert_eq!(squares, [1, 4, 9]);
/// # }
/// ```
pub fn join_all<I>(futures: I) -> JoinAll<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let children = Children::new(futures);
    JoinAll { outputs: places(children.len()), children }
}

/// Waits until all futures of a collection are `Ok`, or one is `Err`.
///
/// The value is `Ok` with what they gave, in the order of the collection, or the first error; then
/// the futures that are not finished are dropped.
///
/// # Errors
///
/// The error of the first future that fails.
///
/// # Cancel safety
///
/// Dropping it drops all the futures, also the outputs of those that have completed.
///
/// # Examples
///
/// ```
/// use creel::future::try_join_all;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let parse = |text: &'static str| async move { text.parse::<u32>() };
/// assert_eq!(try_join_all(["1", "2"].map(parse)).await, Ok(vec![1, 2]));
/// assert!(try_join_all(["1", "two"].map(parse)).await.is_err());
/// # }
/// ```
pub fn try_join_all<I, T, E>(futures: I) -> TryJoinAll<<I::Item as IntoFuture>::IntoFuture, T>
where
    I: IntoIterator,
    I::Item: IntoFuture<Output = Result<T, E>>,
{
    let children = Children::new(futures);
    TryJoinAll { outputs: places(children.len()), children }
}

/// Waits for all futures of a collection, whatever becomes of each.
///
/// As [`join_all`], but a future that panics keeps none of the others from finishing: the panic
/// goes on when all the others have settled.
///
/// # Panics
///
/// When a future panicked, with the payload of the first. Needs the feature `std`; without, a panic
/// goes on at once.
///
/// # Cancel safety
///
/// Dropping it drops all the futures, also the outputs of those that have completed.
///
/// # Examples
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let parse = |text: &'static str| async move { text.parse::<u32>() };
/// let outcomes = creel::future::all_settled(["1", "two", "3"].map(parse)).await;
/// assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
/// # }
/// ```
pub fn all_settled<I>(futures: I) -> AllSettled<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let children = Children::new(futures);
    AllSettled { outputs: places(children.len()), children, panics: Panics::new() }
}

/// Waits for the first of the futures of a collection, and drops the others.
///
/// At first they are polled in the order of the collection, later in the order in which they were
/// woken; the first that is found ready wins. For a fixed few of
/// different types there is [`select!`](crate::select).
///
/// # Panics
///
/// If the collection is empty: the first of none would never come.
///
/// # Cancel safety
///
/// Dropping it drops all the futures.
///
/// # Examples
///
/// ```
/// use creel::future::race;
/// use std::time::Duration;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let after = |ms| async move {
///     creel::time::sleep(Duration::from_millis(ms)).await;
///     ms
/// };
/// assert_eq!(race([after(50), after(1), after(70)]).await, 1);
/// # }
/// ```
#[track_caller]
pub fn race<I>(futures: I) -> Race<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let children = Children::new(futures);
    assert!(children.len() > 0, "a race of no futures would never end");
    Race { children }
}

/// Waits for the first future of a collection that is `Ok`, and drops the others.
///
/// # Errors
///
/// The errors of all, in the order of the collection, if none is `Ok`. So a collection without
/// futures fails at once with no errors.
///
/// # Cancel safety
///
/// Dropping it drops all the futures, also the errors of those that have failed.
///
/// # Examples
///
/// ```
/// use creel::future::any;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let parse = |text: &'static str| async move { text.parse::<u32>() };
/// assert_eq!(any(["one", "2", "3"].map(parse)).await, Ok(2));
/// assert_eq!(any(["one", "two"].map(parse)).await.unwrap_err().len(), 2);
/// # }
/// ```
pub fn any<I, T, E>(futures: I) -> Any<<I::Item as IntoFuture>::IntoFuture, E>
where
    I: IntoIterator,
    I::Item: IntoFuture<Output = Result<T, E>>,
{
    let children = Children::new(futures);
    Any { errors: places(children.len()), children }
}

/// One empty place for each child.
fn places<T>(len: usize) -> Option<Vec<Option<T>>> {
    Some((0..len).map(|_| None).collect())
}

/// What the children left in their places. Reuses the allocation where it fits.
#[track_caller]
fn contents<T>(places: &mut Option<Vec<Option<T>>>) -> Vec<T> {
    let places = places.take().unwrap_or_else(|| polled_after_completion());
    places.into_iter().map(|place| place.expect("every child has left its output")).collect()
}

#[cold]
#[track_caller]
fn polled_after_completion() -> ! {
    panic!("the future was polled after it had completed")
}

/// The children are pinned in an allocation of their own, and nothing else needs to be; and what
/// they are is of no interest to who looks at the whole.
macro_rules! plain {
    ($name:ident<F $(, $parameter:ident)?>) => {
        impl<F: Future $(, $parameter)?> Unpin for $name<F $(, $parameter)?> {}

        impl<F: Future $(, $parameter)?> fmt::Debug for $name<F $(, $parameter)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("children", &self.children).finish()
            }
        }
    };
}

/// Future of [`join_all`].
///
/// # Panics
///
/// When it is polled after completion.
#[must_use = "futures do nothing unless awaited"]
pub struct JoinAll<F: Future> {
    children: Children<F>,
    outputs: Option<Vec<Option<F::Output>>>,
}

plain!(JoinAll<F>);

impl<F: Future> Future for JoinAll<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { children, outputs } = &mut *self;
        let _all: ControlFlow<()> =
            ready!(children.poll(cx, |index, output| { keep(outputs, index, output) }));
        Poll::Ready(contents(outputs))
    }
}

/// Puts an output in its place and goes on.
fn keep<T, B>(places: &mut Option<Vec<Option<T>>>, index: usize, output: T) -> ControlFlow<B> {
    if let Some(places) = places {
        places[index] = Some(output);
    }
    ControlFlow::Continue(())
}

/// Future of [`try_join_all`].
///
/// # Panics
///
/// When it is polled after completion.
#[must_use = "futures do nothing unless awaited"]
pub struct TryJoinAll<F, T> {
    children: Children<F>,
    outputs: Option<Vec<Option<T>>>,
}

plain!(TryJoinAll<F, T>);

impl<F: Future<Output = Result<T, E>>, T, E> Future for TryJoinAll<F, T> {
    type Output = Result<Vec<T>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { children, outputs } = &mut *self;
        let all = ready!(children.poll(cx, |index, output| match output {
            Ok(output) => keep(outputs, index, output),
            Err(error) => ControlFlow::Break(error),
        }));
        Poll::Ready(match all {
            ControlFlow::Continue(()) => Ok(contents(outputs)),
            ControlFlow::Break(error) => {
                children.clear();
                *outputs = None;
                Err(error)
            }
        })
    }
}

/// Future of [`all_settled`].
///
/// # Panics
///
/// When one of the futures panicked, and when it is polled after completion.
#[must_use = "futures do nothing unless awaited"]
pub struct AllSettled<F: Future> {
    children: Children<F>,
    outputs: Option<Vec<Option<F::Output>>>,
    panics: Panics,
}

plain!(AllSettled<F>);

impl<F: Future> Future for AllSettled<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { children, outputs, panics } = &mut *self;
        // A child that panics has finished, without an output.
        let poll = |child: Pin<&mut F>, cx: &mut Context<'_>| {
            let mut polled = Poll::Ready(None);
            panics.guard(|| polled = child.poll(cx).map(Some));
            polled
        };
        let _all: ControlFlow<()> = ready!(children.poll_by(cx, poll, |index, output| {
            output.map_or(ControlFlow::Continue(()), |output| keep(outputs, index, output))
        }));
        core::mem::replace(panics, Panics::new()).resume();
        Poll::Ready(contents(outputs))
    }
}

/// Future of [`race`].
///
/// # Panics
///
/// When it is polled after completion.
#[must_use = "futures do nothing unless awaited"]
pub struct Race<F> {
    children: Children<F>,
}

plain!(Race<F>);

impl<F: Future> Future for Race<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match ready!(self.children.poll(cx, |_, output| ControlFlow::Break(output))) {
            ControlFlow::Break(output) => {
                self.children.clear();
                Poll::Ready(output)
            }
            ControlFlow::Continue(()) => polled_after_completion(),
        }
    }
}

/// Future of [`any`].
///
/// # Panics
///
/// When it is polled after completion.
#[must_use = "futures do nothing unless awaited"]
pub struct Any<F, E> {
    children: Children<F>,
    errors: Option<Vec<Option<E>>>,
}

plain!(Any<F, E>);

impl<F: Future<Output = Result<T, E>>, T, E> Future for Any<F, E> {
    type Output = Result<T, Vec<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { children, errors } = &mut *self;
        let first = ready!(children.poll(cx, |index, output| match output {
            Ok(output) => ControlFlow::Break(output),
            Err(error) => keep(errors, index, error),
        }));
        Poll::Ready(match first {
            ControlFlow::Continue(()) => Err(contents(errors)),
            ControlFlow::Break(output) => {
                children.clear();
                *errors = None;
                Ok(output)
            }
        })
    }
}
