//! The timers of a runtime.

/// The timers of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Timers {}
