//! Preview 1: a clock and the standard streams.

pub(super) mod poll;
#[cfg(feature = "io-std")]
pub(crate) mod standard;
