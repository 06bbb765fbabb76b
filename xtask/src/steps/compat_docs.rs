//! The examples in tokio's documentation, unchanged, compiled and run with creel in its place.
//!
//! The sources of tokio become a package of another name, which is empty but for rustdoc: that takes
//! the examples from them, in which `tokio` is creel.

use super::Trouble;
use super::compat::{lay_out_stand_in, source_of_tokio};
use super::source::passed;
use crate::repo;
use crate::shell::{Log, cargo};
use std::fs;
use std::io::Result;
use std::path::Path;

pub fn run(log: &mut Log) -> std::result::Result<String, Trouble> {
    let source = source_of_tokio()?;
    let folder = repo::target().join("compat/docs");
    lay_out(&folder, &source).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = cargo(&["test", "--doc", "--no-fail-fast", "--quiet"]);
    command.current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
    // What tokio calls unstable is tested too.
    command.env("RUSTDOCFLAGS", "--cfg tokio_unstable --cap-lints allow");
    Ok(format!("of the examples in tokio's documentation {}", passed(&log.run(&mut command)?)))
}

fn lay_out(folder: &Path, tokio: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(folder.join("src"));
    copy(&tokio.join("src"), &folder.join("src"))?;
    let doors = folder.join("src/lib.rs");
    let text = fs::read_to_string(&doors)?;
    fs::write(&doors, format!("#![cfg(doctest)]\n{text}"))?;
    let root = repo::root().display().to_string().replace('\\', "/");
    fs::write(folder.join("Cargo.toml"), PACKAGE.replace("ROOT", &root))?;
    lay_out_stand_in(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (entry, to) = (entry?, to);
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
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

[patch.crates-io]
tokio = { path = "tokio" }

[profile.dev]
debug = false
"#;
