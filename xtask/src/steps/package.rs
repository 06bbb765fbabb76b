//! What reaches the reader: the published crate and the README.

use super::Trouble;
use crate::repo;
use crate::shell::{Log, capture, cargo};

type Verdict = Result<String, Trouble>;

/// Files without which the published crate would not be whole.
const WANTED: &[&str] = &[
    "Cargo.toml",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs/guide/browser.md",
    "docs/guide/cancel_safety.md",
    "docs/guide/coming_from_tokio.md",
    "docs/guide/getting_started.md",
    "docs/guide/tasks_and_cancellation.md",
    "docs/guide/testing.md",
    "docs/guide/writing_a_host.md",
    "native/mod.rs",
    "src/lib.rs",
    "wasm/mod.rs",
];

pub fn contents(log: &mut Log) -> Verdict {
    let list =
        log.run(&mut cargo(&["package", "--package", "creel", "--list", "--allow-dirty"]))?;
    let packaged: Vec<String> = list.lines().map(|line| line.replace('\\', "/")).collect();
    let mut absent: Vec<String> = WANTED
        .iter()
        .map(|&name| name.to_owned())
        .filter(|name| !packaged.contains(name))
        .collect();
    for room in ["src", "native", "wasm"] {
        absent.extend(sources(room)?.into_iter().filter(|name| !packaged.contains(name)));
    }
    let macros = ["package", "--package", "creel-macros", "--list", "--allow-dirty"];
    if !capture(&mut cargo(&macros))?.lines().any(|line| line == "src/lib.rs") {
        absent.push("macros/src/lib.rs".to_owned());
    }
    if absent.is_empty() {
        Ok(format!("{} files", packaged.len()))
    } else {
        Err(format!("the package lacks {}", absent.join(", ")).into())
    }
}

/// The Rust files below a folder that belong to the root package.
fn sources(folder: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let path = repo::root().join(folder);
    let entries = std::fs::read_dir(&path).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries.flatten() {
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            // A folder with its own manifest is another package.
            if !entry.path().join("Cargo.toml").exists() {
                found.extend(sources(&name)?);
            }
        } else if name.ends_with(".rs") {
            found.push(name);
        }
    }
    Ok(found)
}

/// The README's commands exist, its examples compile, and its table names the features there are.
pub fn readme(_log: &mut Log) -> Verdict {
    let (readme, manifest) = (repo::read("README.md")?, repo::read("Cargo.toml")?);
    let mut wrong = Vec::new();
    let commands = readme.lines().filter_map(|line| line.trim().strip_prefix("cargo xtask "));
    let mut count = 0;
    for command in commands {
        count += 1;
        let name = command.split_whitespace().next().unwrap_or_default();
        if !crate::command_names().any(|known| known == name) {
            wrong.push(format!("`cargo xtask {name}` does not exist"));
        }
    }
    for name in ["demo", "test"] {
        if !readme.contains(&format!("cargo xtask {name}")) {
            wrong.push(format!("`cargo xtask {name}` is not named"));
        }
    }
    wrong.extend(unquoted_examples(&readme)?);
    let version = repo::msrv().unwrap_or_default();
    if !readme.contains(&format!("Rust {version}")) {
        wrong.push(format!("the oldest Rust is {version}, which the README does not say"));
    }
    let features = features(&manifest);
    for name in table_of_features(&readme) {
        if !features.contains(&name) {
            wrong.push(format!("the feature `{name}` does not exist"));
        }
    }
    if wrong.is_empty() { Ok(format!("{count} commands")) } else { Err(wrong.join("\n").into()) }
}

/// The README quotes the examples word for word, so what it shows has been compiled. Those in
/// folders are longer, and only run.
fn unquoted_examples(readme: &str) -> Result<Vec<String>, String> {
    let mut unquoted = Vec::new();
    let of_the_readme = |example: &String| example.matches('/').count() == 1;
    for example in sources("examples")?.into_iter().filter(of_the_readme) {
        let text = repo::read(&example)?;
        let code: Vec<&str> = text.lines().skip_while(|line| line.starts_with("//!")).collect();
        if !readme.contains(&code.join("\n")) {
            unquoted.push(format!("{example} is not quoted word for word"));
        }
    }
    Ok(unquoted)
}

/// The names in the `[features]` section.
fn features(manifest: &str) -> Vec<&str> {
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    section
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = [").map(|(name, _)| name))
        .collect()
}

/// The first cells of the table that is headed "feature".
fn table_of_features(readme: &str) -> Vec<&str> {
    let table = readme.lines().skip_while(|line| !line.starts_with("| cargo feature"));
    table
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('`').nth(1))
        .collect()
}
