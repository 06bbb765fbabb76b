//! The header is true, and a program of C's runs with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Command;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(here(path)).expect("a file of this package")
}

/// Each function with the number of its parameters and whether it answers something.
type Signatures = BTreeMap<String, (usize, bool)>;

/// How many parameters stand between the brackets that open behind `text`'s beginning.
fn parameters(text: &str) -> (usize, &str) {
    let (mut depth, mut count, mut any) = (0, 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '<' => depth += 1,
            ')' | '>' if !text[..at].ends_with('-') => depth -= 1,
            ',' if depth == 1 && !text[at + 1..].trim_start().starts_with(')') => count += 1,
            letter if depth > 0 && !letter.is_whitespace() => any = true,
            _ => {}
        }
        if depth == 0 && at > 0 {
            return (count + usize::from(any), &text[at + 1..]);
        }
    }
    panic!("no bracket closes in {text}")
}

fn in_rust(text: &str) -> Signatures {
    let mut found = Signatures::new();
    for part in text.split("extern \"C\" fn creel_").skip(1) {
        let end = part.find('(').expect("a function has parameters");
        let (count, rest) = parameters(&part[end..]);
        found.insert(
            format!("creel_{}", &part[..end]),
            (count, rest.trim_start().starts_with("->")),
        );
    }
    found
}

fn in_c(text: &str) -> Signatures {
    let mut found = Signatures::new();
    for line in text.lines().filter(|line| line.ends_with(");") && !line.starts_with("typedef")) {
        let at = line.find("creel_").map_or(0, |_| {
            let before_bracket = line.find('(').expect("a function has parameters");
            line[..before_bracket].rfind([' ', '*']).map_or(0, |space| space + 1)
        });
        let end = at + line[at..].find('(').expect("a function has parameters");
        let (count, _) = parameters(&line[end..]);
        let count = if line[end..].starts_with("(void)") { 0 } else { count };
        found.insert(line[at..end].to_owned(), (count, !line.starts_with("void ")));
    }
    found
}

#[test]
fn the_header_declares_what_the_library_exports() {
    let (rust, c) = (in_rust(&read("src/lib.rs")), in_c(&read("include/creel.h")));
    assert!(rust.len() >= 14, "{rust:?}");
    assert_eq!(rust, c);
}

/// Runs where there is a C compiler, which linking needs anyway.
#[cfg(target_os = "linux")]
#[test]
fn an_epoll_loop_in_c_drives_a_runtime() {
    let test = std::env::current_exe().expect("this test is a file");
    let folder = test.parent().expect("it is in a folder");
    let library = folder.join("libcreel_c.a");
    assert!(library.is_file(), "{} was not built", library.display());
    let program = folder.join("creel-epoll-in-c");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compile = Command::new(compiler);
    compile.args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I"]);
    compile.arg(here("include")).arg("-o").arg(&program).arg(here("tests/epoll.c")).arg(library);
    compile.args(["-lpthread", "-ldl", "-lm", "-lgcc_s", "-lutil", "-lrt", "-lc"]);
    assert!(compile.status().expect("a C compiler").success());
    let ran = Command::new(&program).output().expect("the program starts");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.trim() == "ok", "{said}{ran:?}");
}
