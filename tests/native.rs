//! The conformance list on a thread of this machine, each case in a runtime of its own.

#[macro_use]
mod conformance;

use conformance::harness::{self, Request};
use creel::runtime::Builder;
use std::process::ExitCode;

fn main() -> ExitCode {
    harness::run(&Request::from_environment(), |case| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on((case.run)());
    })
}
