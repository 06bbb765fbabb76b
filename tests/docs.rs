//! The guide keeps up with the crate: its table of cancel safety is complete, and the programs it
//! shows are those of `examples/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Modules whose names a reader needs to tell one `Sender` from another.
const CHANNELS: [&str; 6] = ["broadcast", "mpmc", "mpsc", "oneshot", "rendezvous", "watch"];

/// A function of the crate as its source has it.
#[derive(Debug, PartialEq)]
struct Function {
    /// `mpsc::Sender::send`, `Mutex::lock`, `sleep`; the name alone if a macro gives it to many.
    name: String,
    place: String,
    is_async: bool,
    has_section: bool,
}

#[test]
fn every_async_method_says_what_a_drop_loses() {
    let silent: Vec<String> = functions()
        .into_iter()
        .filter(|function| function.is_async && !function.has_section)
        .map(|function| format!("{}: `{}`", function.place, function.name))
        .collect();
    assert!(
        silent.is_empty(),
        "no section \"# Cancel safety\" in the docs of\n{}",
        silent.join("\n")
    );
}

#[test]
fn the_table_of_cancel_safety_is_complete() {
    let table = table();
    let missing: BTreeSet<String> = functions()
        .into_iter()
        .filter(|function| function.has_section && !table.contains_key(&function.name))
        .map(|function| format!("{}: `{}`", function.place, function.name))
        .collect();
    let missing = Vec::from_iter(missing).join("\n");
    assert!(missing.is_empty(), "docs/guide/cancel_safety.md has no row for\n{missing}");
}

#[test]
fn the_table_of_cancel_safety_names_only_what_exists() {
    let functions: BTreeSet<String> =
        functions().into_iter().map(|function| function.name).collect();
    for (name, row) in table() {
        // Types that are futures themselves, macros, and what macros name: numbers, datagrams.
        let exempt = row.contains(", awaited") || name.ends_with('!') || row.contains("bytes") || {
            name.ends_with("_u8") || name.ends_with("_i8") || row.contains("datagram")
        };
        assert!(exempt || functions.contains(&name), "there is no `{name}`, but a row: {row}");
    }
}

#[test]
fn every_row_gives_a_verdict() {
    for (name, row) in table() {
        let verdict = row.split('|').nth(2).unwrap_or_default().trim();
        let known = ["yes", "no"].contains(&verdict) || verdict.starts_with("as its ");
        assert!(known, "`{name}` is neither safe nor unsafe: {row}");
    }
}

#[test]
fn programs_in_the_guide_are_the_examples() {
    let pages = [
        ("docs/guide/getting_started.md", ["native", "web", "wasi"].as_slice()),
        ("docs/guide/writing_a_host.md", &["embedded"]),
    ];
    for (page, examples) in pages {
        let text = read(page);
        for name in examples {
            let example = read(&format!("examples/{name}.rs"));
            let code: Vec<&str> =
                example.lines().skip_while(|line| line.starts_with("//!")).collect();
            let code = code.join("\n");
            assert!(text.contains(&code), "{page} must quote examples/{name}.rs word for word");
        }
    }
}

#[test]
fn the_table_of_features_is_complete() {
    let (manifest, lib) = (read("Cargo.toml"), read("src/lib.rs"));
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    for line in section.take_while(|line| !line.starts_with('[')) {
        let Some((name, _)) = line.split_once(" = [") else { continue };
        let named = lib.lines().any(|line| {
            line.starts_with("//! |")
                && line.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{name}`")))
        });
        assert!(named || name == "default", "src/lib.rs says nothing of the feature `{name}`");
    }
}

#[test]
fn the_tables_of_supervision_name_cases_that_exist() {
    let mut cases = BTreeSet::new();
    for room in ["actor", "supervisor"] {
        for line in read(&format!("tests/conformance/{room}.rs")).lines() {
            if let Some(name) =
                line.strip_prefix("async fn ").and_then(|rest| rest.split("()").next())
            {
                cases.insert(format!("{room}::{name}"));
            }
        }
    }
    let page = read("docs/guide/supervision.md");
    let named: BTreeSet<String> = page
        .split('`')
        .filter(|code| ["actor::", "supervisor::"].iter().any(|room| code.starts_with(room)))
        .filter(|code| *code != "supervisor::Backoff")
        .map(str::to_owned)
        .collect();
    assert!(named.len() > 40, "the tables name {} cases", named.len());
    let unknown: Vec<_> = named.difference(&cases).collect();
    assert!(
        unknown.is_empty(),
        "docs/guide/supervision.md names cases that do not exist: {unknown:?}"
    );
    // A row without a case says what is absent, and nothing else.
    for row in page.lines().filter(|line| line.starts_with("| ") && line.split('|').count() == 5) {
        let shown = row.split('|').nth(2).unwrap_or_default();
        let is_table = row.contains("shown by") || !page_part(&page, row);
        assert!(is_table || shown.contains("::") || row.contains("absent"), "nothing shows: {row}");
    }
}

/// Whether a row belongs to the tables beside Erlang's.
fn page_part(page: &str, row: &str) -> bool {
    page.split("## Beside Erlang's").nth(1).is_some_and(|part| part.contains(row))
}

/// The functions of a source text, with the types and traits they stand in.
fn parse(path: &str, text: &str) -> Vec<Function> {
    let (mut found, mut owner, mut section) = (Vec::new(), None, false);
    for (index, line) in text.lines().enumerate() {
        let (indent, line) = (line.len() - line.trim_start().len(), line.trim());
        if line.starts_with("///") {
            section |= line == "/// # Cancel safety";
            continue;
        }
        if line.starts_with("#[") || line.starts_with("//") {
            continue;
        }
        if indent == 0 && (line.starts_with("impl") || line.starts_with("pub trait ")) {
            owner = (!line.ends_with('}')).then(|| owner_of(line));
        } else if indent == 0 && line == "}" {
            owner = None;
        }
        if let Some((is_public, is_async, name)) = function_of(line) {
            let owned = owner.clone().map_or(name.to_owned(), |owner| format!("{owner}::{name}"));
            let channel = path.split(['/', '.']).find(|part| CHANNELS.contains(part));
            let name = channel.map_or(owned.clone(), |channel| format!("{channel}::{owned}"));
            let place = format!("{path}:{}", index + 1);
            let is_async = is_async && is_public;
            found.push(Function { name, place, is_async, has_section: section });
        }
        section = false;
    }
    found
}

/// The type that a block is for, or the trait that is declared.
fn owner_of(line: &str) -> String {
    let rest = line.trim_start_matches("pub trait ").trim_start_matches("impl");
    let mut depth = 0_i32;
    let after_generics = if rest.starts_with('<') {
        rest.find(|letter| {
            depth += i32::from(letter == '<') - i32::from(letter == '>');
            depth == 0
        })
        .map_or(rest, |end| &rest[end + 1..])
    } else {
        rest
    };
    let subject = after_generics.split(" for ").last().unwrap_or_default().trim();
    let end = subject.find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
    let path = subject[..end.unwrap_or(subject.len())].trim_end_matches(':');
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

/// Whether a line begins a function: if it is public, if it is async, and its name.
fn function_of(line: &str) -> Option<(bool, bool, &str)> {
    let (is_public, rest) = match line.strip_prefix("pub ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (is_async, rest) = match rest.strip_prefix("async ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let name = rest.strip_prefix("fn ")?;
    let end = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))?;
    (end > 0).then_some((is_public, is_async, &name[..end]))
}

/// The functions of the crate, those of its tests apart.
fn functions() -> Vec<Function> {
    let mut found = Vec::new();
    for room in ["src", "native", "wasm"] {
        walk(Path::new(env!("CARGO_MANIFEST_DIR")).join(room).as_path(), room, &mut found);
    }
    assert!(found.iter().filter(|function| function.is_async).count() > 50, "the sources moved");
    found
}

fn walk(folder: &Path, name: &str, found: &mut Vec<Function>) {
    for entry in fs::read_dir(folder).expect("a folder of the crate").flatten() {
        let path = entry.path();
        let file = entry.file_name().to_string_lossy().into_owned();
        let inner = format!("{name}/{file}");
        if path.is_dir() && !file.contains("tests") {
            walk(&path, &inner, found);
        } else if file.ends_with(".rs") && !file.contains("tests") {
            found.extend(parse(&inner, &fs::read_to_string(&path).expect("a source")));
        }
    }
}

/// The rows of the table by each name in their first cell. A name without a type stands for one of
/// the type before it.
fn table() -> BTreeMap<String, String> {
    let page = read("docs/guide/cancel_safety.md");
    let mut rows = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap_or_default();
        let mut owner = String::new();
        for name in cell.split('`').skip(1).step_by(2).filter(|name| *name != "&mut") {
            match name.rsplit_once("::") {
                Some((of, _)) => owner = format!("{of}::"),
                None if !owner.is_empty() => {
                    rows.insert(format!("{owner}{name}"), row.to_owned());
                    continue;
                }
                None => {}
            }
            rows.insert(name.to_owned(), row.to_owned());
        }
    }
    rows
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn sources_are_understood() {
    let text = "impl<T, F: Fn() -> T> From<T> for crate::a::Own<T> {\n    /// # Cancel safety\n    \
                /// None.\n    #[inline]\n    pub async fn go<'a>(&self) {}\n    pub async fn \
                silent(&self) {}\n}\npub trait Ext: Base {\n    fn next(&mut self) -> Next;\n}\n\
                pub fn free() {}\n";
    let found: Vec<(String, bool, bool)> = parse("src/sync/mpsc/a.rs", text)
        .into_iter()
        .map(|function| (function.name, function.is_async, function.has_section))
        .collect();
    let expected = [
        ("mpsc::Own::go", true, true),
        ("mpsc::Own::silent", true, false),
        ("mpsc::Ext::next", false, false),
        ("mpsc::free", false, false),
    ];
    assert_eq!(found, expected.map(|(name, is_async, says)| (name.to_owned(), is_async, says)));
}
