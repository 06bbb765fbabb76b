//! Combining futures.

pub(crate) mod maybe_done;
