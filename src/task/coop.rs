//! Cooperative scheduling: a budget that keeps a busy task from starving the others.
//!
//! Each time a task is polled it may complete 128 operations of this crate (a message received, a
//! permit acquired, a timer that fired, ...). Then they answer "pending" until the task has given
//! way. Outside a task, and under [`unconstrained`], there is no limit. A future that does work of
//! its own in a loop calls [`consume_budget`] now and then.

use crate::env::coop::{self, Budget, Receipt};
use core::cell::Cell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Whether the running task may complete another operation before it must give way.
pub fn has_budget_remaining() -> bool {
    coop::has_budget_remaining()
}

/// Takes one unit of the budget; waits for the next turn of the task when none is left.
///
/// # Cancel safety
/// Cancel safe; a unit that was taken stays taken.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let mut sum = 0_u64;
/// for number in 0..100_000_u64 {
///     sum += number;
///     creel::task::consume_budget().await;
/// }
/// # assert_eq!(sum, 4_999_950_000);
/// # });
/// ```
pub async fn consume_budget() {
    poll_fn(|cx| coop::poll_proceed(cx).map(Receipt::made_progress)).await;
}

/// Takes one unit of the budget, for a future written by hand.
///
/// `Pending` means that none is left, and the task will be polled again in its turn. `Ready` gives
/// a receipt: call [`RestoreOnPending::made_progress`] when the operation completes, else its drop
/// gives the unit back.
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    coop::poll_proceed(cx).map(|receipt| RestoreOnPending(Cell::new(Some(receipt)), PhantomData))
}

/// A unit of the budget that goes back when this is dropped, unless progress was made.
///
/// It is bound to its thread, as the budget is.
#[must_use]
pub struct RestoreOnPending(Cell<Option<Receipt>>, PhantomData<*const ()>);

impl RestoreOnPending {
    /// Keeps the unit spent: the operation completed.
    pub fn made_progress(&self) {
        if let Some(receipt) = self.0.take() {
            receipt.made_progress();
        }
    }
}

impl fmt::Debug for RestoreOnPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestoreOnPending").finish_non_exhaustive()
    }
}

pin_project! {
    /// A future without a budget; made by [`unconstrained`].
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

/// Runs `future` without a budget. A future that never waits then starves all other tasks of its
/// thread.
///
/// # Cancel safety
/// That of `future`.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// use creel::sync::mpsc;
/// let (sender, mut inbox) = mpsc::unbounded_channel();
/// (0..1000).for_each(|number| sender.send(number).unwrap());
/// drop(sender);
/// // All thousand in one turn: nobody else runs meanwhile.
/// let sum = creel::task::unconstrained(async {
///     let mut sum = 0;
///     while let Some(number) = inbox.recv().await {
///         sum += number;
///     }
///     sum
/// });
/// assert_eq!(sum.await, 499_500);
/// # });
/// ```
pub fn unconstrained<F>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let future = self.project().future;
        coop::with_budget(Budget::UNLIMITED, || future.poll(cx))
    }
}

pin_project! {
    /// A future that counts as one operation; made by [`cooperative`].
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Coop<F> {
        #[pin]
        future: F,
    }
}

/// Makes the completion of `future` cost one unit of the budget, for futures that know nothing of
/// it.
///
/// # Cancel safety
/// That of `future`.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// // Always ready, and from a crate that knows of no budget.
/// let foreign = || std::future::ready(1);
/// let mut sum = 0;
/// for _ in 0..1000 {
///     sum += creel::task::coop::cooperative(foreign()).await; // lets others run now and then
/// }
/// assert_eq!(sum, 1000);
/// # });
/// ```
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let receipt = ready!(coop::poll_proceed(cx));
        let poll = self.project().future.poll(cx);
        if poll.is_ready() {
            receipt.made_progress();
        }
        poll
    }
}
