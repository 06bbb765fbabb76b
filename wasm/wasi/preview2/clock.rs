//! The monotonic clock of preview 2, asked for itself.
//!
//! The standard library asks by way of libc, which brings more than the question, and before Rust 1.91 or so
//! an adapter of preview 1 with memory of its own.

use std::sync::OnceLock;
use std::time::Duration;
pub(crate) use std::time::Instant as StdInstant;
use wasip2::clocks::monotonic_clock::now;

#[inline]
pub(crate) fn now_ns() -> u64 {
    /// The first reading of the clock in this program: our zero.
    static ZERO: OnceLock<u64> = OnceLock::new();
    let now = now();
    now.saturating_sub(*ZERO.get_or_init(|| now))
}

/// Our zero as the standard library has it.
pub(crate) fn start() -> StdInstant {
    static START: OnceLock<StdInstant> = OnceLock::new();
    *START.get_or_init(|| {
        let elapsed = Duration::from_nanos(now_ns());
        let now = StdInstant::now();
        now.checked_sub(elapsed).unwrap_or(now)
    })
}
