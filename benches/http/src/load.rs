//! The load, what the system says that the servers spent, and the table.

use super::servers::SERVERS;
use std::fs;
use std::io::{BufRead, BufReader, Error, Result};
use std::process::{Child, Command, ExitCode, Stdio};

const ROUNDS: usize = 5;

/// A name, and what h2load is told.
const LOADS: &[(&str, &[&str])] = &[
    ("HTTP/1, 50 connections", &["--h1", "-c", "50"]),
    ("HTTP/1, 1,000 connections", &["--h1", "-c", "1000"]),
    ("HTTP/2, 50 connections of 10 streams", &["-c", "50", "-m", "10"]),
];

/// A server that runs, and where.
struct Server {
    name: &'static str,
    child: Child,
    url: String,
}

/// The best of the rounds: least time of the processor a request, and most requests a second.
#[derive(Clone, Copy)]
struct Best {
    cpu_us: f64,
    per_second: f64,
}

/// Prints the rows of the loads whose names contain one of the filters, or all.
pub fn print(filters: &[String]) -> ExitCode {
    match table(filters) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn table(filters: &[String]) -> Result<()> {
    let mut servers = SERVERS.iter().map(|name| Server::start(name)).collect::<Result<Vec<_>>>()?;
    println!("| server's CPU a request, us; requests a second | {} |", SERVERS.join(" | "));
    println!("|---|{}", "---|".repeat(SERVERS.len()));
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|part| name.contains(part));
    for (name, load) in LOADS.iter().filter(|(name, _)| wanted(name)) {
        let mut best = vec![Best { cpu_us: f64::MAX, per_second: 0.0 }; servers.len()];
        for _ in 0..ROUNDS {
            for (server, best) in servers.iter_mut().zip(&mut best) {
                let round = server.round(load)?;
                best.cpu_us = best.cpu_us.min(round.cpu_us);
                best.per_second = best.per_second.max(round.per_second);
            }
        }
        let cells = best.iter().map(|it| format!("{:.2}, {:.0}k", it.cpu_us, it.per_second / 1e3));
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(())
}

impl Server {
    fn start(name: &'static str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(["--serve", name]).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut address)?;
        Ok(Self { name, child, url: format!("http://{}/", address.trim()) })
    }

    /// One run of h2load.
    fn round(&mut self, load: &[&str]) -> Result<Best> {
        let before = self.spent_us()?;
        // So many requests, not so much time: after a time it does not always end.
        let mut command = Command::new("h2load");
        command.args(load).args(["-t", "1", "-n", "100000", &self.url]).stderr(Stdio::inherit());
        let output = command
            .output()
            .map_err(|error| Error::new(error.kind(), format!("h2load: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let spent = self.spent_us()? - before;
        let done = number_before(&text, "requests: ", " succeeded")
            .filter(|done| *done > 0.0)
            .ok_or_else(|| Error::other(format!("{}: no request succeeded\n{text}", self.name)))?;
        let per_second = number_before(&text, "finished in", " req/s").unwrap_or(0.0);
        Ok(Best { cpu_us: spent / done, per_second })
    }

    /// What the process has spent so far.
    fn spent_us(&self) -> Result<f64> {
        // Nanoseconds of each thread, which `stat` counts in hundredths of a second.
        let mut spent = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            spent +=
                text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(spent / 1e3)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number that stands before `unit` in the line that begins with `line`.
fn number_before(text: &str, line: &str, unit: &str) -> Option<f64> {
    let line = text.lines().find(|each| each.starts_with(line))?;
    let (before, _) = line.split_once(unit)?;
    before.rsplit(' ').next()?.parse().ok()
}
