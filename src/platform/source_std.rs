//! The clock of the standard library.

use std::sync::OnceLock;
pub(crate) use std::time::Instant as StdInstant;

/// The first reading of the clock in this process: our zero.
#[inline]
pub(crate) fn start() -> StdInstant {
    static START: OnceLock<StdInstant> = OnceLock::new();
    *START.get_or_init(StdInstant::now)
}

#[inline]
pub(crate) fn now_ns() -> u64 {
    let start = start();
    let elapsed = StdInstant::now().saturating_duration_since(start);
    // Fits for the first 584 years of a process.
    elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos())
}
