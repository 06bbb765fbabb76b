//! The conformance list in the simulator, each case under many seeds (`--seeds 100`).
//!
//! Each seed runs twice and must leave the same trace. `--traces` prints those, to be compared
//! between platforms.

#[macro_use]
mod conformance;

use conformance::Case;
use conformance::harness::{self, Request};
use creel::sim::Simulator;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

fn main() -> ExitCode {
    let request = Request::from_environment();
    harness::run(&request, |case| {
        let mut traces = 0;
        for seed in 0..request.seeds() {
            let trace = run(case, seed);
            // Under Miri, once: that looks for other faults, and takes its time.
            if !cfg!(miri) {
                assert_eq!(trace, run(case, seed), "{} differs under seed {seed}", case.name);
            }
            traces = trace.wrapping_add(u64::rotate_left(traces, 1));
        }
        if request.traces() {
            print!("{traces:016x} ");
        }
    })
}

/// Runs a case under one seed; the answer is the trace.
fn run(case: &Case, seed: u64) -> u64 {
    let simulator = Simulator::new(seed);
    let ran = catch_unwind(AssertUnwindSafe(|| simulator.run((case.run)())));
    if let Err(payload) = ran {
        eprintln!("{} fails under seed {seed}", case.name);
        resume_unwind(payload);
    }
    simulator.trace()
}
