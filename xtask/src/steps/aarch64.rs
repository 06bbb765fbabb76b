//! The conformance list on another processor, emulated: its memory model is weaker than that of most
//! machines that people develop on, and the emulator has no io_uring, so the drivers fall back.

use super::Trouble;
use super::source::passed;
use crate::shell::{Log, cargo};
use crate::tools;

type Verdict = Result<String, Trouble>;

const TARGET: &str = "aarch64-unknown-linux-gnu";

pub fn run(log: &mut Log) -> Verdict {
    let (linker, runner) = tools::aarch64()?;
    tools::target(TARGET)?;
    let mut command = cargo(&["test", "--quiet", "--package", "creel", "--target", TARGET]);
    command.args(["--no-default-features", "--features", "full"]);
    command.args(["--test", "native", "--test", "net", "--test", "drivers"]);
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", linker);
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", runner);
    let text = log.run(&mut command)?;
    let cases = text.lines().rev().find(|line| line.ends_with("cases passed")).unwrap_or_default();
    Ok(format!("{cases}, sockets: {}", passed(&text)))
}
