//! Programs written for tokio, unchanged, with creel in its place: `tokio = { package = "creel" }`.
//!
//! They are the tests and examples that come with packages. Nothing of them is kept in this
//! repository; they are copied into the build folder.

mod docs;
mod neighbours;
mod programs;
mod tokio;

pub use docs::run as docs;
pub use neighbours::run as neighbours;
pub use programs::run as programs;
pub use tokio::run as tokio;

use super::Trouble;
use crate::repo;
use crate::shell::{capture, cargo};
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the packages lie that compile programs of others.
fn folder(name: &str) -> PathBuf {
    repo::target().join("compat").join(name)
}

/// A cargo command of the package in `folder`. All share what they build.
fn cargo_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.current_dir(folder).env("CARGO_TARGET_DIR", repo::target().join("compat/target"));
    command
}

/// Writes a package without sources of its own, and the one that its dependencies take for tokio.
fn lay_out(folder: &Path, manifest: &str) -> Result<()> {
    let root = repo::root().display().to_string().replace('\\', "/");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text.replace("ROOT", &root))
    };
    let _ = fs::remove_dir_all(folder.join("src"));
    let _ = fs::remove_dir_all(folder.join("tests"));
    write("Cargo.toml", &format!("{manifest}{PATCH}"))?;
    write("src/lib.rs", "")?;
    // What tokio calls unstable is there, too.
    write("build.rs", "fn main() {\n    println!(\"cargo:rustc-cfg=tokio_unstable\");\n}\n")?;
    write("tokio/Cargo.toml", &stand_in())?;
    write("tokio/src/lib.rs", "pub use creel::*;\n")
}

/// Where cargo keeps the sources of a package, on which the one in `folder` depends.
fn source_of(folder: &Path, package: &str) -> std::result::Result<PathBuf, Trouble> {
    let metadata = ["metadata", "--format-version", "1"];
    let metadata = capture(cargo(&metadata).current_dir(folder))?;
    let manifest = metadata
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split_once('"'))
        .map(|(path, _)| path.replace("\\\\", "/"))
        .find(|path| {
            let version = path.rsplit('/').nth(1).and_then(|folder| folder.strip_prefix(package));
            let version = version.and_then(|rest| rest.strip_prefix('-'));
            version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
        })
        .ok_or_else(|| format!("cargo does not know where the sources of {package} are"))?;
    Ok(Path::new(&manifest).with_file_name(""))
}

/// The end of each manifest.
const PATCH: &str = r#"
[patch.crates-io]
tokio = { path = "tokio" }

[profile.dev]
debug = "line-tables-only"
"#;

/// The manifest of the package that stands for tokio: the guide's, with the one that `ROOT` names.
fn stand_in() -> String {
    const GUIDE: &str = include_str!("../../../../docs/guide/coming_from_tokio.md");
    let mut blocks = GUIDE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let manifest = blocks.find(|block| block.contains("name = \"tokio\""));
    manifest.expect("the guide says what stands for tokio").replace("../creel", "ROOT")
}
