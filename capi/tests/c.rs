//! The header is true, and a program of C's runs with it.

use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Command;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_header_is_made_of_the_library() {
    let mut made = Vec::new();
    cbindgen::generate(here("")).expect("the library has a header").write(&mut made);
    let made = String::from_utf8(made).expect("a header is text");
    let header = here("include/creel.h");
    if std::env::var_os("CREEL_HEADER").is_some_and(|wish| wish == "new") {
        std::fs::write(&header, &made).expect("the header can be written");
    }
    let kept = std::fs::read_to_string(header).expect("there is a header");
    // By lines, for a checkout may end them in its own way.
    assert!(
        kept.lines().eq(made.lines()),
        "`CREEL_HEADER=new cargo test -p creel-c` makes it anew"
    );
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
