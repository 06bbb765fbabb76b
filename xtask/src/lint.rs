//! `cargo xtask lint`: what can be said about the sources without running them.

use crate::test;
use std::process::ExitCode;

/// Runs the steps of `test` that only read.
pub fn run(_arguments: &[String]) -> ExitCode {
    test::run(&["fmt", "tidy", "clippy"].map(str::to_owned))
}
