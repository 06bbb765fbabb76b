//! `cargo xtask bench`: the benchmarks, each beside its peers.

use crate::shell;
use std::process::ExitCode;

/// Prints the table of operations whose names contain one of `filters`, or of all; then, unless
/// the first filter is `table`, runs criterion over the same.
pub fn run(filters: &[String]) -> ExitCode {
    let (only_table, filters) = match filters.split_first() {
        Some((first, rest)) if first == "table" => (true, rest),
        _ => (false, filters),
    };
    let mut table =
        shell::cargo(&["run", "--release", "--quiet", "--package", "creel-benches", "--"]);
    let mut passed = shell::forward(table.args(filters));
    if !only_table {
        let mut criterion = shell::cargo(&["bench", "--package", "creel-benches", "--"]);
        passed &= shell::forward(criterion.args(filters));
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
