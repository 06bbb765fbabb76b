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
            #[cfg(feature = "dump")]
            if !NOT_COMPARED.contains(&case.name) {
                compare_with_dumps(case, seed);
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
    run_future(case, seed, (case.run)())
}

/// They count polls, and those of a dump too; or another task beside them changes what they test.
#[cfg(feature = "dump")]
const NOT_COMPARED: [&str; 4] = [
    "task::a_waker_outlives_its_task",
    "task::many_wakes_are_one_poll",
    "signals::event_manual_releases_all_until_reset",
    "future::select_yields_when_the_budget_is_spent",
];

/// A case with a task beside it that makes dumps, and with one that does not: the same run.
#[cfg(feature = "dump")]
fn compare_with_dumps(case: &'static Case, seed: u64) {
    let beside = |dumps| async move {
        let looker = creel::spawn(async move {
            for _ in 0..20 {
                if dumps {
                    drop(creel::runtime::Handle::current().dump().await);
                }
                creel::task::yield_now().await;
            }
        });
        (case.run)().await;
        drop(looker.cancel().await);
    };
    let (without, with) =
        (run_future(case, seed, beside(false)), run_future(case, seed, beside(true)));
    assert_eq!(without, with, "{} is changed by dumps under seed {seed}", case.name);
}

fn run_future(case: &Case, seed: u64, future: impl Future<Output = ()> + 'static) -> u64 {
    let simulator = Simulator::new(seed);
    let ran = catch_unwind(AssertUnwindSafe(|| simulator.run(future)));
    if let Err(payload) = ran {
        eprintln!("{} fails under seed {seed}", case.name);
        resume_unwind(payload);
    }
    simulator.trace()
}
