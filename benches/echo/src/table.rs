//! Rounds, and the table.

use crate::client::Client;
use crate::{processor, servers};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(200);
const LOADS: [(usize, usize); 6] =
    [(1, 64), (50, 64), (1_000, 64), (1, 16 << 10), (50, 16 << 10), (1_000, 16 << 10)];
const IDLE: usize = 10_000;

struct Server {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str, size: usize) -> Option<Self> {
        let mut child = Command::new(std::env::current_exe().expect("we run"))
            .args(["--serve", name, &size.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("we can be started again");
        let ask = child.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("it tells its address");
        let Ok(address) = line.trim().parse() else {
            // It has said why, to nobody.
            let _ = child.wait();
            return None;
        };
        Some(Self { child, ask, answers, address })
    }

    /// Processor time so far, and bytes of memory; `None` if it has died.
    fn used(&mut self) -> Option<(Duration, u64)> {
        self.ask.write_all(b"\n").ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        let (time, memory) = line.trim().split_once(' ')?;
        Some((Duration::from_nanos(time.parse().ok()?), memory.parse().ok()?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prints a row for each server whose name contains one of the filters, at each load.
pub fn print(filters: &[String]) -> ExitCode {
    let (loads, names): (Vec<&String>, Vec<&String>) =
        filters.iter().partition(|filter| filter.contains('x') || *filter == "idle");
    // What one feature of the ring is worth is told to whom asks.
    let wanted = |name: &str| match names.is_empty() {
        true => !name.starts_with("feature"),
        false => names.iter().any(|part| name.contains(&***part)),
    };
    let all: Vec<&str> = servers::ALL.iter().map(|(name, _)| *name).collect();
    let all: Vec<&str> = all.into_iter().filter(|name| wanted(name)).collect();
    let asked = loads.iter().filter_map(|load| load.split_once('x'));
    let asked = asked.filter_map(|(count, size)| Some((count.parse().ok()?, size.parse().ok()?)));
    let loads_asked: Vec<(usize, usize)> = asked.collect();
    for (count, size) in if loads.is_empty() { LOADS.to_vec() } else { loads_asked } {
        match count {
            // Client and server take turns: whether they share a processor decides more than what
            // they do, and the system changes its mind about it once in some seconds.
            1 => processor::on_one(|| compare(&all, count, size)),
            _ => compare(&all, count, size),
        }
    }
    if loads.is_empty() || loads.iter().any(|load| load.starts_with("idle")) {
        idle(&all);
    }
    ExitCode::SUCCESS
}

/// One peer at one load.
struct Run<'a> {
    name: &'a str,
    server: Server,
    client: Client,
    /// Requests a second, and processor time a request, of each round.
    rates: Vec<f64>,
    costs: Vec<f64>,
}

/// The best round of each: what else the machine did then cost the least.
fn compare(names: &[&str], count: usize, size: usize) {
    println!("\n| {count} connections, {size} B | requests/s | server CPU a request, us |");
    println!("|---|---|---|");
    let start = |name| -> Option<Run<'_>> {
        let server = Server::start(name, size)?;
        let client = Client::connect(server.address, count, size);
        Some(Run { name, server, client, rates: vec![], costs: vec![] })
    };
    let mut runs: Vec<Run<'_>> = names.iter().filter_map(|name| start(*name)).collect();
    for round in 0..=ROUNDS {
        for run in &mut runs {
            let before = run.server.used().expect("it lives").0;
            let began = Instant::now();
            let answers = run.client.run(ROUND) as f64;
            let took = began.elapsed();
            let cost = run.server.used().expect("it lives").0 - before;
            // The first round warms up.
            if round > 0 {
                run.rates.push(answers / took.as_secs_f64());
                run.costs.push(cost.as_secs_f64() * 1e6 / answers);
            }
        }
    }
    for run in &runs {
        println!(
            "| {} | {:.0} | {:.2} |",
            run.name,
            run.rates.iter().copied().fold(0.0, f64::max),
            run.costs.iter().copied().fold(f64::INFINITY, f64::min)
        );
    }
}

/// Memory of idle connections, each of which has read and written once.
fn idle(names: &[&str]) {
    println!("\n| {IDLE} idle connections | resident bytes a connection |");
    println!("|---|---|");
    for name in names {
        let Some(mut server) = Server::start(name, 64) else { continue };
        let before = server.used().expect("it lives").1;
        let mut client = Client::connect(server.address, IDLE, 64);
        client.run(Duration::ZERO);
        let after = server.used().expect("it lives").1;
        println!("| {name} | {} |", (after - before) / IDLE as u64);
    }
}
