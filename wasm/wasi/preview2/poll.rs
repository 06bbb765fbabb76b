//! The one call of preview 2 that waits.
//!
//! wasmtime runs a program as one task of tokio's, which may do 128 things between two turns: each
//! pollable that it finds ready is one, and so is each `check-write` and `accept`. Beyond that they
//! all answer "not now", whatever is true. So an answer for 127 leaves one thing for writing to any of
//! them, they all wait to write, the next answer is for 127 again, and so on for ever. After a large
//! answer the host gets a turn, and with it the program a new allowance: see [`take_turn`].

use std::time::Duration;
use std::vec::Vec;
use wasip2::clocks::monotonic_clock;
pub(crate) use wasip2::io::poll::Pollable;

/// Waits until one of `pollables` is ready, for `timeout` at most; answers the indices of some that
/// are.
///
/// Without a timeout the list must not be empty: the host would end the program.
pub(crate) fn poll(pollables: Vec<&Pollable>, timeout: Option<Duration>) -> Vec<u32> {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let timer = timeout.map(|time| monotonic_clock::subscribe_duration(nanoseconds(time)));
    let mut all = pollables;
    all.extend(&timer);
    let ready = wasip2::io::poll::poll(&all);
    if ready.len() > HALF {
        let half: Vec<_> = ready[..HALF].iter().map(|index| all[*index as usize]).collect();
        take_turn(&half);
    }
    ready
}

/// Half of the allowance: with so many answers there is enough left of it to write to each.
const HALF: usize = 64;

/// Lets the host have a turn, and leaves half of the new allowance.
///
/// Of the old one less than half is left. So asked for [`HALF`] that are `ready`, the host finds fewer
/// and nothing is left then; or nothing was left, and it takes its turn before it finds them all.
fn take_turn(ready: &[&Pollable]) {
    let asked = || wasip2::io::poll::poll(ready).len();
    if asked() < ready.len() {
        asked();
    }
}
