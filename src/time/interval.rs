//! Ticking again and again.

use super::{Duration, Instant, Sleep, sleep_until};
use crate::env::site::Site;
use crate::env::spans::Resource;
use crate::env::timers::ask_for_gaps;
use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// How late a tick may be noticed without counting as missed.
const GRACE: Duration = Duration::from_millis(5);

/// Ticks every `period`, the first time at once.
///
/// # Panics
/// If `period` is zero; outside of a runtime.
///
/// ```
/// use creel::time::{Duration, Instant, interval};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let start = Instant::now();
/// let mut interval = interval(Duration::from_millis(2));
/// interval.tick().await; // at once
/// interval.tick().await;
/// interval.tick().await;
/// assert!(start.elapsed() >= Duration::from_millis(4));
/// # }
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, the first time at `start`.
///
/// # Panics
/// If `period` is zero; outside of a runtime.
///
/// ```
/// use creel::time::{Duration, Instant, interval_at};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let start = Instant::now() + Duration::from_millis(3);
/// let mut interval = interval_at(start, Duration::from_millis(2));
/// assert_eq!(interval.tick().await, start);
/// assert_eq!(interval.tick().await, start + Duration::from_millis(2));
/// # }
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period of an interval must not be zero");
    ask_for_gaps();
    Interval {
        delay: Box::pin(sleep_until(start)),
        resource: Resource::new("Interval", "timer", Site::here()),
        period,
        missed_tick_behavior: MissedTickBehavior::default(),
        missed: Missed::default(),
    }
}

/// What an [`Interval`] does about ticks that nobody was there to take in time.
///
/// A tick counts as missed when it is taken more than 5 ms late. Suppose a period of 10 ms and
/// someone who comes 25 ms late for the tick at 10 ms, that is at 35 ms; the ticks are taken at
///
/// | | | | | | |
/// |---|---|---|---|---|---|
/// | `Burst` | 35 | 35 | 35 | 40 | 50 |
/// | `Delay` | 35 | 45 | 55 | 65 | 75 |
/// | `Skip` | 35 | 40 | 50 | 60 | 70 |
///
/// ```
/// use creel::time::{Duration, MissedTickBehavior, interval};
///
/// # #[creel::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let mut interval = interval(Duration::from_millis(10));
/// interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
/// let start = interval.tick().await;
/// creel::time::advance(Duration::from_millis(35)).await;
/// assert_eq!(interval.tick().await, start + Duration::from_millis(10)); // late
/// assert_eq!(interval.tick().await, start + Duration::from_millis(40)); // in step again
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Makes up for missed ticks as fast as they are taken, and is in step again when all are.
    #[default]
    Burst,
    /// Forgets missed ticks and goes on at multiples of the period from now.
    Delay,
    /// Forgets missed ticks and goes on at the next multiple of the period from the start.
    Skip,
}

impl MissedTickBehavior {
    /// The tick after the one that was due at `due` and taken at `now`, too late.
    fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            Self::Burst => due.add_or_far(period),
            Self::Delay => now.add_or_far(period),
            Self::Skip => {
                let behind = (now - due).as_nanos() % period.as_nanos();
                // Less than `now - due`, which fits.
                now.add_or_far(period - Duration::from_nanos(behind as u64))
            }
        }
    }
}

/// A clockwork that ticks every period: the outcome of [`interval`] and [`interval_at`].
///
/// Unlike a [`sleep`](super::sleep) in a loop it does not drift: the time between two calls of
/// [`tick`](Self::tick) is a part of the period.
///
/// ```
/// use creel::time::{Duration, interval};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut interval = interval(Duration::from_millis(1));
/// let first = interval.tick().await;
/// assert_eq!(interval.tick().await - first, interval.period());
/// # }
/// ```
#[derive(Debug)]
pub struct Interval {
    delay: Pin<Box<Sleep>>,
    resource: Resource,
    period: Duration,
    missed_tick_behavior: MissedTickBehavior,
    missed: Missed,
}

/// What [`Interval::missed`] tells of the tick that was taken last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missed {
    /// How many whole periods it was late, if it was too late to be forgiven.
    pub ticks: u64,
    /// Whether that was the host's doing rather than that of a slow task: a browser lets the timers
    /// of a hidden page fire once a second or less, and a machine may have been asleep. Hosts that
    /// cannot tell never say so.
    pub throttled: bool,
}

impl Interval {
    /// Waits for the next tick and answers when it was due.
    ///
    /// # Cancel safety
    /// A tick is taken only when this is ready: dropped before that, it is still to come.
    ///
    /// # Panics
    /// If the runtime of the interval was shut down.
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        let op = self.resource.op("Interval::tick", "poll_tick");
        Site::here().of(op.of(async move { poll_fn(|cx| self.poll_tick(cx)).await }))
    }

    /// Takes the next tick if it is due, and answers when that was; else the task is woken when it
    /// is. Of several tasks the one that polled last is woken.
    ///
    /// # Panics
    /// As [`tick`](Self::tick).
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.delay.as_mut().poll(cx));
        let due = self.delay.deadline();
        let now = Instant::now();
        let late = now - due;
        let next = if late > GRACE {
            let ticks = u64::try_from(late.as_nanos() / self.period.as_nanos());
            self.missed =
                Missed { ticks: ticks.unwrap_or(u64::MAX), throttled: self.delay.was_kept() };
            self.missed_tick_behavior.next(due, now, self.period)
        } else {
            self.missed = Missed::default();
            due.add_or_far(self.period)
        };
        self.delay.as_mut().reset(next);
        Poll::Ready(due)
    }

    /// Starts again: the next tick comes one period from now.
    ///
    /// ```
    /// use creel::time::{Duration, Instant, interval};
    ///
    /// # #[creel::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let mut interval = interval(Duration::from_millis(10));
    /// let start = interval.tick().await;
    /// creel::time::advance(Duration::from_millis(7)).await;
    /// interval.reset();
    /// assert_eq!(interval.tick().await, start + Duration::from_millis(17));
    /// # }
    /// ```
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// Starts again: the next tick comes at once.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// Starts again: the next tick comes `after` from now.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now().add_or_far(after));
    }

    /// Starts again: the next tick comes at `deadline`. One that lies in the past is a tick that
    /// was missed.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.as_mut().reset(deadline);
    }

    /// What is done about missed ticks.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Says what to do about missed ticks; [`MissedTickBehavior::Burst`] if nothing is said.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// How many ticks were missed before the one that was taken last, and whose doing that was. A
    /// program that shows something may skip them; one that counts may make up for them.
    ///
    /// ```
    /// use creel::time::{Duration, MissedTickBehavior, interval};
    ///
    /// # #[creel::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let mut interval = interval(Duration::from_millis(10));
    /// interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    /// interval.tick().await;
    /// creel::time::advance(Duration::from_millis(35)).await;
    /// interval.tick().await; // due at 10, taken at 35
    /// assert_eq!(interval.missed().ticks, 2);
    /// assert!(!interval.missed().throttled, "the program itself was slow");
    /// # }
    /// ```
    #[must_use]
    pub fn missed(&self) -> Missed {
        self.missed
    }

    /// The time between two ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}
