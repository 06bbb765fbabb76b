//! A case that nothing else in its program may disturb.

use std::process::Command;

/// Set for the program that this one starts.
const VARIABLE: &str = "CREEL_TEST_ALONE";

/// Runs `body` in a program that runs the test `case` of this file only, and fails if it does.
pub fn alone(case: &str, body: impl FnOnce()) {
    if std::env::var_os(VARIABLE).is_some() {
        return body();
    }
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", case, "--nocapture"]).env(VARIABLE, "1");
    let out = program.output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}
