//! The conformance list on a machine so slow that time passes between any two polls: a case that
//! counts on being faster than its timers fails here, before it fails on somebody's busy machine.

#[macro_use]
mod conformance;

use conformance::Case;
use conformance::harness::{self, Request};
use creel::runtime::{Builder, Next};
use creel::time::Instant;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Waker};

/// Nanoseconds that a poll takes at most, and that now and then pass without any.
const POLL: u64 = 20_000_000;
const PAUSE: u64 = 200_000_000;

static NOW: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    creel::platform::set_clock(|| NOW.load(Relaxed));
    harness::run(&Request::from_environment(), |case| (1..=100).for_each(|seed| run(case, seed)))
}

fn run(case: &Case, seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut some_time = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match state % 8 {
            0 => (state >> 8) % PAUSE,
            // Slow all the time, or quick between its pauses.
            _ => (state >> 8) % POLL * (seed % 2),
        }
    };
    let (start, begun) = (Instant::now(), NOW.load(Relaxed));
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let run = case.run;
    let mut ran = runtime.spawn(async move { creel::task::spawn_local(run()).await.unwrap() });
    let waker = &mut Context::from_waker(Waker::noop());
    while Pin::new(&mut ran).poll(waker).map(Result::unwrap).is_pending() {
        match runtime.tick(1) {
            Next::Now => _ = NOW.fetch_add(some_time(), Relaxed),
            Next::At(instant) => {
                let due = (instant - start).as_nanos() as u64;
                NOW.fetch_max(begun + due + some_time(), Relaxed);
            }
            _ => assert!(ran.is_finished(), "under seed {seed}: every task waits for another"),
        }
    }
}
