//! The conformance list on a machine so slow that time passes whenever somebody looks at the clock,
//! and between any two polls: a case that counts on being faster than its timers fails here, before
//! it fails on somebody's busy machine.

#[macro_use]
mod conformance;

use conformance::Case;
use conformance::harness::{self, Request};
use creel::runtime::{Builder, Next};
use creel::task::spawn_local;
use creel::time::Instant;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Waker};

/// Nanoseconds that pass at most from one look at the clock to the next, and now and then instead.
const STEP: u64 = 20_000_000;
const PAUSE: u64 = 200_000_000;

const SEEDS: u64 = 100;

static NOW: AtomicU64 = AtomicU64::new(0);
static SEED: AtomicU64 = AtomicU64::new(0);
static LOOKS: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    creel::platform::set_clock(look);
    harness::run(&Request::from_environment(), |case| (0..SEEDS).for_each(|seed| run(case, seed)))
}

fn look() -> u64 {
    let seed = SEED.load(Relaxed);
    let mut bits = (seed << 32) ^ LOOKS.fetch_add(1, Relaxed);
    // The last steps of MurmurHash3.
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^= bits >> 33;
    let time = match bits % 8 {
        0 => (bits >> 8) % PAUSE,
        // Slow all the time, or quick between its pauses.
        _ => (bits >> 8) % STEP * (seed % 2),
    };
    NOW.fetch_add(time, Relaxed) + time
}

fn run(case: &Case, seed: u64) {
    SEED.store(seed, Relaxed);
    LOOKS.store(0, Relaxed);
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let run = case.run;
    let mut ran = runtime.spawn(async move { spawn_local(run()).await.unwrap() });
    let waker = &mut Context::from_waker(Waker::noop());
    while Pin::new(&mut ran).poll(waker).map(Result::unwrap).is_pending() {
        match runtime.tick(1) {
            Next::Now => _ = look(),
            Next::At(instant) => {
                let still = instant.saturating_duration_since(Instant::now());
                NOW.fetch_add(still.as_nanos() as u64, Relaxed);
            }
            _ => assert!(ran.is_finished(), "under seed {seed}: every task waits for another"),
        }
    }
}
