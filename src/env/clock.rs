//! The clock of a runtime: the host's, or one that is moved by hand.

/// The clock of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Clock {}
