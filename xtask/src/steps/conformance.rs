//! The conformance list on each host, name by name against the list in the sources.
//!
//! A harness prints `test NAME ... ok`, and `host NAME ... ok` for what its host promises beyond the
//! list. On a host that cannot catch a panic it dies with the case that failed; it is started again
//! behind that case, so that one failure hides no other.

use super::Trouble;
use crate::hosts::{self, Context, Host, Program, Source};
use crate::repo;
use crate::shell::{Log, tail};
use std::collections::BTreeSet;
use std::path::Path;

type Verdict = Result<String, Trouble>;

const LIST: Source<'static> = Source {
    package: "creel",
    kind: "--test",
    features: |host| match host {
        Host::Native => "full,fiber",
        Host::SlowMachine | Host::Simulator => "full",
        Host::Node | Host::Chromium(_) | Host::Threads(_) | Host::NodeThreads => "std,macros,web",
        Host::Wasi => "std,macros,wasi,io-std,fs",
        Host::Wasip2 => "std,macros,wasi,io-std,fs,net",
        Host::Jco => "std,macros,wasi,io-std,net",
        Host::Wasip3 => "std,macros,wasip3,fs,net",
    },
    entry: None,
    profile: None,
};

/// What jco 1.35 cannot do. Its `shutdown` of one direction ends both, and loses what was written last; and a
/// listener's queue is Node's, which is never full, so no address is silent.
const NOT_ON_JCO: [&str; 3] = [
    "wasi_net::the_end_of_what_a_task_sends_is_seen_and_nothing_is_lost_before_it",
    "wasi_net::the_end_of_a_stream_is_seen_and_nothing_is_lost_before_it",
    "wasi_net::an_address_that_is_silent_does_not_keep_the_next_waiting",
];

/// The other side of what browsers say over WebTransport.
const TRANSPORT: Source<'static> = Source {
    package: "creel-webtransport",
    kind: "--bin",
    features: |_| "",
    entry: Some("creel-webtransport"),
    profile: None,
};

/// What an event loop promises beyond the list.
const OF_EVENT_LOOPS: [&str; 5] = [
    "tests/hosts/bridges.rs",
    "tests/hosts/net.rs",
    "tests/hosts/transport.rs",
    "tests/hosts/web.rs",
    "tests/hosts/workers.rs",
];

pub fn native(log: &mut Log) -> Verdict {
    run_list(Host::Native, log)
}

/// On pools, and by each driver: whatever the scheduler and the kernel do, the cases hold.
pub fn pool(log: &mut Log) -> Verdict {
    let program = hosts::build(Host::Native, LIST, log)?;
    let mut runs = 0;
    for driver in drivers() {
        for workers in ["0", "1", "2", "8"] {
            let mut command = program.command();
            command.env("CREEL_DRIVER", driver);
            match workers {
                "0" => command.env_remove("CREEL_WORKERS"),
                count => command.env("CREEL_WORKERS", count),
            };
            for place in ["tasks", "fibers"] {
                if place == "fibers" {
                    command.env("CREEL_FIBERS", "1");
                }
                let named = |why| format!("{driver}, {workers} workers, inside {place}: {why}");
                log.run(&mut command).map_err(named)?;
                runs += 1;
            }
        }
    }
    let drivers = drivers().join(" and ");
    Ok(format!("{runs} runs: 1 thread, pools of 1, 2 and 8, by {drivers}, in tasks and in fibers"))
}

/// The drivers that this machine has.
pub fn drivers() -> &'static [&'static str] {
    let disabled = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
    match disabled {
        Ok(text) if text.trim() == "0" => &["readiness", "completion"],
        _ => &["readiness"],
    }
}

/// On a clock by which every poll takes long: a case that counts on being quick fails here.
pub fn slow_machine(log: &mut Log) -> Verdict {
    run_list(Host::SlowMachine, log)
}

pub fn simulator(log: &mut Log) -> Verdict {
    run_list(Host::Simulator, log)
}

pub fn node(log: &mut Log) -> Verdict {
    run_list(Host::Node, log)
}

pub fn window(log: &mut Log) -> Verdict {
    run_list(Host::Chromium(Context::Window), log)
}

/// Where workers may share a memory: in a page, a dedicated worker and Node.
pub fn threads(log: &mut Log) -> Verdict {
    let hosts = [
        ("a page", Host::Threads(Context::Window)),
        ("a worker", Host::Threads(Context::Worker)),
        ("Node", Host::NodeThreads),
    ];
    let mut notes = Vec::new();
    for (place, host) in hosts {
        notes.push(format!("in {place} {}", run_list(host, log)?));
    }
    Ok(notes.join(", "))
}

pub fn worker(log: &mut Log) -> Verdict {
    run_list(Host::Chromium(Context::Worker), log)
}

pub fn shared_worker(log: &mut Log) -> Verdict {
    run_list(Host::Chromium(Context::SharedWorker), log)
}

pub fn service_worker(log: &mut Log) -> Verdict {
    run_list(Host::Chromium(Context::ServiceWorker), log)
}

pub fn wasi(log: &mut Log) -> Verdict {
    run_list(Host::Wasi, log)
}

pub fn wasip2(log: &mut Log) -> Verdict {
    run_list(Host::Wasip2, log)
}

pub fn jco(log: &mut Log) -> Verdict {
    run_list(Host::Jco, log)
}

pub fn wasip3(log: &mut Log) -> Verdict {
    run_list(Host::Wasip3, log)
}

pub fn demo(log: &mut Log) -> Verdict {
    crate::demo::check(log)
}

fn run_list(host: Host, log: &mut Log) -> Verdict {
    let kind = if host == Host::Wasip3 { "--example" } else { LIST.kind };
    let program = hosts::build(host, Source { kind, ..LIST }, log)?;
    let transport = match host {
        Host::Chromium(_) | Host::Threads(_) => Some(hosts::build(Host::Native, TRANSPORT, log)?),
        _ => None,
    };
    let text = run_all(host, &program, transport.as_ref().map(Program::path), log)?;
    let note = compare(host, &text)?;
    match program.described() {
        by if by.is_empty() => Ok(note),
        by => Ok(format!("{note} ({by})")),
    }
}

/// Runs the whole list, starting again behind a case that took the program down with it, but not behind one that
/// hung.
fn run_all(
    host: Host,
    program: &Program,
    transport: Option<&Path>,
    log: &mut Log,
) -> Result<String, Trouble> {
    let mut text = String::new();
    let mut failures = String::new();
    let mut after: Option<String> = None;
    loop {
        let mut command = program.command();
        command.env("RUST_BACKTRACE", "0");
        command.envs(transport.map(|server| ("CREEL_TRANSPORT", server)));
        if let Some(name) = &after {
            command.args(["--after", name]);
        }
        left_out(host).iter().for_each(|name| _ = command.args(["--skip", name]));
        let ran = log.run_apart(&mut command).map_err(|hung| format!("{failures}{hung}"))?;
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

/// The cases that cannot hold on a host.
fn left_out(host: Host) -> &'static [&'static str] {
    if host == Host::Jco { &NOT_ON_JCO } else { &[] }
}

/// The case that was begun last, unless it was ended.
fn unfinished_case(text: &str) -> Option<&str> {
    let (name, end) = text.lines().next_back()?.strip_prefix("test ")?.split_once(" ... ")?;
    (end != "ok" && end != "FAILED").then_some(name)
}

/// Holds the cases that passed against those in the sources.
pub fn compare(host: Host, text: &str) -> Verdict {
    let ran: BTreeSet<String> = text.lines().filter_map(passed_case).collect();
    let listed = cases_in_sources(host)?;
    let not_run: Vec<&String> = listed.difference(&ran).collect();
    let unknown: Vec<&String> = ran.difference(&listed).collect();
    if listed.is_empty() {
        Err("the list is empty".to_owned().into())
    } else if !not_run.is_empty() {
        Err(format!("{} cases did not run to success: {not_run:?}", not_run.len()).into())
    } else if !unknown.is_empty() {
        Err(format!("cases that the sources do not hold: {unknown:?}").into())
    } else {
        Ok(format!("{} of {} cases", ran.len(), listed.len()))
    }
}

fn passed_case(line: &str) -> Option<String> {
    let case = line.strip_prefix("test ").or_else(|| line.strip_prefix("host "))?;
    Some(case.strip_suffix(" ... ok")?.to_owned())
}

/// The names of all cases, read from the sources: no host and no `cfg` can shorten this list.
fn cases_in_sources(host: Host) -> Result<BTreeSet<String>, String> {
    let folder = repo::root().join("tests/conformance");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("the list: {error}"))?;
    let mut texts = Vec::new();
    for entry in entries.flatten().filter(|entry| entry.file_name() != "mod.rs") {
        texts.push(std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?);
    }
    // What this host promises beyond the list.
    if matches!(host, Host::Node | Host::Chromium(_)) || host.has_threads() {
        for file in OF_EVENT_LOOPS {
            texts.push(repo::read(file)?);
        }
    }
    if host.has_threads() {
        texts.push(repo::read("tests/hosts/threads.rs")?);
    }
    if matches!(host, Host::Wasi | Host::Wasip2 | Host::Jco) {
        texts.push(repo::read("tests/hosts/wasi.rs")?);
    }
    if matches!(host, Host::Wasi | Host::Wasip2 | Host::Wasip3) {
        texts.push(repo::read("tests/hosts/wasi_fs.rs")?);
    }
    if matches!(host, Host::Wasip2 | Host::Jco | Host::Wasip3) {
        texts.push(repo::read("tests/hosts/wasi_net.rs")?);
    }
    if host == Host::Wasip3 {
        texts.push(repo::read("tests/hosts/wasip3_net.rs")?);
    }
    let mut names = BTreeSet::new();
    for name in texts.iter().flat_map(|text| cases_in(text)) {
        if !names.insert(name.clone()) {
            return Err(format!("two cases are called {name}"));
        }
    }
    for name in left_out(host) {
        if !names.remove(*name) {
            return Err(format!("there is no case called {name}"));
        }
    }
    Ok(names)
}

/// The names in one file: `cases! { "room": async fn name() {..} .. }`.
fn cases_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for block in text.split("\ncases! {").skip(1) {
        let Some((_, rest)) = block.split_once('"') else { continue };
        let Some((room, body)) = rest.split_once('"') else { continue };
        let code = outermost(body);
        let mut words = code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        while let Some(word) = words.next() {
            if word == "fn" {
                names.extend(words.next().map(|name| format!("{room}::{name}")));
            }
        }
    }
    names
}

/// The code up to the brace that closes the text, without what stands in braces, comments and
/// literals.
fn outermost(text: &str) -> String {
    let mut code = String::new();
    let mut depth = 0;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        let rest = &text[at..];
        let skip = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => string_end(rest),
            '\'' if rest.starts_with("'\\") => rest[2..].find('\'').map_or(0, |end| end + 2),
            '\'' => {
                rest.char_indices().nth(2).filter(|(_, end)| *end == '\'').map_or(0, |(end, _)| end)
            }
            _ => 0,
        };
        if skip > 0 {
            while letters.as_str().len() > rest.len() - skip - 1 && letters.next().is_some() {}
            continue;
        }
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ if depth == 0 => code.push(letter),
            _ => {}
        }
    }
    code
}

/// Where the literal ends that begins the text.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_read_from_the_macro_and_nowhere_else() {
        let text = r##"
async fn helper() {}
cases! { "room":

    /// Shows it's so.
    async fn first() {
        async fn inner() {}
        assert_eq!('{', "\"{".chars().last());
    }
async fn second() {
    let a: &'static str = "}}";
}
}
mod other {
    async fn third() {}
}
"##;
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
