//! The one call of preview 2 that waits.
//!
//! wasmtime runs a program as one task of tokio's, which may do 128 things between two turns: each
//! pollable that it finds ready is one, and so is each `check-write` and `accept`. Beyond that they
//! all answer "not now", whatever is true. So an answer for 128 leaves nothing for writing to any of
//! them, they all wait to write, the next answer is for 128 again, and so on for ever. After a large
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
    let count = pollables.len();
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let timer = timeout.map(|time| monotonic_clock::subscribe_duration(nanoseconds(time)));
    let mut all = pollables;
    all.extend(&timer);
    let ready = wasip2::io::poll::poll(&all);
    if ready.len() > LARGE
        && let Some(one) = ready.iter().find_map(|index| all[..count].get(*index as usize))
    {
        take_turn(one);
    }
    ready
}

/// With up to this many answers there is enough left of the allowance to write to each.
const LARGE: usize = 60;

/// Lets the host have a turn: it cannot tell that `ready` is so before it had one, if the allowance
/// is used up; else it answers at once.
fn take_turn(ready: &Pollable) {
    wasip2::io::poll::poll(&[ready]);
}
