//! Where in the program something was called, for those who look at tasks.

use core::future::Future;
use core::panic::Location;

/// The place of a call, if it is known: nothing without the feature `dump`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    #[cfg(feature = "dump")]
    at: Option<&'static Location<'static>>,
}

impl Site {
    /// Not known.
    pub(crate) const UNKNOWN: Self = Self {
        #[cfg(feature = "dump")]
        at: None,
    };

    /// Where the function that calls this was called, if it is `#[track_caller]`.
    #[inline]
    #[track_caller]
    pub(crate) const fn here() -> Self {
        Self {
            #[cfg(feature = "dump")]
            at: Some(Location::caller()),
        }
    }

    /// The same future; what it waits for is waited for here, unless it is part of another one
    /// that says so.
    #[inline]
    pub(crate) fn of<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        super::dump::located(self, future)
    }

    /// The place; `None` without the feature.
    #[inline]
    pub(crate) const fn location(self) -> Option<&'static Location<'static>> {
        #[cfg(feature = "dump")]
        return self.at;
        #[cfg(not(feature = "dump"))]
        None
    }
}
