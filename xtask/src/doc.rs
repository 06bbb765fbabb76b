//! `cargo xtask doc`: the documentation of every feature that this machine can build.

use crate::shell;
use std::process::{Command, ExitCode};

/// Builds the documentation, and opens it if asked to.
pub fn run(arguments: &[String]) -> ExitCode {
    let mut command = command();
    command.args(arguments);
    if shell::forward(&mut command) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The command that builds it; a warning is an error.
pub fn command() -> Command {
    let mut command = shell::cargo(&["doc", "--no-deps", "--package", "creel", "--all-features"]);
    command.args(["--package", "creel-macros"]).env("RUSTDOCFLAGS", "-D warnings");
    command
}
