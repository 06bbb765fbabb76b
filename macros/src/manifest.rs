//! By which name the crate under compilation knows `creel`.
//!
//! An attribute cannot say `$crate`, and a program moves over from tokio by writing
//! `tokio = { package = "creel" }`, so the name is looked up in its `Cargo.toml`: among the
//! dependencies, then those of tests, then those of the build script, each also under
//! `[target.'cfg(..)']` and inherited from the workspace. A manifest that has tokio and no creel, and
//! uses our attributes nevertheless, has a `[patch]` that lets a package of ours stand for tokio, so
//! tokio it is. The crate itself, a manifest with neither and a build without cargo get `creel`; a
//! path through another crate is what the option `crate = ".."` is for.

mod toml;

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use toml::Entry;

const CREEL: &str = "creel";

/// The name, as an identifier.
pub(crate) fn name_of_creel() -> String {
    // An editor expands the macros of many crates in one process: remember whose answer it is.
    thread_local! {
        static LAST: RefCell<Option<(OsString, String)>> = const { RefCell::new(None) };
    }
    let Some(directory) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return CREEL.to_string();
    };
    LAST.with_borrow_mut(|last| match last {
        Some((known, name)) if *known == directory => name.clone(),
        _ => {
            let name = look_up(Path::new(&directory));
            *last = Some((directory, name.clone()));
            name
        }
    })
}

fn look_up(directory: &Path) -> String {
    let Ok(manifest) = read_to_string(directory.join("Cargo.toml")) else {
        return CREEL.to_string();
    };
    let name = find(&toml::entries(&manifest), |name| inherited_package(directory, name));
    name.unwrap_or_else(|| CREEL.to_string()).replace('-', "_")
}

/// The name of the first dependency whose package is `creel`, else of the first that is `tokio`,
/// unless the manifest is that of creel itself.
fn find(entries: &[Entry], inherited: impl Fn(&str) -> Option<String>) -> Option<String> {
    if entries.iter().any(|entry| entry.path == ["package", "name"] && entry.value == CREEL) {
        return None;
    }
    [CREEL, "tokio"].iter().find_map(|package| find_package(package, entries, &inherited))
}

/// The name of the first dependency whose package is `wanted`. `inherited` tells the package of a
/// dependency that the workspace declares.
fn find_package(
    wanted: &str,
    entries: &[Entry],
    inherited: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    ["dependencies", "dev-dependencies", "build-dependencies"].iter().find_map(|kind| {
        entries.iter().find_map(|entry| {
            let (name, _) = entry.dependency(kind)?;
            let facts = || {
                entries.iter().filter_map(|entry| match entry.dependency(kind)? {
                    (other, key) if other == name => Some((key, &entry.value)),
                    _ => None,
                })
            };
            let fact = |key: &str| facts().find(|fact| fact.0 == [key]).map(|fact| fact.1);
            let package = match fact("package") {
                Some(package) => package.clone(),
                None if fact("workspace").is_some_and(|inherits| inherits == "true") => {
                    inherited(name).unwrap_or_else(|| name.to_string())
                }
                None => name.to_string(),
            };
            (package == wanted).then(|| name.to_string())
        })
    })
}

impl Entry {
    /// `[dependencies] name.key = value` is `(name, [key])`, also below `[target.'..']`.
    fn dependency(&self, kind: &str) -> Option<(&str, &[String])> {
        let path = match &self.path[..] {
            [target, _, rest @ ..] if target == "target" => rest,
            path => path,
        };
        match path {
            [table, name, key @ ..] if table == kind => Some((name, key)),
            _ => None,
        }
    }
}

/// What package `name` is in the `[workspace.dependencies]` that apply to `directory`.
fn inherited_package(directory: &Path, name: &str) -> Option<String> {
    directory.ancestors().map(|ancestor| ancestor.join("Cargo.toml")).find_map(|path: PathBuf| {
        let entries = toml::entries(&read_to_string(path).ok()?);
        let mut facts = entries.iter().filter_map(|entry| match &entry.path[..] {
            [workspace, table, dependency, key @ ..]
                if workspace == "workspace" && table == "dependencies" && dependency == name =>
            {
                Some((key, &entry.value))
            }
            _ => None,
        });
        let first = facts.next()?;
        let package = std::iter::once(first).chain(facts).find(|fact| fact.0 == ["package"]);
        Some(package.map_or_else(|| name.to_string(), |fact| fact.1.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(manifest: &str) -> Option<String> {
        find(&toml::entries(manifest), |name| (name == "runtime").then(|| CREEL.to_string()))
    }

    #[test]
    fn plain_and_renamed() {
        assert_eq!(name("[dependencies]\ncreel = '1'").unwrap(), "creel");
        let inline = "[dependencies]\ntokio = { version = '1', package = \"creel\" } # it is";
        assert_eq!(name(inline).unwrap(), "tokio");
        let table = "[dependencies.tokio]\nversion = '1'\npackage = 'creel'\n[features]\na = []";
        assert_eq!(name(table).unwrap(), "tokio");
        let dotted = "dependencies.tokio.package = 'creel'\ndependencies.tokio.path = '..'";
        assert_eq!(name(dotted).unwrap(), "tokio");
    }

    #[test]
    fn a_renamed_stranger_is_not_creel() {
        assert_eq!(name("[dependencies]\ncreel = { package = 'other' }"), None);
        let both = "[dependencies]\ncreel = { package = 'other' }\nrt = { package = 'creel' }";
        assert_eq!(name(both).unwrap(), "rt");
    }

    #[test]
    fn a_package_that_stands_for_tokio() {
        assert_eq!(name("[dependencies]\ntokio = '1'").unwrap(), "tokio");
        assert_eq!(name("[dev-dependencies]\nrt.package = 'tokio'").unwrap(), "rt");
        assert_eq!(name("[dependencies]\ntokio = '1'\ncreel = '1'").unwrap(), "creel");
        let late = "[dependencies]\ntokio = '1'\n[dev-dependencies]\nrt.package = 'creel'";
        assert_eq!(name(late).unwrap(), "rt");
        assert_eq!(name("[package]\nname = 'creel'\n[dependencies]\ntokio = '1'"), None);
    }

    #[test]
    fn every_table_of_dependencies() {
        assert_eq!(name("[dev-dependencies]\ncreel = '1'").unwrap(), "creel");
        assert_eq!(name("[build-dependencies]\ncreel = '1'").unwrap(), "creel");
        let target = "[target.'cfg(target_family = \"wasm\")'.dependencies]\nrt.package = 'creel'";
        assert_eq!(name(target).unwrap(), "rt");
        let target = "[target.x86_64-unknown-linux-gnu.dev-dependencies.rt]\npackage = 'creel'";
        assert_eq!(name(target).unwrap(), "rt");
        let first = "[dev-dependencies]\na.package='creel'\n[dependencies]\nb.package='creel'";
        assert_eq!(name(first).unwrap(), "b");
    }

    #[test]
    fn inherited_from_the_workspace() {
        assert_eq!(name("[dependencies]\nruntime.workspace = true").unwrap(), "runtime");
        assert_eq!(name("[dependencies]\nruntime = { workspace = true }").unwrap(), "runtime");
        assert_eq!(name("[dependencies]\ncreel.workspace = true").unwrap(), "creel");
        assert_eq!(name("[dependencies]\nserde.workspace = true"), None);
    }
}
