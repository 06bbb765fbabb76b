//! `Instant` to and from the standard library's, where that one exists.

use super::instant::Instant;
use crate::platform::source::{self, StdInstant};

impl Instant {
    /// The same moment of the host's clock.
    ///
    /// ```
    /// use creel::time::Instant;
    ///
    /// let now = std::time::Instant::now();
    /// assert_eq!(Instant::from_std(now).into_std(), now);
    /// ```
    #[must_use]
    pub fn from_std(std: StdInstant) -> Self {
        let start = source::start();
        match std.checked_duration_since(start) {
            Some(after) => Self::START.checked_add(after).unwrap_or(Self::from_nanos(u64::MAX)),
            None => {
                Self::START.checked_sub(start.duration_since(std)).unwrap_or(Self::from_nanos(0))
            }
        }
    }

    /// The same moment as an instant of the standard library.
    ///
    /// A moment that the platform's own type cannot express becomes the start of the program.
    #[must_use]
    pub fn into_std(self) -> StdInstant {
        let start = source::start();
        let std = match self.checked_duration_since(Self::START) {
            Some(after) => start.checked_add(after),
            None => start.checked_sub(Self::START.duration_since(self)),
        };
        std.unwrap_or(start)
    }
}

impl From<StdInstant> for Instant {
    fn from(std: StdInstant) -> Self {
        Self::from_std(std)
    }
}

impl From<Instant> for StdInstant {
    fn from(instant: Instant) -> Self {
        instant.into_std()
    }
}
