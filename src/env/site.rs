//! Where in the program something was called, for those who look at tasks.

use core::panic::Location;

/// The place of a call: nothing without the feature `dump`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    #[cfg(feature = "dump")]
    at: &'static Location<'static>,
}

impl Site {
    /// Where the function that calls this was called, if it is `#[track_caller]`.
    #[inline]
    #[track_caller]
    pub(crate) const fn here() -> Self {
        Self {
            #[cfg(feature = "dump")]
            at: Location::caller(),
        }
    }

    /// The place; `None` without the feature.
    #[inline]
    pub(crate) const fn location(self) -> Option<&'static Location<'static>> {
        #[cfg(feature = "dump")]
        return Some(self.at);
        #[cfg(not(feature = "dump"))]
        None
    }
}
