//! Reads the tree and keeps the layering and the rules of the house.
//!
//! [`source`] turns a file into tokens, [`rules`] holds what must be so. A failure names the
//! file, the line and the remedy. Each rule is also shown to catch a planted violation.

#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use rules::{ALL, Rule};
use source::Source;
use std::path::Path;

fn check(name: &str) {
    let rule = rule(name);
    let tree = source::tree(Path::new(env!("CARGO_MANIFEST_DIR")));
    let found: Vec<String> = tree.iter().flat_map(|source| (rule.check)(source)).collect();
    assert!(found.is_empty(), "\n{}\n\n{}\n", found.join("\n"), rule.remedy);
}

fn rule(name: &str) -> &'static Rule {
    ALL.iter().find(|rule| rule.name == name).expect("the rule exists")
}

/// The rules that `text` at `path` breaks, with the lines.
fn broken(path: &str, text: &str) -> Vec<(&'static str, String)> {
    let source = Source::new(path.to_owned(), text.to_owned());
    ALL.iter()
        .flat_map(|rule| (rule.check)(&source).into_iter().map(|found| (rule.name, found)))
        .collect()
}

macro_rules! rules_hold {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn no_rule_is_forgotten() {
            assert_eq!(ALL.iter().map(|rule| rule.name).collect::<Vec<_>>(), [$(stringify!($name)),*]);
        }
    };
}

rules_hold!(
    imports_run_leftwards,
    targets_are_named_in_doors_only,
    the_core_names_no_system,
    unsafe_has_its_rooms,
    unsafe_names_its_invariant,
    files_stay_short,
    paths_of_machines_stay_out,
    cases_run_anywhere,
    what_two_hosts_share_names_its_neighbours
);

/// Plants `text` at `path` and expects exactly this rule to be broken in exactly this line.
#[track_caller]
fn planted(path: &str, text: &str, rule: &str, line: usize) {
    match &broken(path, text)[..] {
        [(name, found)] => {
            assert_eq!(*name, rule);
            assert!(found.starts_with(&format!("{path}:{line}: ")), "{found}");
        }
        others => panic!("expected one violation of {rule}, found {others:?}"),
    }
}

#[test]
fn a_rightward_import_is_caught() {
    let rule = "imports_run_leftwards";
    planted("src/sync/mutex.rs", "//! A.\nuse crate::runtime::Handle;\n", rule, 2);
    planted("src/sync/mutex.rs", "use crate::{lock::Lock,\n    sim::Sim};\n", rule, 2);
    planted("src/sync/mpsc/list.rs", "use super::super::super::runtime;\n", rule, 1);
    planted("src/env/mod.rs", "fn f() {\n    super::task::spawn();\n}\n", rule, 2);
    planted("src/time/sleep.rs", "use crate::io::Read;\n", rule, 1);
    planted("native/mod.rs", "use crate::wasm::web;\n", rule, 1);
    planted("src/task/join.rs", "use crate::spawn;\n", rule, 1);
}

#[test]
fn leftward_and_inner_imports_are_free() {
    for (path, text) in [
        ("src/sync/mutex.rs", "use crate::{atomic::AtomicU8, env::coop, sync::wait};\n"),
        ("src/sync/mpsc/mod.rs", "use super::semaphore::Semaphore;\n"),
        ("src/env/owner.rs", "mod inner {\n    use super::super::coop;\n}\n"),
        (
            "src/task/mod.rs",
            "#[cfg(all(test, not(loom)))]\nmod tests {\n    use crate::runtime;\n}\n",
        ),
        ("src/task/tests/mod.rs", "use crate::runtime::Runtime;\n"),
        ("src/task/mod.rs", "// use crate::runtime;\nconst A: &str = \"crate::runtime\";\n"),
        ("native/mod.rs", "use crate::{runtime::Runtime, task};\n"),
        ("src/time/mod.rs", "pub(crate) use crate::env::instant::Instant;\n"),
    ] {
        assert_eq!(broken(path, text), [], "{path}: {text}");
    }
}

#[test]
fn a_target_outside_a_door_is_caught() {
    let rule = "targets_are_named_in_doors_only";
    planted("src/time/sleep.rs", "#[cfg(target_os = \"wasi\")]\nfn f() {}\n", rule, 1);
    planted("src/env/clock.rs", "fn f() -> bool {\n    cfg!(unix)\n}\n", rule, 2);
    let module = "#[cfg(not(target_family = \"wasm\"))]\npub(crate) mod blocking;\n";
    assert_eq!(broken("src/sync/oneshot.rs", module), []);
    assert_eq!(broken("src/platform/mod.rs", "#[cfg(target_family = \"wasm\")]\nmod a;\n"), []);
    assert_eq!(broken("src/time/sleep.rs", "#[cfg(feature = \"std\")]\nfn f() {}\n"), []);
}

#[test]
fn a_system_in_the_core_is_caught() {
    let rule = "the_core_names_no_system";
    planted("src/sync/block.rs", "fn f() {\n    std::thread::park();\n}\n", rule, 2);
    planted("src/time/sleep.rs", "use js_sys::Promise;\n", rule, 1);
    planted("src/io/copy.rs", "use std::{fs::File, io};\n", rule, 1);
    assert_eq!(broken("src/env/context.rs", "std::thread_local! {}\n"), []);
    assert_eq!(broken("src/task/local.rs", "use std::thread::LocalKey;\n"), []);
    assert_eq!(broken("native/host.rs", "use std::thread;\n"), []);
}

#[test]
fn unsafe_in_the_wrong_room_is_caught() {
    let rule = "unsafe_has_its_rooms";
    let block = "// SAFETY: it is so.\nunsafe { f() }\n";
    planted("src/runtime/mod.rs", block, rule, 2);
    planted("src/env/owner.rs", block, rule, 2);
    assert_eq!(broken("src/task/cell.rs", block), []);
    assert_eq!(broken("src/env/owner.rs", &format!("//! Why unsafe: a table.\n{block}")), []);
    planted("src/sim/mod.rs", &format!("//! Why unsafe: speed.\n{block}"), rule, 3);
}

#[test]
fn unsafe_without_its_invariant_is_caught() {
    let rule = "unsafe_names_its_invariant";
    planted("src/task/cell.rs", "fn f() {\n    unsafe { g() }\n}\n", rule, 2);
    planted("src/task/cell.rs", "unsafe impl Send for A {}\n", rule, 1);
    planted("native/driver/mod.rs", "// SAFETY: no.\n\n\n\nfn f() {}\nunsafe { g() }\n", rule, 6);
    assert_eq!(broken("src/task/cell.rs", "unsafe fn f() {}\n"), []);
}

#[test]
fn a_long_file_is_caught() {
    planted("src/sync/mutex.rs", &"fn f() {}\n".repeat(601), "files_stay_short", 601);
    assert_eq!(broken("src/sync/mutex.rs", &"// why\n".repeat(601)), []);
}

#[test]
fn a_path_of_a_machine_is_caught() {
    let rule = "paths_of_machines_stay_out";
    // Written apart, so that this file does not break the rule.
    planted("README.md", &format!("a\nsee /{}/me\n", "home"), rule, 2);
    planted("src/sync/mutex.rs", &format!("// /{}/b\n", "root"), rule, 1);
    planted("Cargo.lock", "source = \"registry+https://example.org/index\"\n", rule, 1);
}

#[test]
fn a_case_that_needs_a_thread_is_caught() {
    let rule = "cases_run_anywhere";
    planted("tests/conformance/sync.rs", "use std::thread;\n", rule, 1);
    planted("tests/conformance/time.rs", "fn f() {\n    std::time::Instant::now();\n}\n", rule, 2);
    assert_eq!(broken("tests/conformance/time.rs", "use std::time::Duration;\n"), []);
}

#[test]
fn a_pool_that_knows_its_host_is_caught() {
    let rule = "what_two_hosts_share_names_its_neighbours";
    planted("native/pool/idle.rs", "use super::Shared;\nuse crate::native::thread;\n", rule, 2);
    assert_eq!(broken("native/pool/idle.rs", "use super::super::thread;\n"), []);
    assert_eq!(broken("native/net/mod.rs", "use crate::native::thread;\n"), []);
}
