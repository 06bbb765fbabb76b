//! `cargo xtask bench`: the benchmarks, each beside its peers.

use crate::shell;
use std::process::ExitCode;

/// Runs the benchmarks whose names contain one of `filters`, or all.
pub fn run(filters: &[String]) -> ExitCode {
    let mut command = shell::cargo(&["bench", "--package", "creel-benches"]);
    if !filters.is_empty() {
        command.arg("--").args(filters);
    }
    if shell::forward(&mut command) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
