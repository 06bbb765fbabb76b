//! What must be so.

use crate::source::Source;

/// A rule of the house.
pub struct Rule {
    pub name: &'static str,
    /// The violations in one file.
    pub check: fn(&Source) -> Vec<String>,
    /// What to do about them.
    pub remedy: &'static str,
}

/// Every rule.
pub const ALL: &[Rule] = &[
    Rule {
        name: "imports_run_leftwards",
        check: imports_run_leftwards,
        remedy: "Rooms import only what stands further left: atomic lock collections, platform, env, \
            task,\ntime sync future io, scope, net, stream, runtime, socket, macros, actor sim, native wasm. Move the shared part \
            left, or pass it in.",
    },
    Rule {
        name: "targets_are_named_in_doors_only",
        check: targets_are_named_in_doors_only,
        remedy: "In src/, only lib.rs and a room's mod.rs look at the target; elsewhere at most the declaration \
            of a module does.",
    },
    Rule {
        name: "the_core_names_no_system",
        check: the_core_names_no_system,
        remedy: "src/ knows no threads, JavaScript or operating system: go through platform/, or move \
            it to native/ or wasm/.",
    },
    Rule {
        name: "unsafe_has_its_rooms",
        check: unsafe_has_its_rooms,
        remedy: "unsafe lives in collections, lock, task, the wait list, the timer wheel, native/driver \
            and native/fiber.\nElsewhere the file says `// Why unsafe: ...`; actor, future, \
            time, runtime and sim do without.",
    },
    Rule {
        name: "unsafe_names_its_invariant",
        check: unsafe_names_its_invariant,
        remedy: "Write `// SAFETY: ...` above it, naming the invariant it leans on.",
    },
    Rule {
        name: "files_stay_short",
        check: files_stay_short,
        remedy: "Split the file by who holds what; 600 lines of code are plenty for one idea.",
    },
    Rule {
        name: "paths_of_machines_stay_out",
        check: paths_of_machines_stay_out,
        remedy: "The repository works wherever it is cloned: use relative paths and public registries.",
    },
    Rule {
        name: "cases_run_anywhere",
        check: cases_run_anywhere,
        remedy: "A conformance case has no threads, files or wall clock: use creel's own tasks and time.",
    },
    Rule {
        name: "what_two_hosts_share_names_its_neighbours",
        check: what_two_hosts_share_names_its_neighbours,
        remedy: "The pool is compiled into browsers with threads as well: say `super::super::parker`, \
            not `crate::native::parker`, and have `wasm/web/threads/` bring what is new.",
    },
];

/// The rooms from left to right; a group shares a number. Within `time sync future io` imports run
/// leftwards as well.
const ROOMS: &[&[&str]] = &[
    &["atomic"],
    &["lock"],
    &["collections"],
    &["platform"],
    &["env"],
    &["task"],
    &["time"],
    &["sync"],
    &["future"],
    &["io"],
    &["scope"],
    &["net"],
    &["stream"],
    &["runtime"],
    &["socket"],
    &["hyper"],
    &["macros"],
    &["actor"],
    &["sim"],
    &["native", "wasm"],
    // Documentation only.
    &["guide"],
];

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|group| group.contains(&room))
}

fn imports_run_leftwards(source: &Source) -> Vec<String> {
    let Some(room) = source.room().filter(|_| source.path != "src/lib.rs") else { return vec![] };
    let Some(own) = rank(room) else {
        return vec![source.found(1, format!("`{room}` is not a room"))];
    };
    let check = |(line, name): (usize, String)| match rank(&name) {
        Some(other) if other < own || name == room => None,
        Some(_) => Some(source.found(line, format!("`{room}` imports `{name}`"))),
        None => Some(source.found(line, format!("`crate::{name}` is not a room's own path"))),
    };
    names_at_the_root(source).into_iter().filter_map(check).collect()
}

/// The names that stand right below the root of the crate in the paths of a file.
fn names_at_the_root(source: &Source) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut inner = InnerModules::default();
    let depth = module_depth(&source.path);
    for (index, token) in source.tokens.iter().enumerate() {
        inner.step(source, index);
        if token.in_tests || source.at(index + 1) != "::" {
            continue;
        }
        let preceded = index > 0 && ["::", "$"].contains(&source.at(index - 1));
        match token.text.as_str() {
            "crate" if !preceded => first_names(source, index + 2, &mut names),
            "super" if !preceded => {
                let mut end = index;
                while source.at(end) == "super" && source.at(end + 1) == "::" {
                    end += 2;
                }
                if (end - index) / 2 == depth + inner.open() {
                    first_names(source, end, &mut names);
                }
            }
            _ => {}
        }
    }
    names
}

/// The name at `index`, or each name of the group that opens there; macros may be anywhere.
fn first_names(source: &Source, index: usize, names: &mut Vec<(usize, String)>) {
    let mut take = |at: usize| {
        let is_name = source.at(at).starts_with(|letter: char| letter.is_alphabetic());
        if is_name && source.at(at + 1) != "!" {
            names.push((source.tokens[at].line, source.at(at).to_owned()));
        }
    };
    if source.at(index) != "{" {
        return take(index);
    }
    let mut depth = 0;
    for at in index..source.tokens.len() {
        match source.at(at) {
            "{" => depth += 1,
            "}" if depth == 1 => return,
            "}" => depth -= 1,
            _ if depth == 1 && ["{", ","].contains(&source.at(at - 1)) => take(at),
            _ => {}
        }
    }
}

/// How many modules deep a file is: `src/sync/mod.rs` is 1.
fn module_depth(path: &str) -> usize {
    let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    let below = if path.starts_with("src/") { parts.len() - 1 } else { parts.len() };
    if parts.last() == Some(&"mod") { below - 1 } else { below }
}

/// Follows the modules that open within a file.
#[derive(Default)]
struct InnerModules {
    braces: usize,
    modules: Vec<usize>,
}

impl InnerModules {
    fn step(&mut self, source: &Source, index: usize) {
        match source.at(index) {
            "{" => {
                self.braces += 1;
                if index >= 2 && source.at(index - 2) == "mod" {
                    self.modules.push(self.braces);
                }
            }
            "}" => {
                if self.modules.last() == Some(&self.braces) {
                    self.modules.pop();
                }
                self.braces = self.braces.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn open(&self) -> usize {
        self.modules.len()
    }
}

/// Whether a file of `src/` may look at the target.
fn is_door(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], ["src", "lib.rs"] | ["src", _, "mod.rs"])
}

fn in_core(source: &Source) -> bool {
    source.path.starts_with("src/") && !is_door(&source.path)
}

fn targets_are_named_in_doors_only(source: &Source) -> Vec<String> {
    const TARGETS: [&str; 7] = [
        "target_arch",
        "target_env",
        "target_family",
        "target_os",
        "target_vendor",
        "unix",
        "windows",
    ];
    if !in_core(source) {
        return vec![];
    }
    let mut found = Vec::new();
    let mut end_of_cfg = 0;
    let declares_module = |end| {
        (end..end + 8).map(|at| source.at(at)).find(|text| !is_visibility(text)) == Some("mod")
    };
    for (index, token) in source.shipped() {
        let opens = ["(", "!"].contains(&source.at(index + 1));
        if ["cfg", "cfg_attr"].contains(&token.text.as_str()) && opens {
            let end = closing(source, index);
            end_of_cfg = if declares_module(end) { 0 } else { end };
        }
        if index < end_of_cfg && TARGETS.contains(&token.text.as_str()) {
            found.push(source.found(token.line, format!("a cfg on `{}`", token.text)));
        }
    }
    found
}

/// What may stand between an attribute and the `mod` that it belongs to.
fn is_visibility(text: &str) -> bool {
    [")", "]", "pub", "(", "crate", "super"].contains(&text)
}

/// Where the parenthesis that opens at or soon after `index` closes.
fn closing(source: &Source, index: usize) -> usize {
    let mut depth = 0;
    for at in index..source.tokens.len() {
        match source.at(at) {
            "(" => depth += 1,
            ")" if depth == 1 => return at,
            ")" => depth -= 1,
            _ => {}
        }
    }
    source.tokens.len()
}

/// Modules of `std` that name a system.
const SYSTEM_MODULES: [&str; 5] = ["env", "fs", "os", "process", "thread"];

fn the_core_names_no_system(source: &Source) -> Vec<String> {
    const CRATES: [&str; 9] = [
        "io_uring",
        "js_sys",
        "libc",
        "mio",
        "rustix",
        "wasi",
        "wasm_bindgen",
        "web_sys",
        "windows_sys",
    ];
    if !in_core(source) {
        return vec![];
    }
    let mut found = Vec::new();
    for (index, token) in source.shipped() {
        let path_follows = source.at(index + 1) == "::";
        let is_first = index == 0 || source.at(index - 1) != "::";
        if path_follows && is_first && CRATES.contains(&token.text.as_str()) {
            found.push(source.found(token.line, format!("`{}`", token.text)));
        }
        if token.text == "std" && path_follows && is_first {
            found.extend(system_modules(source, index + 2));
        }
    }
    found
}

fn system_modules(source: &Source, index: usize) -> Vec<String> {
    let mut names = Vec::new();
    first_names(source, index, &mut names);
    names.retain(|(_, name)| SYSTEM_MODULES.contains(&name.as_str()));
    // Neither a thread-local nor the question whether code unwinds is a thread.
    if source.at(index) == "thread" && ["LocalKey", "panicking"].contains(&source.at(index + 2)) {
        names.clear();
    }
    // The lock gives way to whoever holds it, and who blocks to whom it waits for.
    if ["src/lock.rs", "src/sync/block.rs"].contains(&source.path.as_str())
        && ["sleep", "yield_now"].contains(&source.at(index + 2))
    {
        names.clear();
    }
    // What a thread is called is for people to read.
    if source.path == "src/env/thread_id.rs" {
        names.clear();
    }
    names.into_iter().map(|(line, name)| source.found(line, format!("`std::{name}`"))).collect()
}

fn unsafe_has_its_rooms(source: &Source) -> Vec<String> {
    const ROOMS: [&str; 9] = [
        "src/collections/",
        "src/lock.rs",
        "src/task/",
        "src/sync/permits",
        "src/env/wait",
        "src/env/timers",
        "src/env/wheel",
        "native/driver/",
        "native/fiber/",
    ];
    const NEVER: [&str; 5] = ["actor", "future", "time", "runtime", "sim"];
    let Some(room) = source.room() else { return vec![] };
    let explained =
        source.text.contains("// Why unsafe: ") || source.text.contains("//! Why unsafe: ");
    let at_home = ROOMS.iter().any(|start| source.path.starts_with(start));
    if at_home || (explained && !NEVER.contains(&room)) {
        return vec![];
    }
    let first = source.shipped().find(|(_, token)| token.text == "unsafe");
    first
        .map(|(_, token)| source.found(token.line, format!("unsafe in `{room}`")))
        .into_iter()
        .collect()
}

fn unsafe_names_its_invariant(source: &Source) -> Vec<String> {
    /// How far above the block its statement may begin.
    const REACH: usize = 4;
    if source.room().is_none() {
        return vec![];
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        if token.text != "unsafe" || !["{", "impl"].contains(&source.at(index + 1)) {
            continue;
        }
        let mut line = token.line - 1;
        let mut code = 0;
        let explained = loop {
            if lines[line].contains("SAFETY:") {
                break true;
            }
            let text = lines[line].trim_start();
            code += usize::from(!text.starts_with("//") && !text.starts_with("#["));
            if line == 0 || code > REACH {
                break false;
            }
            line -= 1;
        };
        if !explained {
            found.push(source.found(token.line, "unsafe without its reason"));
        }
    }
    found
}

fn files_stay_short(source: &Source) -> Vec<String> {
    const LIMIT: usize = 600;
    let mut lines: Vec<usize> = source.shipped().map(|(_, token)| token.line).collect();
    lines.dedup();
    match lines.get(LIMIT) {
        Some(&line) => vec![source.found(line, format!("{} lines of code", lines.len()))],
        None => vec![],
    }
}

fn paths_of_machines_stay_out(source: &Source) -> Vec<String> {
    // Written apart, so that this file does not break its own rule.
    let paths = ["home", "root", "work", "tmp", "Users"].map(|name| format!("/{name}/"));
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if let Some(path) = paths.iter().find(|path| line.contains(path.as_str())) {
            found.push(source.found(index + 1, format!("a path below {path}")));
        }
        let from = line.strip_prefix("source = ").filter(|_| source.path == "Cargo.lock");
        if from.is_some_and(|from| from.trim_matches('"') != registry) {
            found.push(source.found(index + 1, "a registry of one's own"));
        }
    }
    found
}

fn cases_run_anywhere(source: &Source) -> Vec<String> {
    let is_case = source.path.starts_with("tests/conformance/")
        && !["mod.rs", "harness.rs"].iter().any(|name| source.path.ends_with(name));
    if !is_case {
        return vec![];
    }
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        if token.text == "std" && source.at(index + 1) == "::" {
            found.extend(system_modules(source, index + 2));
            let wall_clock = ["Instant", "SystemTime"].contains(&source.at(index + 4));
            if source.at(index + 2) == "time" && wall_clock {
                found.push(source.found(token.line, "the wall clock"));
            }
        }
    }
    found
}

/// What `wasm/web/threads/` compiles into its own room.
fn what_two_hosts_share_names_its_neighbours(source: &Source) -> Vec<String> {
    const SHARED: [&str; 4] = [
        "native/pool/",
        "native/parker.rs",
        "native/driver/none.rs",
        "native/driver/files_none.rs",
    ];
    if !SHARED.iter().any(|start| source.path.starts_with(start)) {
        return vec![];
    }
    let names_native = |index| source.at(index + 1) == "::" && source.at(index + 2) == "native";
    source
        .shipped()
        .filter(|(index, token)| token.text == "crate" && names_native(*index))
        .map(|(_, token)| source.found(token.line, "`crate::native`"))
        .collect()
}
