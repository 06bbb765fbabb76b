//! tokio-util and tokio-stream on creel: both are built on it, and their own tests run unchanged.

use super::super::Trouble;
use super::super::source::passed;
use crate::repo;
use crate::shell::Log;
use std::fs;
use std::path::Path;

/// Tests whose subject this crate does otherwise on purpose, and why.
const OTHERWISE: &[(&str, &str)] =
    &[("panic_in_multi_thread_runtime", "spawn_local works in any runtime")];

pub fn run(log: &mut Log) -> Result<String, Trouble> {
    let folder = super::folder("neighbours");
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    super::lay_out(&folder, PACKAGE).map_err(told)?;
    for package in ["tokio-util", "tokio-stream"] {
        let source = super::source_of(&folder, package)?;
        take(package, &source.join("tests"), &folder.join("tests")).map_err(told)?;
    }
    let arguments = ["test", "--tests", "--no-fail-fast", "--quiet", "--"];
    let mut command = super::cargo_in(&folder, &arguments);
    for (test, _) in OTHERWISE {
        command.args(["--skip", test]);
    }
    let passed = passed(&log.run(&mut command)?);
    Ok(format!("of the tests of tokio-util and tokio-stream {passed}"))
}

/// Copies the test files of a package, under names that tell whose they are, and what they share.
fn take(package: &str, from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        match entry.path().is_dir() {
            true => repo::copy(&entry.path(), &to.join(name))?,
            // It refuses to be built with fewer features than these.
            false if name == "_require_full.rs" => {}
            false => drop(fs::copy(entry.path(), to.join(format!("{package}_{name}")))?),
        }
    }
    Ok(())
}

/// The features are those that the test files ask for by `cfg`.
const PACKAGE: &str = r#"
[package]
name = "neighbours"
version = "0.0.0"
edition = "2021"

[workspace]

[features]
default = ["full", "codec", "compat", "fs", "io", "io-util", "join-map", "net", "rt", "signal", "sync", "time"]
full = []
codec = []
compat = []
fs = []
io = []
io-util = []
join-map = []
net = []
rt = []
signal = []
sync = []
time = []

[dependencies]
tokio = { package = "creel", path = "ROOT", features = ["full"] }

[dev-dependencies]
async-stream = "0.3"
bytes = "1"
futures = { version = "0.3", features = ["async-await"] }
futures-core = "0.3"
futures-io = "0.3"
futures-sink = "0.3"
futures-test = "0.3"
futures-util = "0.3"
parking_lot = "0.12"
pin-project-lite = "0.2"
proptest = "1"
tempfile = "3"
tokio-stream = { version = "0.1", features = ["full"] }
tokio-test = "0.4"
tokio-util = { version = "0.7", features = ["full"] }
"#;
