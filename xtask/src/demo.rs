//! `cargo xtask demo [FILE]`: one program works through a text file on all four hosts.
//!
//! The program prints `progress DONE TOTAL` while it works, then a line per result, of which the
//! `digest` must be the same everywhere, and `took MICROSECONDS`.

use crate::hosts::{self, Host, Program, Source};
use crate::repo;
use crate::shell::{Log, tail};
use crate::steps::Trouble;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

const PROGRAM: Source<'static> = Source {
    package: "creel-demo",
    kind: "--bin",
    features: |host| host.name(),
    entry: None,
    profile: None,
};

/// What the program works through unless told otherwise.
const DEFAULT_FILE: &str = "examples/river.txt";

/// Runs the demo on the file named, or on the default one.
pub fn run(arguments: &[String]) -> ExitCode {
    let file = match arguments {
        [] => repo::root().join(DEFAULT_FILE),
        [file] => PathBuf::from(file),
        _ => {
            eprintln!("usage: cargo xtask demo [FILE]");
            return ExitCode::from(2);
        }
    };
    match on_all_hosts(&file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn on_all_hosts(file: &Path) -> Result<(), String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{}: {} lines, {} bytes\n", file.display(), text.lines().count(), text.len());
    let mut log = Log::create("demo")?;
    let mut rows = Vec::new();
    for host in Host::ALL {
        line(host, "building ...");
        let outcome = hosts::build(host, PROGRAM, &mut log)
            .and_then(|program| Ok((work(&program, file, |text| line(host, text))?, program)));
        match &outcome {
            Ok((result, _)) => line(host, &format!("digest {}", result.digest)),
            Err(Trouble::Failed(why)) => line(host, &format!("FAILED\n{why}")),
            Err(Trouble::Missing(it)) => {
                line(host, &format!("left out: {} is missing; get it with {}", it.what, it.get));
            }
        }
        if std::io::stdout().is_terminal() {
            println!();
        }
        rows.push((host, outcome));
    }
    summarise(&rows)
}

/// Writes about a host: over what stands on the line of a terminal, else below it.
fn line(host: Host, text: &str) {
    let start = if std::io::stdout().is_terminal() { "\r\x1b[2K" } else { "\n" };
    print!("{start}{:<12}{text}", host.name());
    flush();
}

fn flush() {
    // A closed pipe shows soon enough.
    let _ = std::io::stdout().flush();
}

type Row = (Host, Result<(Summary, Program), Trouble>);

fn summarise(rows: &[Row]) -> Result<(), String> {
    let done: Vec<_> =
        rows.iter().filter_map(|(host, row)| Some((host, row.as_ref().ok()?))).collect();
    // What one host says is said once; what only another says, in its name.
    let mut said: Vec<&String> = Vec::new();
    println!();
    for (host, (summary, _)) in &done {
        for fact in summary.facts.iter().filter(|fact| !said.contains(fact)) {
            match said.is_empty() {
                true => println!("{fact}"),
                false => println!("{}: {fact}", host.name()),
            }
        }
        said.extend(&summary.facts);
    }
    println!("\n{:<12}{:>10}  {:<18}ran on", "host", "took", "digest");
    for (host, (summary, program)) in &done {
        let milliseconds = summary.micros as f64 / 1e3;
        let by = match program.described() {
            by if by.is_empty() => "this machine".to_owned(),
            by => by,
        };
        println!("{:<12}{milliseconds:>7.1} ms  {:<18}{by}", host.name(), summary.digest);
    }
    let same = done.windows(2).all(|pair| pair[0].1.0.digest == pair[1].1.0.digest);
    let failed = rows.iter().any(|(_, row)| matches!(row, Err(Trouble::Failed(_))));
    match (done.len(), same, failed) {
        (0, ..) => Err("\nno host could run it".to_owned()),
        (_, false, _) => Err("\nthe digests differ".to_owned()),
        (_, _, true) => Err("\na host failed".to_owned()),
        (hosts, ..) => {
            println!("\nthe same digest on {hosts} of {} hosts", rows.len());
            Ok(())
        }
    }
}

/// What the program found out.
struct Summary {
    digest: String,
    micros: u64,
    facts: Vec<String>,
}

/// Runs the program, and calls `progress` with what to show meanwhile.
fn work(program: &Program, file: &Path, progress: impl Fn(&str)) -> Result<Summary, String> {
    let describe = |error: std::io::Error| error.to_string();
    let mut child = program
        .command()
        .stdin(File::open(file).map_err(describe)?)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(describe)?;
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let summary = summary(output.lines().map_while(Result::ok), progress);
    let status = child.wait().map_err(describe)?;
    if status.success() { summary } else { Err(format!("it ended with {status}")) }
}

/// What the lines of the program say.
fn summary(
    lines: impl Iterator<Item = impl AsRef<str>>,
    progress: impl Fn(&str),
) -> Result<Summary, String> {
    let mut summary = Summary { digest: String::new(), micros: 0, facts: Vec::new() };
    for text in lines {
        let text = text.as_ref();
        match text.split_once(' ') {
            Some(("progress", counts)) => progress(&bar(counts)),
            Some(("digest", digest)) => digest.clone_into(&mut summary.digest),
            Some(("took", micros)) => summary.micros = micros.parse().unwrap_or_default(),
            _ => summary.facts.push(text.to_owned()),
        }
    }
    if summary.digest.is_empty() {
        Err("it ended without a digest".to_owned())
    } else {
        Ok(summary)
    }
}

/// `3 12` as a line to look at.
fn bar(counts: &str) -> String {
    let mut numbers = counts.split(' ').map(|number| number.parse::<usize>().unwrap_or_default());
    let (done, total) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let filled = (done * 40).checked_div(total).unwrap_or(40).min(40);
    format!("[{}{}] {done} of {total} lines", "#".repeat(filled), "-".repeat(40 - filled))
}

/// The step of `test`: the same digest wherever the program can run.
pub fn check(log: &mut Log) -> Result<String, Trouble> {
    let file = repo::root().join(DEFAULT_FILE);
    let mut digests = Vec::new();
    let mut left_out = Vec::new();
    for host in Host::ALL {
        match hosts::build(host, PROGRAM, log) {
            Ok(program) => digests.push(digest(&program, &file, log)?),
            Err(Trouble::Missing(missing)) => left_out.push(missing),
            Err(failed) => return Err(failed),
        }
    }
    if digests.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(format!("the digests differ: {digests:?}").into());
    }
    match left_out.pop() {
        Some(missing) => Err(missing.into()),
        None => Ok(format!("{} on {} hosts", digests[0], digests.len())),
    }
}

fn digest(program: &Program, file: &Path, log: &mut Log) -> Result<String, String> {
    let file = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let ran = log.run_on(&mut program.command(), file.into())?;
    if !ran.succeeded {
        return Err(format!("{}\n{}", tail(&ran.out, 10), tail(&ran.err, 20)));
    }
    Ok(summary(ran.out.lines(), |_| {})?.digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end_and_never_over() {
        assert_eq!(bar("3 3"), format!("[{}] 3 of 3 lines", "#".repeat(40)));
        assert_eq!(bar("0 0"), format!("[{}] 0 of 0 lines", "#".repeat(40)));
        assert!(bar("1 4").starts_with(&format!("[{}-", "#".repeat(10))));
    }
}
