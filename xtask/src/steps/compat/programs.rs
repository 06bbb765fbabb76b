//! Programs and libraries of others, whole and unchanged, with their own tests: what stands for tokio by
//! `[patch]` is all that they have of it.

use super::super::Trouble;
use super::super::source::passed;
use crate::repo;
use crate::shell::Log;
use std::fs;
use std::path::Path;

/// Packages whose tests need no network and come with their source, at versions that do not move.
const PACKAGES: &[(&str, &str)] = &[
    ("mini-redis", "0.4.1"),
    ("tokio-retry", "0.3.2"),
    ("tokio-test", "0.4.6"),
    ("tower", "0.5.3"),
];

pub fn run(log: &mut Log) -> Result<String, Trouble> {
    let folder = super::folder("programs");
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let dependency = |(name, version): &(&str, &str)| format!("{name} = \"={version}\"\n");
    let dependencies: String = PACKAGES.iter().map(dependency).collect();
    super::lay_out(&folder, &format!("{PACKAGE}[dependencies]\n{dependencies}")).map_err(told)?;
    let sources: Result<Vec<_>, _> =
        PACKAGES.iter().map(|(name, _)| super::source_of(&folder, name)).collect();
    for ((name, _), source) in PACKAGES.iter().zip(sources?) {
        take(&source, &folder.join(name)).map_err(told)?;
    }
    let members: Vec<String> = PACKAGES.iter().map(|(name, _)| format!("{name:?}")).collect();
    let workspace = format!("[workspace]\nresolver = \"2\"\nmembers = [{}]\n", members.join(", "));
    super::lay_out(&folder, &workspace).map_err(told)?;

    let mut command = super::cargo_in(&folder, &["test", "--workspace", "--lib", "--tests"]);
    command
        .args(["--all-features", "--no-fail-fast", "--quiet"])
        .env("RUSTFLAGS", "--cap-lints allow");
    Ok(format!("of the tests of {} packages {}", PACKAGES.len(), passed(&log.run(&mut command)?)))
}

/// Copies a package without what the other members of a workspace were locked to.
fn take(from: &Path, to: &Path) -> std::io::Result<()> {
    repo::copy(from, to)?;
    match fs::remove_file(to.join("Cargo.lock")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A package to fetch the others by.
const PACKAGE: &str = r#"
[package]
name = "programs"
version = "0.0.0"
edition = "2021"

[workspace]

"#;
