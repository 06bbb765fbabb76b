//! The table of the README: `cargo run --release -p creel-benches [FILTER ...]`.
//!
//! Each round gives every peer one measurement in turn; the least of the rounds is told, and the
//! ratio to the best peer. With valgrind there, creel's instructions an operation are counted by
//! callgrind, which repeats exactly: two runs of different length, and their difference.

use creel_benches::{
    Counting, Operation, PEERS, Tasks, bytes_of_a_timer, idle_actors, lateness, operations,
    parked_tasks, resident,
};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: usize = 15;
const MANY: usize = 1_000_000;
#[cfg(unix)]
const FIBERS: usize = 100_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, count] = &arguments[..]
        && flag == "--count"
    {
        return run_once(name, count.parse().expect("a number"));
    }
    if let [flag, peer, tasks] = &arguments[..]
        && flag == "--resident"
    {
        let tasks = if tasks == "parked" { Tasks::Parked } else { Tasks::Sleeping };
        println!("{}", resident(peer, tasks, MANY));
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| {
        arguments.is_empty() || arguments.iter().any(|filter| name.contains(filter.as_str()))
    };
    println!("| operation | creel, ns | peers, ns | best peer / creel | instructions |");
    println!("|---|---|---|---|---|");
    for operation in operations().iter().filter(|operation| wanted(operation.name)) {
        print_row(operation);
    }
    if wanted("sleep(1 ms)") {
        print_lateness();
    }
    if wanted("parked") {
        print_bytes("1 M parked tasks, heap bytes a task", &parked_tasks(MANY));
        print_resident("1 M parked tasks, resident bytes a task", "parked");
    }
    if wanted("sleeping") {
        print_resident("1 M sleeping tasks, resident bytes a task", "sleeping");
    }
    if wanted("bytes of a timer") {
        print_bytes("bytes of a timer", &bytes_of_a_timer());
    }
    if wanted("idle actors") {
        print_bytes("1 M idle actors, heap bytes an actor", &idle_actors(MANY));
    }
    #[cfg(unix)]
    if wanted("live fibers") {
        let (bytes, mappings) = creel_benches::live_fibers(FIBERS);
        println!(
            "| 100,000 live fibers, resident bytes a fiber | {bytes} | {mappings} mappings in all | | |"
        );
    }
    ExitCode::SUCCESS
}

/// The median of many sleeps, creel's first.
fn print_lateness() {
    let late = lateness();
    let peers: Vec<_> = late[1..].iter().map(|(name, us)| format!("{name} {us:.1}")).collect();
    let best = late[1..].iter().map(|&(_, us)| us).fold(f64::MAX, f64::min);
    let (_, own) = late[0];
    println!(
        "| sleep(1 ms), how late, median, us | {own:.1} | {} | {:.1} | |",
        peers.join(", "),
        best / own,
    );
}

/// Asks a process of its own for each peer; nothing where the system does not tell.
fn print_resident(name: &str, tasks: &str) {
    let measure = |peer: &'static str| {
        let this = std::env::current_exe().ok()?;
        let output = Command::new(this).args(["--resident", peer, tasks]).output().ok()?;
        let bytes = String::from_utf8_lossy(&output.stdout).trim().parse().ok()?;
        (bytes != 0).then_some((peer, bytes))
    };
    if let Some(bytes) = PEERS.into_iter().map(measure).collect::<Option<Vec<_>>>() {
        print_bytes(name, &bytes);
    }
}

/// What each of many costs, creel's first.
fn print_bytes(name: &str, bytes: &[(&str, usize)]) {
    let (_, own) = bytes[0];
    let peers: Vec<_> = bytes[1..].iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
    let best = bytes[1..].iter().map(|(_, bytes)| *bytes).min().expect("there are peers");
    println!("| {name} | {own} | {} | {:.1} | |", peers.join(", "), best as f64 / own as f64);
}

fn print_row(operation: &Operation) {
    let mut runs: Vec<_> = operation.peers.iter().map(|peer| (peer.start)()).collect();
    let mut least = vec![f64::MAX; runs.len()];
    for _ in 0..ROUNDS {
        for (run, least) in runs.iter_mut().zip(&mut least) {
            let start = Instant::now();
            run(operation.count);
            *least = least.min(start.elapsed().as_nanos() as f64 / operation.count as f64);
        }
    }
    let peers: Vec<_> = (operation.peers.iter().zip(&least).skip(1))
        .map(|(peer, ns)| format!("{} {ns:.1}", peer.name))
        .collect();
    let best = least[1..].iter().copied().fold(f64::MAX, f64::min);
    let instructions = instructions(operation).map_or("-".into(), |count| format!("{count:.0}"));
    println!(
        "| {} | {:.1} | {} | {:.1} | {instructions} |",
        operation.name,
        least[0],
        peers.join(", "),
        best / least[0],
    );
}

/// Does creel's part of one operation `count` times, for callgrind.
fn run_once(name: &str, count: u64) -> ExitCode {
    let all = operations();
    let Some(operation) = all.iter().find(|operation| operation.name == name) else {
        eprintln!("there is no operation `{name}`");
        return ExitCode::FAILURE;
    };
    let mut run = (operation.peers[0].start)();
    run(count);
    ExitCode::SUCCESS
}

/// Instructions that one operation of creel takes; `None` without valgrind.
fn instructions(operation: &Operation) -> Option<f64> {
    let (short, long) = (operation.count / 10, operation.count / 2);
    let difference = callgrind(operation.name, long)? - callgrind(operation.name, short)?;
    Some(difference as f64 / (long - short) as f64)
}

fn callgrind(name: &str, count: u64) -> Option<i64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--count", name, &count.to_string()])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let refs = report.lines().find_map(|line| line.split_once("refs:"))?.1;
    refs.trim().replace(',', "").parse().ok()
}
