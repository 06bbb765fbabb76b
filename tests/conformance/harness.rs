//! What the harnesses of all hosts share: the command line, which is libtest's, and the report.
//!
//! `cargo test --test native mutex` runs the cases whose name contains `mutex`. Where a panic ends
//! the program, `--after NAME` goes on behind the case that failed.

use super::{Case, all};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Cases of one thread: they stop the clock, or count on tasks having their turns in order.
const OF_ONE_THREAD: [&str; 9] = [
    "actor::",
    "supervisor::",
    "time::",
    "scope::a_shutdown_names_who_is_late",
    "signals::event_manual_releases_all_until_reset",
    "sync::mutex_aborted_task_gives_the_lock_back",
    "sync::rwlock_waiting_writer_holds_back_new_readers",
    "sync::semaphore_bounds_how_many_are_inside",
    "task::the_runtime_is_known_inside",
];
/// A case that yields and then expects something of another task may be unlucky on the pool.
pub const TRIES: usize = 3;

impl Case {
    /// Whether it holds on several threads as well.
    pub fn is_for_pools(&self) -> bool {
        !OF_ONE_THREAD.iter().any(|start| self.name.starts_with(start))
    }
}

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Request {
    filters: Vec<String>,
    skips: Vec<String>,
    exact: bool,
    after: Option<String>,
    list: bool,
    ignored: bool,
    seeds: Option<u64>,
    traces: bool,
}

impl Request {
    /// Reads the arguments behind the program's name. Options of libtest that change nothing here
    /// are accepted.
    pub fn new(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut request = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => request.list = true,
                "--exact" => request.exact = true,
                "--ignored" => request.ignored = true,
                "--after" => request.after = arguments.next(),
                "--skip" => request.skips.extend(arguments.next()),
                "--traces" => request.traces = true,
                "--seeds" => request.seeds = arguments.next().and_then(|n| n.parse().ok()),
                "--format" | "--test-threads" | "--color" => drop(arguments.next()),
                option if option.starts_with('-') => {}
                filter => request.filters.push(filter.to_owned()),
            }
        }
        request
    }

    /// The request that this program was started with.
    pub fn from_environment() -> Self {
        Self::new(std::env::args().skip(1))
    }

    /// The cases of the list that are asked for, in its order.
    pub fn cases(&self) -> Vec<&'static Case> {
        self.choose(all())
    }

    /// Those of `cases` that are asked for, in their order.
    pub fn choose(&self, cases: Vec<&'static Case>) -> Vec<&'static Case> {
        if self.ignored {
            return Vec::new();
        }
        let is_wanted = |case: &&Case| {
            let matches = |filter: &String| match self.exact {
                true => case.name == filter,
                false => case.name.contains(filter.as_str()),
            };
            let chosen = self.filters.is_empty() || self.filters.iter().any(matches);
            chosen && !self.skips.iter().any(matches)
        };
        let done = |case: &&Case| self.after.as_deref().is_some_and(|after| case.name != after);
        let skipped = usize::from(self.after.is_some());
        cases.into_iter().skip_while(done).skip(skipped).filter(is_wanted).collect()
    }

    /// Whether the command line names cases.
    pub fn has_filters(&self) -> bool {
        !self.filters.is_empty()
    }

    /// How many seeds a host that has seeds tries for each case.
    pub fn seeds(&self) -> u64 {
        self.seeds.unwrap_or(100)
    }

    /// Whether a host whose runs can be compared prints a trace of each case.
    pub fn traces(&self) -> bool {
        self.traces
    }

    /// Whether only the names are asked for; then this has printed them.
    pub fn is_list(&self) -> bool {
        if self.list {
            self.cases().iter().for_each(|case| println!("{}: test", case.name));
        }
        self.list
    }
}

/// Runs the cases asked for, one after another, and prints `test NAME ... ok` for each.
pub fn run(request: &Request, run: impl FnMut(&'static Case)) -> ExitCode {
    if request.is_list() {
        return ExitCode::SUCCESS;
    }
    run_cases(&request.cases(), run)
}

/// Runs these cases, as [`run`] does.
pub fn run_cases(cases: &[&'static Case], mut run: impl FnMut(&'static Case)) -> ExitCode {
    let mut failed = Vec::new();
    for case in cases {
        print!("test {} ... ", case.name);
        std::io::stdout().flush().expect("standard output takes what is printed");
        let passed = catch_unwind(AssertUnwindSafe(|| run(case))).is_ok();
        println!("{}", if passed { "ok" } else { "FAILED" });
        if !passed {
            failed.push(case.name);
        }
    }
    println!("{} of {} cases passed", cases.len() - failed.len(), cases.len());
    failed.iter().for_each(|name| println!("    failed: {name}"));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
