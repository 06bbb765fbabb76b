//! Where things are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository")
}

/// The folder of build products.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// A folder for what xtask itself writes.
pub fn scratch() -> PathBuf {
    target().join("xtask")
}

/// The text of a file of the repository.
pub fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}

/// The version that `Cargo.toml` pins a dependency to: `name = { version = "=1.2.3", .. }`.
pub fn pinned(dependency: &str) -> Option<String> {
    let manifest = read("Cargo.toml").ok()?;
    let line = manifest.lines().find(|line| line.starts_with(&format!("{dependency} = ")))?;
    let (_, rest) = line.split_once("\"=")?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The oldest Rust that the workspace promises to build with.
pub fn msrv() -> Option<String> {
    let manifest = read("Cargo.toml").ok()?;
    let line = manifest.lines().find(|line| line.starts_with("rust-version = "))?;
    Some(line.split('"').nth(1)?.to_owned())
}
