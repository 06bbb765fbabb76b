//! Waiting until an instant.

use super::{Duration, Instant};
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::site::Site;
use crate::env::spans::{Op, Resource};
use crate::env::timers::{Closed, Registration};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Waits for `duration` from now.
///
/// Zero is over when the runtime looks at its timers next. A duration that no clock can express,
/// such as [`Duration::MAX`], means 30 years.
///
/// # Cancel safety
/// Dropping the future ends the wait and nothing else.
///
/// # Panics
/// Outside of a runtime.
///
/// ```
/// use creel::time::{Duration, Instant, sleep};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let start = Instant::now();
/// sleep(Duration::from_millis(5)).await;
/// assert!(start.elapsed() >= Duration::from_millis(5));
/// # }
/// ```
#[inline]
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::new(Instant::now().add_or_far(duration))
}

/// Waits until `deadline`, or until the runtime looks at its timers next if that has passed.
///
/// # Cancel safety
/// Dropping the future ends the wait and nothing else.
///
/// # Panics
/// Outside of a runtime.
///
/// ```
/// use creel::time::{Duration, Instant, sleep_until};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let deadline = Instant::now() + Duration::from_millis(5);
/// sleep_until(deadline).await;
/// assert!(Instant::now() >= deadline);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(deadline)
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`].
    ///
    /// The timer is a part of the future, linked into the wheel of its runtime at the first poll and
    /// taken out when the future is dropped, on whatever thread that happens. To keep one across
    /// several waits, pin it, and [`reset`](Sleep::reset) it:
    ///
    /// ```
    /// use creel::time::{Duration, Instant, sleep};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut timer = core::pin::pin!(sleep(Duration::from_millis(1)));
    /// for _ in 0..3 {
    ///     timer.as_mut().await;
    ///     assert!(timer.is_elapsed());
    ///     timer.as_mut().reset(Instant::now() + Duration::from_millis(1));
    /// }
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait and nothing else. Polled again after it was ready, it is
    /// ready again, until it is reset.
    ///
    /// # Panics
    /// When it is polled after its runtime was shut down: that is the runtime in which it was made,
    /// wherever it is polled.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Sleep {
        #[pin]
        timer: Registration,
        site: Site,
        resource: Resource,
        op: Op,
    }
}

impl Sleep {
    #[inline]
    #[track_caller]
    fn new(deadline: Instant) -> Self {
        let timer = Registration::new(deadline);
        let site = Site::here();
        let resource = Resource::new("Sleep", "timer", site);
        resource.duration(|| deadline - Instant::now());
        let op = resource.op("Sleep::new_timeout", "poll_elapsed");
        Self { timer, site, resource, op }
    }

    /// When the wait ends.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.timer.deadline()
    }

    /// Whether the wait has ended. A sleep that was not polled since it was made or reset has not
    /// begun to wait, so its end is not noticed.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        self.timer.is_elapsed()
    }

    /// Whether the host was kept from looking at timers when the wait ended.
    pub(super) fn was_kept(&self) -> bool {
        self.timer.was_kept()
    }

    /// Moves the deadline, forward or back, also after it was reached.
    ///
    /// The task that waits is woken at the new time without another poll.
    ///
    /// ```
    /// use creel::time::{Duration, Instant, sleep};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut timer = core::pin::pin!(sleep(Duration::from_secs(3600)));
    /// timer.as_mut().reset(Instant::now() + Duration::from_millis(1));
    /// timer.await;
    /// # }
    /// ```
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.resource.duration(|| deadline - Instant::now());
        self.project().timer.reset(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.op.poll(|| poll(this.timer, *this.site, cx))
    }
}

#[inline]
fn poll(mut timer: Pin<&mut Registration>, site: Site, cx: &mut Context<'_>) -> Poll<()> {
    let receipt = ready!(coop::poll_proceed(cx));
    let fired = timer.as_mut().poll(cx);
    let wait = || Wait::new("sleep").on(&raw const *timer).until(timer.deadline());
    match ready!(dump::told(fired, || wait().at(site))) {
        Ok(()) => {
            receipt.made_progress();
            Poll::Ready(())
        }
        // The words of `Error::shutdown`.
        Err(Closed) => panic!(
            "the runtime of this timer has been shut down (tokio: A Tokio 1.x context was found, but it is \
             being shutdown.)"
        ),
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline())
            .field("is_elapsed", &self.is_elapsed())
            .finish()
    }
}
