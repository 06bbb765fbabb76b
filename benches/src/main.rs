//! The tables of the README: `cargo run --release -p creel-benches [FILTER ...]`.
//!
//! Each round gives every peer one measurement in turn; the least of the rounds is told, and the
//! ratio to the best peer. With valgrind there, creel's instructions an operation are counted by
//! callgrind, which repeats exactly: two runs of different length, and their difference. Where
//! several threads are at work, the processor's time is told beside the time that passed.

use creel_benches::pool::{self, Latency};
use creel_benches::{
    Counting, Operation, PEERS, Tasks, bytes_of_a_timer, idle_actors, lateness, operations,
    parked_tasks, resident,
};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: usize = 15;
/// Some operations take long; their rounds end after so much time.
const PATIENCE: Duration = Duration::from_secs(4);
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
    print_pool(wanted);
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

/// What pools do, in tables of their own.
fn print_pool(wanted: impl Fn(&str) -> bool) {
    println!("\n| 2 workers: time / CPU, ns | creel | peers | best peer / creel |");
    println!("|---|---|---|---|");
    for operation in pool::operations().iter().filter(|operation| wanted(operation.name)) {
        print_threads(operation);
    }
    println!("\n| 2 workers: p50 / p99 late, CPU each, us | creel | peers | best peer / creel |");
    println!("|---|---|---|---|");
    for latency in pool::latencies().iter().filter(|latency| wanted(latency.name)) {
        print_latency(latency);
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
    let least = measure(operation);
    let instructions = instructions(operation).map_or("-".into(), |count| format!("{count:.0}"));
    let least: Vec<_> = least.iter().map(|spent| spent.passed).collect();
    println!(
        "| {} | {:.1} | {} | {:.1} | {instructions} |",
        operation.name,
        least[0],
        of_peers(operation.peers.iter().map(|peer| peer.name), &least, |ns| format!("{ns:.1}")),
        ratio(&least, |ns| *ns),
    );
}

fn print_threads(operation: &Operation) {
    let least = measure(operation);
    let one = |spent: &Spent| format!("{:.0} / {:.0}", spent.passed, spent.cpu);
    println!(
        "| {} | {} | {} | {:.1} / {:.1} |",
        operation.name,
        one(&least[0]),
        of_peers(operation.peers.iter().map(|peer| peer.name), &least, one),
        ratio(&least, |spent| spent.passed),
        ratio(&least, |spent| spent.cpu),
    );
}

fn print_latency(latency: &Latency) {
    let mut least = latency.peers.map(|_| Late { p50: f64::MAX, p99: f64::MAX, cpu: f64::MAX });
    let start = Instant::now();
    for round in 0..ROUNDS {
        for ((_, run), least) in latency.peers.iter().zip(&mut least) {
            let before = cpu_ns();
            let delays = run();
            least.take(delays, cpu_ns() - before);
        }
        if round > 0 && start.elapsed() > 3 * PATIENCE {
            break;
        }
    }
    let one = |late: &Late| format!("{:.1} / {:.0}, {:.2}", late.p50, late.p99, late.cpu);
    println!(
        "| {} | {} | {} | {:.1} |",
        latency.name,
        one(&least[0]),
        of_peers(latency.peers.iter().map(|(name, _)| *name), &least, one),
        ratio(&least, |late| late.p50),
    );
}

/// The names of all peers but the first, which is creel, with their figures.
fn of_peers<'a, T>(
    names: impl Iterator<Item = &'a str>,
    least: &[T],
    one: impl Fn(&T) -> String,
) -> String {
    let each = names.zip(least).skip(1).map(|(name, least)| format!("{name} {}", one(least)));
    each.collect::<Vec<_>>().join(", ")
}

/// The best peer's figure by creel's.
fn ratio<T>(least: &[T], of: impl Fn(&T) -> f64) -> f64 {
    least[1..].iter().map(&of).fold(f64::MAX, f64::min) / of(&least[0])
}

/// What one operation took, in nanoseconds.
struct Spent {
    passed: f64,
    cpu: f64,
}

/// How late something came, and what each time cost, in microseconds.
struct Late {
    p50: f64,
    p99: f64,
    cpu: f64,
}

impl Late {
    /// Takes in one round.
    fn take(&mut self, mut delays: Vec<u64>, cpu: u64) {
        delays.sort_unstable();
        let at = |part: usize| delays[delays.len() * part / 100] as f64 / 1e3;
        self.p50 = self.p50.min(at(50));
        self.p99 = self.p99.min(at(99));
        self.cpu = self.cpu.min(cpu as f64 / delays.len() as f64 / 1e3);
    }
}

/// The least that an operation took each peer.
fn measure(operation: &Operation) -> Vec<Spent> {
    let mut runs: Vec<_> = operation.peers.iter().map(|peer| (peer.start)()).collect();
    let mut least: Vec<_> =
        runs.iter().map(|_| Spent { passed: f64::MAX, cpu: f64::MAX }).collect();
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        for (run, least) in runs.iter_mut().zip(&mut least) {
            let (start, cpu) = (Instant::now(), cpu_ns());
            run(operation.count);
            let each = |ns: f64| ns / operation.count as f64;
            least.passed = least.passed.min(each(start.elapsed().as_nanos() as f64));
            least.cpu = least.cpu.min(each((cpu_ns() - cpu) as f64));
        }
        if begin.elapsed() > PATIENCE {
            break;
        }
    }
    least
}

/// What all threads of this process have had of the processors.
#[cfg(unix)]
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0, "every Unix has this clock");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(not(unix))]
fn cpu_ns() -> u64 {
    0
}

/// Does creel's part of one operation `count` times, for callgrind.
fn run_once(name: &str, count: u64) -> ExitCode {
    let mut all = operations().into_iter().chain(pool::operations());
    let Some(operation) = all.find(|operation| operation.name == name) else {
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
