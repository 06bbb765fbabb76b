//! Whole programs watched while they run: memory that is not theirs (AddressSanitizer, valgrind),
//! and memory that two threads use at once (ThreadSanitizer).

use super::Trouble;
use super::source::passed;
use crate::shell::{Log, cargo, cargo_of};
use crate::{repo, tools};
use std::process::Command;

type Verdict = Result<String, Trouble>;

/// Tests whose process dies on purpose, by a fault that the watcher would report.
const DIES: &[&str] = &["an_overflow", "other_faults", "aborts"];

/// Tests with more stacks than a watcher follows.
const MANY: &[&str] = &["thousand"];

/// Switching stacks is what no other tool looks into.
const FIBERS: [&str; 5] = ["--package", "creel", "--test", "fiber", "--features"];

pub fn address(log: &mut Log) -> Verdict {
    tools::toolchain("nightly")?;
    let mut command = cargo_of("nightly", &["test"]);
    // The switches tell the sanitizer which stack they enter.
    command.args(FIBERS).arg("full,fiber,corosensei/sanitizer");
    // With a target, build scripts and macros are not watched.
    command.args(["--target", "x86_64-unknown-linux-gnu"]).env("RUSTFLAGS", "-Zsanitizer=address");
    command.env("CARGO_TARGET_DIR", repo::target().join("address"));
    let text = log.run(without(DIES, command.arg("--")))?;
    Ok(passed(&text))
}

pub fn valgrind(log: &mut Log) -> Verdict {
    tools::valgrind()?;
    let mut command = cargo(&["test"]);
    command.args(FIBERS).arg("full,fiber");
    let watcher = "valgrind --quiet --error-exitcode=9 --leak-check=no";
    command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", watcher);
    // It looks through all stacks at each switch.
    let text = log.run(without(&[DIES, MANY].concat(), command.arg("--")))?;
    Ok(passed(&text))
}

/// What threads share: the pool, with channels, locks, timers and fibers on it, and the collections.
///
/// The standard library is built along, for it has to be watched as well. ThreadSanitizer knows no
/// fences: data goes from thread to thread by accesses, fences only keep sleepers from being missed. Nor
/// does it know fibers, which needs no more than few of them: they stay on their thread, so that a
/// switch is nothing that another thread could race with.
pub fn thread(log: &mut Log) -> Verdict {
    tools::sources("nightly")?;
    let mut command = cargo_of("nightly", &["test", "-Zbuild-std", "--package", "creel"]);
    command.args(["--no-default-features", "--features", "full,fiber"]);
    command.args(["--test", "pool", "--test", "collections", "--test", "contention"]);
    command.args(["--test", "fiber"]);
    command.args(["--target", "x86_64-unknown-linux-gnu"]).env("RUSTFLAGS", "-Zsanitizer=thread");
    command.env("TSAN_OPTIONS", "halt_on_error=1");
    command.env("CARGO_TARGET_DIR", repo::target().join("thread"));
    let text = log.run(without(&[DIES, MANY].concat(), command.arg("--")))?;
    Ok(passed(&text))
}

fn without<'a>(tests: &[&str], command: &'a mut Command) -> &'a mut Command {
    tests.iter().fold(command, |command, test| command.args(["--skip", test]))
}
