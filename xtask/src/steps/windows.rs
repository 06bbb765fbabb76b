//! The conformance list and the native tests on Windows, as far as wine goes, children and ctrl-c among
//! them. Its consoles do not raise the other events.

use super::Trouble;
use super::source::passed;
use crate::shell::{Log, cargo};
use crate::tools::{self, WINDOWS};
use std::process::Command;

type Verdict = Result<String, Trouble>;

/// What the system has a say in.
const TESTS: [&str; 10] = [
    "net",
    "net_udp",
    "named_pipe",
    "fs",
    "fiber",
    "pool",
    "tasks",
    "faults",
    "windows",
    "console",
];

pub fn run(log: &mut Log) -> Verdict {
    let wine = tools::wine()?;
    let test = |names: &[&str]| {
        let mut command = cargo(&["test", "--quiet", "--package", "creel", "--target", WINDOWS]);
        command.args(["--no-default-features", "--features", "full,fiber"]);
        names.iter().for_each(|name| _ = command.args(["--test", name]));
        wine.runs(&mut command);
        command
    };
    log.run(&mut test(&["native"]))?;
    let mut on_a_pool = |fibers: bool| {
        let mut command: Command = test(&["native"]);
        command.env("CREEL_WORKERS", "2");
        if fibers {
            command.env("CREEL_FIBERS", "1");
        }
        log.run(&mut command)
    };
    on_a_pool(false)?;
    let text = on_a_pool(true)?;
    let cases = text.lines().rev().find(|line| line.ends_with("cases passed")).unwrap_or_default();
    Ok(format!("{cases}, three times; others: {}", passed(&log.run(&mut test(&TESTS))?)))
}
