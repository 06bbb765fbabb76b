//! The one call of preview 2 that waits.

use std::time::Duration;
use std::vec::Vec;
use wasip2::clocks::monotonic_clock;
pub(crate) use wasip2::io::poll::Pollable;

/// Waits until one of `pollables` is ready, for `timeout` at most; answers the indices of some that
/// are.
///
/// Without a timeout the list must not be empty: the host would end the program.
pub(crate) fn poll(pollables: &[&Pollable], timeout: Option<Duration>) -> Vec<u32> {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let timer = timeout.map(|time| monotonic_clock::subscribe_duration(nanoseconds(time)));
    match &timer {
        None => wasip2::io::poll::poll(pollables),
        Some(timer) => {
            let mut all = Vec::with_capacity(pollables.len() + 1);
            all.extend_from_slice(pollables);
            all.push(timer);
            wasip2::io::poll::poll(&all)
        }
    }
}
