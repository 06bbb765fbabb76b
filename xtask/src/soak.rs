//! `cargo xtask soak [MINUTES]`: everything at once, at random, for long.

use crate::shell;
use std::process::ExitCode;

const MINUTES: u64 = 10;

/// Runs `tests/soak.rs` for so many minutes.
pub fn run(arguments: &[String]) -> ExitCode {
    let minutes = match arguments.first().map(|text| text.parse::<u64>()) {
        None => MINUTES,
        Some(Ok(minutes)) => minutes,
        Some(Err(_)) => {
            eprintln!("`cargo xtask soak` wants a number of minutes");
            return ExitCode::from(2);
        }
    };
    let mut command = shell::cargo(&["test", "--release", "--package", "creel"]);
    command.args(["--features", "full,fiber", "--test", "soak", "--", "--nocapture"]);
    command.env("CREEL_SOAK_SECONDS", (60 * minutes).to_string());
    if shell::forward(&mut command) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
