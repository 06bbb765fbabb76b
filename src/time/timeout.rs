//! Bounding how long a future may take.

use super::error::Elapsed;
use super::{Duration, Instant, Sleep, sleep, sleep_until};
use crate::env::coop::{self, Budget};
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// Waits for `future`, but no longer than `duration` from now.
///
/// A future that is ready at its first poll never times out, and costs no timer. A duration that no
/// clock can express, such as [`Duration::MAX`], means 30 years.
///
/// # Errors
/// [`Elapsed`] if the time is up before the future is ready. Dropping the [`Timeout`] then drops
/// the future, which cancels it.
///
/// # Cancel safety
/// That of `future`.
///
/// # Panics
/// Outside of a runtime.
///
/// ```
/// use creel::time::{Duration, timeout};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let second = Duration::from_secs(1);
/// assert_eq!(timeout(second, async { 7 }).await, Ok(7));
/// assert!(timeout(Duration::ZERO, core::future::pending::<()>()).await.is_err());
/// # }
/// ```
#[inline]
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), delay: sleep(duration) }
}

/// Waits for `future`, but no longer than until `deadline`.
///
/// # Errors
/// [`Elapsed`] if the time is up before the future is ready. Dropping the [`Timeout`] then drops
/// the future, which cancels it.
///
/// # Cancel safety
/// That of `future`.
///
/// # Panics
/// Outside of a runtime.
///
/// ```
/// use creel::time::{Duration, Instant, timeout_at};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let deadline = Instant::now() + Duration::from_millis(2);
/// assert!(timeout_at(deadline, core::future::pending::<()>()).await.is_err());
/// assert!(Instant::now() >= deadline);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), delay: sleep_until(deadline) }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    ///
    /// The future inside is polled first each time, so what is ready at the deadline is not lost.
    ///
    /// # Cancel safety
    /// That of the future inside.
    ///
    /// ```
    /// use creel::time::{Duration, timeout};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bounded = timeout(Duration::from_secs(1), core::future::ready(3));
    /// let inner = bounded.into_inner(); // on second thought, without a bound
    /// assert_eq!(inner.await, 3);
    /// # }
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        #[pin]
        delay: Sleep,
    }
}

impl<T> Timeout<T> {
    /// The future inside.
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The future inside.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Takes the future out, free of its bound.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = coop::has_budget_remaining();
        match this.value.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => poll_delay(this.delay, had_budget, cx).map(Err),
        }
    }
}

/// Polls the timer, beyond the budget if it was the future that spent it: one that is always busy
/// must time out too.
fn poll_delay(delay: Pin<&mut Sleep>, had_budget: bool, cx: &mut Context<'_>) -> Poll<Elapsed> {
    let elapsed = if had_budget && !coop::has_budget_remaining() {
        coop::with_budget(Budget::UNLIMITED, || delay.poll(cx))
    } else {
        delay.poll(cx)
    };
    elapsed.map(|()| Elapsed::new())
}
