//! The crate compiles for every target with every combination of features that makes sense, and
//! with the oldest Rust it promises.

use super::Trouble;
use crate::shell::{Log, capture, cargo, cargo_of};
use crate::{repo, tools};

type Verdict = Result<String, Trouble>;

/// What a program written for tokio may name in its manifest.
const NAMES_OF_TOKIO: &str = "rt,rt-multi-thread,sync,time,macros,io-util,io-std,net,fs,process,\
    signal,test-util,parking_lot";

pub fn linux(log: &mut Log) -> Verdict {
    let combinations = [
        "",
        "alloc",
        "macros",
        "alloc,macros",
        "std",
        "std,macros",
        "native",
        "sim",
        "native,macros",
        "native,sim",
        "full",
        NAMES_OF_TOKIO,
        "rt",
        "rt,macros",
        "sync",
        "time",
        "io-util",
        "net",
        "signal",
        "process",
        "fs",
        "bytes",
        "futures-io",
        "tokio-io",
        "fiber",
        "hyper",
        "dump",
        "sim,dump",
        "tracing",
        "full,fiber,tracing,hyper,futures-io,tokio-io",
    ];
    check(log, "x86_64-unknown-linux-gnu", &combinations)
}

pub fn web(log: &mut Log) -> Verdict {
    let combinations = [
        "",
        "alloc",
        "std",
        "std,macros",
        "sim",
        "web",
        "web,macros",
        "web,sim,macros",
        "full",
        "web,dump",
    ];
    check(log, "wasm32-unknown-unknown", &combinations)
}

pub fn wasi(log: &mut Log) -> Verdict {
    let combinations = [
        "",
        "alloc",
        "std",
        "std,macros",
        "sim",
        "wasi",
        "wasi,macros",
        "wasi,sim,macros",
        "full",
        "wasi,dump",
    ];
    check(log, "wasm32-wasip1", &combinations)?;
    let more = [
        &combinations[..],
        &[
            "wasi,net",
            "wasi,io-std",
            "wasi-http",
            "wasi-http,full",
            "wasip3",
            "wasip3,wasi-http,net",
        ],
    ]
    .concat();
    check(log, "wasm32-wasip2", &more)
}

pub fn windows(log: &mut Log) -> Verdict {
    check(log, "x86_64-pc-windows-gnu", &["", "alloc", "std,macros", "native", "sim", "full,fiber"])
}

pub fn macos(log: &mut Log) -> Verdict {
    check(log, "aarch64-apple-darwin", &["", "alloc", "std,macros", "native", "sim", "full,fiber"])
}

pub fn freebsd(log: &mut Log) -> Verdict {
    check(log, "x86_64-unknown-freebsd", &["native", "full,fiber"])
}

pub fn bare(log: &mut Log) -> Verdict {
    const TARGET: &str = "thumbv7em-none-eabi";
    let note = check(log, TARGET, &["", "alloc", "macros", "alloc,macros", "dump"])?;
    let tree = capture(&mut cargo(&[
        "tree",
        "--package",
        "creel",
        "--no-default-features",
        "--edges",
        "normal",
        "--target",
        TARGET,
        "--prefix",
        "none",
        "--format",
        "{lib}",
    ]))?;
    let mut names: Vec<&str> = tree.lines().skip(1).collect();
    names.sort_unstable();
    names.dedup();
    if names == ["futures_core", "pin_project_lite"] {
        Ok(format!("{note}, 2 dependencies"))
    } else {
        Err(format!(
            "the bare crate depends on {names:?}, not on futures-core and pin-project-lite alone"
        )
        .into())
    }
}

/// Checks the library with each combination of features.
fn check(log: &mut Log, target: &str, combinations: &[&str]) -> Verdict {
    tools::target(target)?;
    let mut failures = Vec::new();
    for features in combinations {
        let mut command = cargo(&["check", "--quiet", "--package", "creel", "--lib"]);
        command.args(["--no-default-features", "--features", features, "--target", target]);
        if let Err(why) = log.run(&mut command) {
            failures.push(format!("features [{features}] for {target}:\n{why}"));
        }
    }
    if failures.is_empty() {
        Ok(format!("{} combinations", combinations.len()))
    } else {
        Err(failures.join("\n").into())
    }
}

pub fn msrv(log: &mut Log) -> Verdict {
    let version = repo::msrv().ok_or("Cargo.toml states no rust-version".to_owned())?;
    let toolchain = format!("{version}.0");
    tools::toolchain(&toolchain)?;
    for features in ["", "alloc", "full"] {
        let mut command = cargo_of(&toolchain, &["check", "--quiet", "--package", "creel"]);
        command.args(["--lib", "--no-default-features", "--features", features]);
        log.run(command.env("CARGO_TARGET_DIR", repo::target().join("msrv")))?;
    }
    Ok(format!("Rust {toolchain}"))
}
