//! `cargo xtask test`: runs the steps, and says at the end what passed, failed and was skipped.

use crate::shell::Log;
use crate::steps::{self, Step, Trouble};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const WIDTH: usize = 28;

/// Runs all steps, or those named by `words`.
pub fn run(words: &[String]) -> ExitCode {
    if words.iter().any(|word| word == "--list") {
        for step in steps::ALL {
            println!("{:WIDTH$}{}", step.name, step.about);
        }
        return ExitCode::SUCCESS;
    }
    let chosen = match choose(words) {
        Ok(chosen) => chosen,
        Err(word) => {
            eprintln!("there is no step `{word}`; `cargo xtask test --list` names them");
            return ExitCode::from(2);
        }
    };
    let rows: Vec<Row> = chosen.into_iter().map(run_step).collect();
    report(&rows)
}

/// The steps that `words` mean, in their usual order. A word is a step (`conformance/node`), a
/// group (`conformance`), or, after its group, a part of it (`conformance node`).
fn choose(words: &[String]) -> Result<Vec<&'static Step>, String> {
    let mut patterns: Vec<(String, bool)> = Vec::new();
    for word in words {
        let narrowed = patterns.iter().rev().find_map(|(pattern, _)| {
            let group = pattern.split('/').next().expect("split yields at least one");
            let name = format!("{group}/{word}");
            steps::ALL.iter().any(|step| step.name == name).then_some((group.to_owned(), name))
        });
        if let Some((group, name)) = narrowed {
            for (pattern, whole) in &mut patterns {
                *whole &= *pattern != group;
            }
            patterns.push((name, true));
        } else if steps::ALL.iter().any(|step| matches(step, word)) {
            patterns.push((word.clone(), true));
        } else {
            return Err(word.clone());
        }
    }
    let wanted = |step: &&Step| {
        words.is_empty() || patterns.iter().any(|(pattern, whole)| *whole && matches(step, pattern))
    };
    Ok(steps::ALL.iter().filter(wanted).collect())
}

fn matches(step: &Step, pattern: &str) -> bool {
    step.name == pattern
        || step.name.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('/'))
}

struct Row {
    name: &'static str,
    outcome: Result<String, Trouble>,
    took: Duration,
}

fn run_step(step: &'static Step) -> Row {
    print!("{:WIDTH$}", step.name);
    flush();
    let began = Instant::now();
    let mut log_path = None;
    let outcome = Log::create(step.name).map_err(Trouble::Failed).and_then(|mut log| {
        log_path = Some(log.path().to_owned());
        (step.run)(&mut log)
    });
    let took = began.elapsed();
    println!("{} in {:.1} s{}", verdict(&outcome), took.as_secs_f64(), note(&outcome));
    if let Err(Trouble::Failed(why)) = &outcome {
        for line in why.lines() {
            println!("    {line}");
        }
        if let Some(path) = log_path {
            println!("    (the whole log: {})", path.display());
        }
    }
    flush();
    Row { name: step.name, outcome, took }
}

fn flush() {
    // A closed pipe shows soon enough.
    let _ = std::io::stdout().flush();
}

fn verdict(outcome: &Result<String, Trouble>) -> &'static str {
    match outcome {
        Ok(_) => "passed",
        Err(Trouble::Failed(_)) => "FAILED",
        Err(Trouble::Missing(_)) => "skipped",
    }
}

fn note(outcome: &Result<String, Trouble>) -> String {
    match outcome {
        Ok(note) if !note.is_empty() => format!(": {note}"),
        _ => String::new(),
    }
}

fn report(rows: &[Row]) -> ExitCode {
    println!("\n{:WIDTH$}{:<10}{:>8}", "step", "outcome", "seconds");
    for row in rows {
        let seconds = row.took.as_secs_f64();
        println!("{:WIDTH$}{:<10}{seconds:>8.1}", row.name, verdict(&row.outcome));
    }
    println!();
    for row in rows {
        if let Err(Trouble::Missing(missing)) = &row.outcome {
            let (what, get) = (&missing.what, &missing.get);
            println!("skipped: {} because {what} is missing; get it with {get}", row.name);
        }
    }
    let count = |is: &str| rows.iter().filter(|row| verdict(&row.outcome) == is).count();
    let (passed, failed, skipped) = (count("passed"), count("FAILED"), count("skipped"));
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<&'static str> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        choose(&words).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn no_word_means_every_step() {
        assert_eq!(names(&[]).len(), steps::ALL.len());
    }

    #[test]
    fn a_part_narrows_its_group() {
        assert_eq!(names(&["conformance", "node"]), ["conformance/node"]);
        assert_eq!(names(&["conformance/node"]), ["conformance/node"]);
        let several = names(&["conformance", "node", "wasi", "fmt"]);
        assert_eq!(several, ["fmt", "conformance/node", "conformance/wasi"]);
    }

    #[test]
    fn a_group_means_all_its_parts() {
        assert!(names(&["conformance"]).len() >= 2);
    }

    #[test]
    fn an_unknown_word_is_an_error() {
        assert_eq!(choose(&["nonsense".to_owned()]).err().as_deref(), Some("nonsense"));
    }
}
