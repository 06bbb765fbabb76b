//! The conformance list on each host, name by name against the list in the sources.
//!
//! A harness prints `test NAME ... ok`. On a host that cannot catch a panic it dies with the case
//! that failed; it is started again behind that case, so that one failure hides no other.

use super::Trouble;
use crate::hosts::{self, Host, Program, Source};
use crate::repo;
use crate::shell::{Log, tail};
use std::collections::BTreeSet;

type Verdict = Result<String, Trouble>;

const LIST: Source<'static> = Source {
    package: "creel",
    kind: "--test",
    features: |host| match host {
        Host::Native | Host::Simulator => "full",
        Host::Node => "std,macros,web",
        Host::Wasi => "std,macros,wasi",
    },
};

pub fn native(log: &mut Log) -> Verdict {
    run_list(Host::Native, log)
}

pub fn simulator(log: &mut Log) -> Verdict {
    run_list(Host::Simulator, log)
}

pub fn node(log: &mut Log) -> Verdict {
    run_list(Host::Node, log)
}

pub fn wasi(log: &mut Log) -> Verdict {
    run_list(Host::Wasi, log)
}

pub fn demo(log: &mut Log) -> Verdict {
    crate::demo::check(log)
}

fn run_list(host: Host, log: &mut Log) -> Verdict {
    let program = hosts::build(host, LIST, log)?;
    let text = run_all(&program, log)?;
    let note = compare(&text)?;
    match program.described() {
        by if by.is_empty() => Ok(note),
        by => Ok(format!("{note} ({by})")),
    }
}

/// Runs the whole list, starting again behind a case that took the program down with it.
fn run_all(program: &Program, log: &mut Log) -> Result<String, Trouble> {
    let mut text = String::new();
    let mut failures = String::new();
    let mut after: Option<String> = None;
    loop {
        let mut command = program.command();
        command.env("RUST_BACKTRACE", "0");
        if let Some(name) = &after {
            command.args(["--after", name]);
        }
        let ran = log.run_apart(&mut command)?;
        text += &ran.out;
        if ran.succeeded {
            break;
        }
        failures += &format!("{}\n{}\n", tail(&ran.out, 10), tail(&ran.err, 25));
        match unfinished_case(&ran.out) {
            Some(name) => after = Some(name.to_owned()),
            None => break,
        }
    }
    if failures.is_empty() { Ok(text) } else { Err(failures.into()) }
}

/// The case that was begun last, unless it was ended.
fn unfinished_case(text: &str) -> Option<&str> {
    let (name, end) = text.lines().next_back()?.strip_prefix("test ")?.split_once(" ... ")?;
    (end != "ok" && end != "FAILED").then_some(name)
}

/// Holds the cases that passed against those in the sources.
pub fn compare(text: &str) -> Verdict {
    let ran: BTreeSet<String> = text.lines().filter_map(passed_case).collect();
    let listed = cases_in_sources()?;
    let not_run: Vec<&String> = listed.difference(&ran).collect();
    let unknown: Vec<&String> = ran.difference(&listed).collect();
    if listed.is_empty() {
        Err("the list is empty".to_owned().into())
    } else if !not_run.is_empty() {
        Err(format!("{} cases did not run to success: {not_run:?}", not_run.len()).into())
    } else if !unknown.is_empty() {
        Err(format!("cases that tests/conformance/ does not hold: {unknown:?}").into())
    } else {
        Ok(format!("{} of {} cases", ran.len(), listed.len()))
    }
}

fn passed_case(line: &str) -> Option<String> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... ok")?;
    Some(name.to_owned())
}

/// The names of all cases, read from the sources: no host and no `cfg` can shorten this list.
fn cases_in_sources() -> Result<BTreeSet<String>, String> {
    let folder = repo::root().join("tests/conformance");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("the list: {error}"))?;
    let mut names = BTreeSet::new();
    for entry in entries.flatten() {
        let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        if entry.file_name() != "mod.rs" {
            for name in cases_in(&text) {
                if !names.insert(name.clone()) {
                    return Err(format!("two cases are called {name}"));
                }
            }
        }
    }
    Ok(names)
}

/// The names in one file: `cases! { "room": async fn name() {..} .. }`.
fn cases_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut room = None;
    for line in text.lines() {
        if line.starts_with("cases!") || room == Some("") {
            room = line.split('"').nth(1).or(Some(""));
        } else if line.starts_with('}') {
            room = None;
        }
        // rustfmt leaves the body of a macro alone: a case stands at one level of indentation.
        let signature = line.strip_prefix("    async fn ").filter(|rest| !rest.starts_with(' '));
        if let (Some(room), Some((name, _))) =
            (room, signature.and_then(|rest| rest.split_once("()")))
        {
            names.push(format!("{room}::{name}"));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_read_from_the_macro_and_nowhere_else() {
        let text = "async fn helper() {}\ncases! {\n    \"room\":\n\n    /// Shows it.\n    \
            async fn first() {\n        async fn inner() {}\n    }\n    async fn second() {}\n}\n\
            mod other {\n    async fn third() {}\n}\n";
        assert_eq!(cases_in(text), ["room::first", "room::second"]);
    }

    #[test]
    fn only_a_case_that_passed_counts() {
        assert_eq!(passed_case("test room::a ... ok").as_deref(), Some("room::a"));
        assert_eq!(passed_case("test room::a ... FAILED"), None);
    }

    #[test]
    fn a_case_that_ended_the_program_is_known() {
        assert_eq!(unfinished_case("test room::a ... ok\ntest room::b ... "), Some("room::b"));
        assert_eq!(unfinished_case("test room::a ... ok\n1 of 1 cases passed"), None);
        assert_eq!(unfinished_case(""), None);
    }
}
