//! The examples in tokio's documentation, unchanged, compiled and run with creel in its place.
//!
//! The sources of tokio become a package of another name, which is empty but for rustdoc: that takes
//! the examples from them, in which `tokio` is creel.

use super::super::Trouble;
use super::super::source::passed;
use crate::repo;
use crate::shell::Log;
use std::fs;
use std::path::Path;

pub fn run(log: &mut Log) -> Result<String, Trouble> {
    let source = super::source_of(repo::root(), "tokio")?;
    let folder = super::folder("docs");
    lay_out(&folder, &source).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = super::cargo_in(&folder, &["test", "--doc", "--no-fail-fast", "--quiet"]);
    // What tokio calls unstable is there, too.
    command.env("RUSTDOCFLAGS", "--cfg tokio_unstable --cap-lints allow");
    Ok(format!("of the examples in tokio's documentation {}", passed(&log.run(&mut command)?)))
}

fn lay_out(folder: &Path, tokio: &Path) -> std::io::Result<()> {
    super::lay_out(folder, PACKAGE)?;
    repo::copy(&tokio.join("src"), &folder.join("src"))?;
    let doors = folder.join("src/lib.rs");
    let text = fs::read_to_string(&doors)?;
    fs::write(&doors, format!("#![cfg(doctest)]\n{text}"))
}

/// The features are tokio's. The edition lets rustdoc compile most examples as one program. What
/// tokio is made of must be there for its names to be found, but is not built upon.
const PACKAGE: &str = r#"
[package]
name = "docs-of-tokio"
version = "0.0.0"
edition = "2024"

[workspace]

[features]
default = ["full", "fs", "io-std", "io-util", "macros", "net", "process", "rt", "rt-multi-thread", "signal", "sync", "test-util", "time"]
full = []
fs = []
io-std = []
io-util = []
macros = []
net = []
process = []
rt = []
rt-multi-thread = []
signal = []
sync = []
test-util = []
time = []

[dependencies]
tokio = { package = "creel", path = "ROOT", features = ["full"] }
bytes = "1"
libc = "0.2"
mio = { version = "1", default-features = false, features = ["net", "os-ext", "os-poll"] }
pin-project-lite = "0.2"
signal-hook-registry = "1"
socket2 = { version = "0.6", features = ["all"] }
tokio-macros = "2"

[dev-dependencies]
async-stream = "0.3"
futures = { version = "0.3", features = ["async-await"] }
futures-concurrency = "7"
futures-util = "0.3"
nix = { version = "0.31", default-features = false, features = ["aio", "fs", "socket"] }
rand = "0.9"
tempfile = "3"
tokio-stream = "0.1"
tokio-test = "0.4"
tokio-util = { version = "0.7", features = ["full"] }
"#;
