//! Forms of `timeout`, `race` and `select!` that wait for what they cancel.

use super::frame::{Frame, Hold, Signals, check_cancelled, until_dropped};
use super::region::Region;
use super::roster::Place;
use crate::env::instant::Instant;
use crate::env::panics::Panics;
use crate::future::children::Children;
use crate::time::error::Elapsed;
use crate::time::{Duration, sleep_until};
use alloc::sync::Arc;
use core::future::{Future, IntoFuture, poll_fn};
use core::ops::ControlFlow;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// [`time::timeout`](crate::time::timeout) that cancels the future when the time is up, and waits
/// for its [clean-up](super::finally) and its [shields](super::shield).
///
/// Inside, [`deadline`](super::deadline) tells when that will be.
///
/// # Errors
/// [`Elapsed`] when the time was up first and all is cleaned up. A future that is shielded to its
/// end gives its output although it is late.
///
/// # Cancel safety
/// That of `future`, which is dropped with it.
///
/// # Panics
/// If `future` panics. Outside of a runtime.
///
/// # Examples
/// ```
/// use creel::scope::{finally, timeout_drain};
/// use creel::time::Duration;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::sync::Arc;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let closed = Arc::new(AtomicBool::new(false));
/// let close = closed.clone();
/// let request = finally(std::future::pending::<()>(), async move {
///     creel::task::yield_now().await;
///     close.store(true, Ordering::Relaxed);
/// });
/// assert!(timeout_drain(Duration::from_millis(1), request).await.is_err());
/// assert!(closed.load(Ordering::Relaxed));
/// # }
/// ```
pub async fn timeout_drain<F: IntoFuture>(
    duration: Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    let deadline = Instant::now().add_or_far(duration);
    let contest = Contest::new(Some(deadline));
    let mut future = pin!(contest.enter(future.into_future()));
    let (mut delay, mut late) = (pin!(sleep_until(deadline)), false);
    let output = poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll_end(cx) {
            return Poll::Ready(output);
        }
        if late || delay.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        late = true;
        contest.end();
        future.as_mut().poll_end(cx)
    })
    .await;
    contest.drain().await;
    match output {
        Some(output) => Ok(output),
        None if late => Err(Elapsed::new()),
        None => until_dropped().await,
    }
}

/// [`future::race`](crate::future::race) that cancels the losers and waits for their
/// [clean-up](super::finally) and their [shields](super::shield).
///
/// # Cancel safety
/// Dropping it drops all the futures.
///
/// # Panics
/// If there are no futures: the first of none would never come. If one panics, also a loser, when all
/// have ended.
///
/// # Examples
/// ```
/// use creel::scope::{finally, race_drain};
/// use creel::sync::mpsc;
/// use creel::time::{Duration, sleep};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let (log, mut lines) = mpsc::unbounded_channel();
/// let mirror = |name: &'static str, ms| {
///     let log = log.clone();
///     let fetch = async move {
///         sleep(Duration::from_millis(ms)).await;
///         name
///     };
///     finally(fetch, async move { log.send(name).unwrap() })
/// };
/// assert_eq!(race_drain([mirror("near", 1), mirror("far", 60_000)]).await, "near");
/// assert_eq!((lines.try_recv(), lines.try_recv()), (Ok("near"), Ok("far")));
/// # }
/// ```
pub async fn race_drain<I>(futures: I) -> <I::Item as IntoFuture>::Output
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let contest = Contest::new(None);
    let entrants = futures.into_iter().map(|future| contest.enter(future.into_future()));
    let mut entrants = Children::new(entrants.map(|entrant| Ended { entrant }));
    assert!(entrants.len() > 0, "a race of no futures would never end");
    let (mut winner, mut panics) = (None, Panics::new());
    let _all: ControlFlow<()> = poll_fn(|cx| {
        let poll = |entrant: Pin<&mut Ended<_>>, cx: &mut Context<'_>| {
            let mut polled = Poll::Pending;
            let lives = panics.finishes(|| polled = entrant.poll(cx));
            if lives { polled } else { Poll::Ready(None) }
        };
        entrants.poll_by(cx, poll, |_, output| {
            contest.end();
            winner = winner.take().or(output);
            ControlFlow::Continue(())
        })
    })
    .await;
    contest.drain().await;
    panics.resume();
    match winner {
        Some(winner) => winner,
        None => until_dropped().await,
    }
}

/// What the entrants of a race share: the signal that it is over.
#[doc(hidden)]
#[derive(Debug)]
pub struct Contest(Arc<Signals>);

impl Contest {
    pub(crate) fn new(deadline: Option<Instant>) -> Self {
        Self(Arc::new(Signals::here(deadline)))
    }

    /// The contest of a `select_drain!`.
    pub fn open() -> Self {
        Self::new(None)
    }

    /// A future that takes part.
    pub fn enter<F: Future>(&self, future: F) -> Entrant<F> {
        let frame = Frame::here().with_signals(self.0.clone());
        Entrant { region: Region::new(frame, future), hold: None }
    }

    /// A future that takes part, at a place of its own.
    pub(crate) fn enter_at<F: Future>(&self, place: Place, future: F) -> Entrant<F> {
        let frame = Frame::new(self.0.clone(), Some(place));
        Entrant { region: Region::new(frame, future), hold: None }
    }

    /// Asks all to end.
    pub(crate) fn ask(&self) {
        self.0.asked.cancel();
    }

    /// Cancels all that have not ended.
    pub fn end(&self) {
        self.0.cancel();
    }

    /// Waits for clean-up that was left to the runtime. The entrants have ended.
    ///
    /// # Cancel safety
    /// Nobody waits any more.
    pub async fn drain(&self) {
        let _hold = Hold::here();
        self.0.tracker.close();
        self.0.tracker.wait().await;
    }
}

pin_project! {
    /// A future that takes part in a contest: pending if it was cancelled.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Entrant<F> {
        #[pin]
        region: Region<F>,
        // From the first poll to the end, what is around must wait.
        hold: Option<Hold>,
    }
}

impl<F: Future> Entrant<F> {
    /// Ready when the future has ended, with its output unless it was cancelled.
    pub fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        if this.hold.is_none() {
            *this.hold = Some(Hold::here());
        }
        let output = ready!(this.region.poll(cx));
        *this.hold = None;
        Poll::Ready(output)
    }
}

impl<F: Future> Future for Entrant<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match ready!(self.poll_end(cx)) {
            Some(output) => Poll::Ready(output),
            None => check_cancelled(),
        }
    }
}

pin_project! {
    /// An entrant that is ready also if it was cancelled.
    struct Ended<F> {
        #[pin]
        entrant: Entrant<F>,
    }
}

impl<F: Future> Future for Ended<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().entrant.poll_end(cx)
    }
}
