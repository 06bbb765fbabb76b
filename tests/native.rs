//! The conformance list on the threads of this machine, each case in a runtime of its own.
//!
//! `CREEL_WORKERS=2` takes the pool, with that many workers, instead of one thread; `CREEL_FIBERS=1` runs
//! each case inside a fiber, if there are fibers; `CREEL_DRIVER` chooses the driver, as for every
//! program.

#[macro_use]
mod conformance;

use conformance::Case;
use conformance::harness::{self, Request, TRIES};
use creel::runtime::{Builder, Runtime};
use creel::time::{Duration, timeout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

const LIMIT: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let workers = std::env::var("CREEL_WORKERS").ok();
    let request = Request::from_environment();
    match workers.map(|count| count.parse().expect("a number of workers")) {
        None => harness::run(&request, |case| {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(body(case));
        }),
        Some(workers) => harness::run(&request, |case| on_the_pool(case, workers)),
    }
}

/// A case, inside of a fiber if that is asked for.
async fn body(case: &'static Case) {
    #[cfg(feature = "fiber")]
    if std::env::var_os("CREEL_FIBERS").is_some() {
        let fiber = creel::fiber::spawn(|| creel::fiber::wait((case.run)()));
        return fiber.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
    (case.run)().await;
}

fn on_the_pool(case: &'static Case, workers: usize) {
    if !case.is_for_pools() {
        return print!("(one thread only) ");
    }
    let run = || {
        let mut builder = Builder::new_multi_thread();
        let runtime: Runtime = builder.worker_threads(workers).build().expect("a runtime");
        runtime.block_on(async { timeout(LIMIT, body(case)).await.expect("it does not hang") });
    };
    for _ in 1..TRIES {
        if catch_unwind(AssertUnwindSafe(run)).is_ok() {
            return;
        }
    }
    run();
}
