//! What reads, compiles and runs the sources on this machine.

use super::Trouble;
use crate::hosts::{self, Context, Host, Source};
use crate::shell::{Log, cargo};
use crate::{repo, tools};

type Verdict = Result<String, Trouble>;

const WEB: &str = "wasm32-unknown-unknown";
const WASI: &str = "wasm32-wasip1";
const WASIP2: &str = "wasm32-wasip2";

/// What this machine can build.
const EVERYTHING: &str =
    "creel/full,creel/fiber,creel/hyper,creel/futures-io,creel/tokio-io,creel/metrics";

const EXAMPLES: [&str; 7] =
    ["native", "embedded", "simulator", "game_loop", "chat", "job_queue", "crawler"];

/// Benchmarks are built by `bench` alone, and the server of WebTransport for browsers: what they stand on
/// takes long to compile.
const EXCEPT_BENCHES: [&str; 9] = [
    "--workspace",
    "--exclude",
    "creel-benches",
    "--exclude",
    "creel-echo",
    "--exclude",
    "creel-http-bench",
    "--exclude",
    "creel-webtransport",
];

pub fn fmt(log: &mut Log) -> Verdict {
    log.run(&mut cargo(&["fmt", "--all", "--check"]))?;
    Ok(String::new())
}

pub fn tidy(log: &mut Log) -> Verdict {
    let text = log.run(&mut cargo(&["test", "--quiet", "--package", "creel", "--test", "tidy"]))?;
    Ok(passed(&text))
}

pub fn clippy_native(log: &mut Log) -> Verdict {
    let features = format!("{EVERYTHING},creel/tracing");
    clippy(log, &[&EXCEPT_BENCHES[..], &["--all-targets", "--features", &features]].concat())
}

pub fn clippy_web(log: &mut Log) -> Verdict {
    tools::target(WEB)?;
    clippy(log, &["--package", "creel-npm", "--target", WEB])?;
    clippy(log, &["--package", "creel-npm", "--features", "sim", "--target", WEB])?;
    clippy(log, &["--package", "creel-site", "--target", WEB])?;
    clippy_of(log, WEB, ("node", "web"), "std,macros,sim,web")
}

pub fn clippy_wasi(log: &mut Log) -> Verdict {
    clippy_of(log, WASI, ("wasi", "wasi"), "std,macros,sim,wasi,io-std,fs")?;
    clippy_of(log, WASIP2, ("wasi", "wasi"), "std,macros,sim,wasi-http,wasip3,io-std,fs,net")
}

pub fn clippy_windows(log: &mut Log) -> Verdict {
    clippy_system(log, tools::WINDOWS)
}

pub fn clippy_macos(log: &mut Log) -> Verdict {
    clippy_system(log, "aarch64-apple-darwin")
}

pub fn clippy_freebsd(log: &mut Log) -> Verdict {
    clippy_system(log, "x86_64-unknown-freebsd")
}

/// The library and its tests on a system that is not this one.
fn clippy_system(log: &mut Log, target: &str) -> Verdict {
    tools::target(target)?;
    let what = ["--package", "creel", "--lib", "--tests", "--target", target];
    clippy(log, &[&what[..], &["--no-default-features", "--features", "full,fiber"]].concat())
}

fn clippy_of(
    log: &mut Log,
    target: &str,
    (harness, example): (&str, &str),
    features: &str,
) -> Verdict {
    tools::target(target)?;
    let what = ["--package", "creel", "--lib", "--test", harness, "--example", example];
    let how = ["--no-default-features", "--features", features, "--target", target];
    clippy(log, &[&what[..], &how].concat())
}

fn clippy(log: &mut Log, what: &[&str]) -> Verdict {
    log.run(cargo(&["clippy", "--quiet"]).args(what).args(["--", "-D", "warnings"]))?;
    Ok(String::new())
}

/// Dumps and spans: what grows tasks and waits runs apart: other tests count bytes. The list runs in the simulator
/// with dumps and without, and must not differ.
pub fn watched(log: &mut Log) -> Verdict {
    let mut command = cargo(&["test", "--package", "creel", "--features", "full,fiber,tracing"]);
    command.args(["--lib", "--test", "dump", "--test", "tracing", "--test", "simulator"]);
    // What waits and tasks cost then.
    command.args(["--test", "allocations", "--test", "actor_allocations", "--test", "time"]);
    let text = log.run(&mut command)?;
    let docs = ["test", "--doc", "--package", "creel", "--features", "full,tracing", "--"];
    log.run(cargo(&docs).args(["dump", "observability"]))?;
    Ok(passed(&text))
}

/// A dump on hosts without threads: a program that ends badly if it finds anything else.
pub fn dump_hosts(log: &mut Log) -> Verdict {
    const PROGRAM: Source<'static> = Source {
        package: "creel",
        kind: "--test",
        features: |host| match host {
            Host::Node | Host::Chromium(_) => "std,macros,web,dump",
            Host::Wasi | Host::Wasip2 => "std,macros,wasi,dump",
            _ => "std,macros,dump",
        },
        entry: Some("dump_anywhere"),
        profile: None,
    };
    let page = Host::Chromium(Context::Window);
    for host in [Host::Native, Host::Node, page, Host::Wasi, Host::Wasip2] {
        let program = hosts::build(host, PROGRAM, log)?;
        let said = log.run(&mut program.command())?;
        if host.name() == "node" && !said.contains("on the event loop ... ok") {
            return Err(format!("{host:?}: the event loop's dump did not end: {said}").into());
        }
    }
    Ok("a passive runtime, Node, a page, WASI previews 1 and 2".to_owned())
}

/// tokio-console's subscriber hears of our tasks. A workspace of its own, see there.
pub fn console(log: &mut Log) -> Verdict {
    let mut command = cargo(&["test", "--manifest-path", "examples/console/Cargo.toml"]);
    command.env("RUSTFLAGS", "--cfg console_without_tokio_unstable");
    Ok(passed(&log.run(command.env("CARGO_TARGET_DIR", repo::target().join("console")))?))
}

/// The harnesses of the conformance list are steps of their own.
const HARNESSES: &str = "not binary(/^(native|slow_machine|simulator|node|wasi)$/)";

pub fn unit(log: &mut Log) -> Verdict {
    let features = ["--features", EVERYTHING];
    if tools::has_nextest() {
        let mut command = cargo(&["nextest", "run", "--color", "never", "-E", HARNESSES]);
        let text = log.run(command.args(EXCEPT_BENCHES).args(features))?;
        let summary = text.lines().rev().find(|line| line.contains("tests run:"));
        let note = summary.and_then(|line| line.split_once("] ")).map(|(_, note)| note.trim());
        Ok(note.unwrap_or_default().to_owned())
    } else {
        let mut command = cargo(&["test", "--lib", "--bins", "--tests"]);
        Ok(passed(&log.run(command.args(EXCEPT_BENCHES).args(features))?))
    }
}

pub fn doctests(log: &mut Log) -> Verdict {
    let mut command = cargo(&["test", "--doc", "--package", "creel", "--features", EVERYTHING]);
    Ok(passed(&log.run(&mut command)?))
}

/// Those that need no other host; the rest are compiled by clippy.
pub fn examples(log: &mut Log) -> Verdict {
    for name in EXAMPLES {
        let run = ["run", "--quiet", "--package", "creel", "--features", "full", "--example", name];
        log.run(&mut cargo(&run))?;
    }
    Ok(EXAMPLES.join(", "))
}

pub fn documentation(log: &mut Log) -> Verdict {
    log.run(&mut crate::doc::command())?;
    for target in [WEB, WASI] {
        tools::target(target)?;
        log.run(crate::doc::command().args(["--target", target]))?;
    }
    Ok("for this machine, the web and WASI".to_owned())
}

/// Adds up the summaries of libtest.
pub fn passed(text: &str) -> String {
    let counts = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("test result: ok. ")?;
        rest.split_once(" passed")?.0.parse::<usize>().ok()
    });
    format!("{} passed", counts.sum::<usize>())
}
