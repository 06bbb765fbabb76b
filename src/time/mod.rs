//! Time: instants, sleeps, intervals, timeouts.

pub use crate::env::instant::Instant;
pub use core::time::Duration;
