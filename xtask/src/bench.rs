//! `cargo xtask bench`: the benchmarks, each beside its peers.
//!
//! First criterion's groups, then the table of the README. `--table` leaves the first out.

use crate::{shell, tools};
use std::process::ExitCode;

/// Runs the benchmarks whose names contain one of the filters, or all.
pub fn run(arguments: &[String]) -> ExitCode {
    let table_only = arguments.iter().any(|argument| argument == "--table");
    let filters: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|text| !text.starts_with("--")).collect();
    if let Err(missing) = tools::valgrind() {
        println!("no instruction counts: {} is missing; get it with {}", missing.what, missing.get);
    }
    let succeeded = (table_only || criterion(&filters)) && table(&filters);
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn criterion(filters: &[&str]) -> bool {
    let mut command = shell::cargo(&["bench", "--package", "creel-benches", "--"]);
    if !filters.is_empty() {
        command.arg(filters.join("|"));
    }
    shell::forward(&mut command)
}

fn table(filters: &[&str]) -> bool {
    let run = ["run", "--quiet", "--profile", "bench", "--package", "creel-benches", "--"];
    shell::forward(shell::cargo(&run).args(filters))
}
