//! A point in time that exists on every target.

use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

/// Nanoseconds that lie before the first reading of the clock: an `Instant` may be this much
/// (146 years) earlier than the start of the program.
const ORIGIN: u64 = 1 << 62;

/// What stands for "never": 30 years, which every host's clock and every sum can still express.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

/// A point on the monotonic clock of the runtime it was read in, in nanoseconds.
///
/// Eight bytes on every target, none panics. Within a runtime whose clock is paused or simulated,
/// [`Instant::now`] answers that clock, else the clock of the host.
///
/// ```
/// use creel::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let later = start + Duration::from_millis(5);
/// assert_eq!(later - start, Duration::from_millis(5));
/// assert_eq!(start - later, Duration::ZERO); // saturates
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The current time of the runtime in whose context this is called, else of the host.
    ///
    /// ```
    /// let now = creel::time::Instant::now();
    /// assert!(creel::time::Instant::now() >= now);
    /// ```
    #[inline]
    #[must_use]
    pub fn now() -> Self {
        super::now()
    }

    /// How much time passed from `earlier` to this instant; zero if `earlier` is the later one.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// How much time passed from `earlier` to this instant; `None` if `earlier` is the later one.
    ///
    /// ```
    /// use creel::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// let later = now + Duration::from_secs(1);
    /// assert_eq!(later.checked_duration_since(now), Some(Duration::from_secs(1)));
    /// assert_eq!(now.checked_duration_since(later), None);
    /// ```
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }

    /// How much time passed from `earlier` to this instant; zero if `earlier` is the later one.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// How much time passed since this instant; zero if it lies in the future.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(*self)
    }

    /// This instant moved forward, or `None` if that is further than can be expressed (about 400
    /// years from now).
    #[inline]
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(nanos(duration)?).map(Self)
    }

    /// This instant moved back, or `None` if that is further than can be expressed (146 years
    /// before the program started).
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(nanos(duration)?).map(Self)
    }

    /// The zero of the host's clock.
    pub(crate) const START: Self = Self(ORIGIN);

    /// The instant at which the host's clock reads `ns`.
    #[inline]
    pub(crate) const fn from_host(ns: u64) -> Self {
        Self(ORIGIN.saturating_add(ns))
    }

    /// This instant moved forward, or one that means never and is still safe to calculate with.
    #[inline]
    pub(crate) fn add_or_far(self, duration: Duration) -> Self {
        let far = || self.checked_add(FAR).unwrap_or(Self(u64::MAX));
        self.checked_add(duration).unwrap_or_else(far)
    }

    /// The raw reading. See [`ORIGIN`].
    #[inline]
    pub(crate) const fn as_nanos(self) -> u64 {
        self.0
    }

    #[inline]
    pub(crate) const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
}

/// The whole duration in nanoseconds, if it is below 584 years.
#[inline]
fn nanos(duration: Duration) -> Option<u64> {
    duration.as_secs().checked_mul(1_000_000_000)?.checked_add(u64::from(duration.subsec_nanos()))
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// # Panics
    /// If the sum cannot be expressed. See [`Instant::checked_add`].
    #[inline]
    #[track_caller]
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).expect("overflow when adding a duration to an instant")
    }
}

impl AddAssign<Duration> for Instant {
    #[track_caller]
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Saturates at zero, as [`Instant::duration_since`].
    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    /// # Panics
    /// If the difference cannot be expressed. See [`Instant::checked_sub`].
    #[track_caller]
    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).expect("overflow when subtracting a duration from an instant")
    }
}

impl SubAssign<Duration> for Instant {
    #[track_caller]
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl fmt::Debug for Instant {
    /// The distance to the first reading of the clock.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, ns) = match self.0.checked_sub(ORIGIN) {
            Some(after) => ("", after),
            None => ("-", ORIGIN - self.0),
        };
        write!(f, "Instant({sign}{:?})", Duration::from_nanos(ns))
    }
}
