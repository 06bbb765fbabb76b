//! Every interleaving of small models (loom), and undefined behaviour in whole programs (Miri).

use super::source::passed;
use super::{Trouble, conformance};
use crate::hosts::Host;
use crate::shell::{Log, cargo, cargo_of, tail};
use crate::{repo, tools};
use std::process::Command;

type Verdict = Result<String, Trouble>;

/// The name of the model with a planted bug; it stands in `src/atomic/mod.rs`.
const CANARY: &str = "loom_canary";

/// A loom that explores nothing passes everything. So first a bug that it must find.
pub fn canary(log: &mut Log) -> Verdict {
    let text = log.run(&mut loom_command(CANARY))?;
    if passed(&text) == "1 passed" {
        Ok("the planted bug was found".to_owned())
    } else {
        Err(format!("no test named {CANARY} ran, or it found nothing").into())
    }
}

pub fn loom(log: &mut Log) -> Verdict {
    let text = log.run(&mut loom_command("loom_"))?;
    match passed(&text).as_str() {
        "0 passed" | "1 passed" => Err("there are no models".to_owned().into()),
        note => Ok(note.to_owned()),
    }
}

fn loom_command(filter: &str) -> Command {
    let mut command = cargo(&["test", "--release", "--package", "creel", "--lib"]);
    // With dumps, which take tasks that others wake.
    command.args(["--features", "full,dump", filter]);
    command.env("RUSTFLAGS", "--cfg loom").env("LOOM_MAX_PREEMPTIONS", "2");
    command.env("CARGO_TARGET_DIR", repo::target().join("loom"));
    command
}

/// One seed: Miri is some hundred times slower than the machine.
pub fn miri(log: &mut Log) -> Verdict {
    tools::miri()?;
    let mut command = cargo_of("nightly", &["miri", "test", "--quiet", "--package", "creel"]);
    command.args(["--no-default-features", "--features", "full", "--test", "simulator"]);
    command.args(["--", "--seeds", "1"]).env("CARGO_TARGET_DIR", repo::target().join("miri"));
    let ran = log.run_apart(&mut command)?;
    if !ran.succeeded {
        let last = ran.out.lines().next_back().unwrap_or_default();
        return Err(format!("{last}\n{}", tail(&ran.err, 60)).into());
    }
    conformance::compare(Host::Simulator, &ran.out)
}

/// In how many orders Miri runs the threads: one seed misses what another finds.
const SEEDS: usize = 4;

pub fn miri_collections(log: &mut Log) -> Verdict {
    tools::miri()?;
    let mut command = cargo_of("nightly", &["miri", "test", "--quiet", "--package", "creel"]);
    command.args(["--no-default-features", "--features", "std", "--test", "collections"]);
    command.env("MIRIFLAGS", format!("-Zmiri-strict-provenance -Zmiri-many-seeds=0..{SEEDS}"));
    command.env("CARGO_TARGET_DIR", repo::target().join("miri"));
    let ran = log.run_apart(&mut command)?;
    if !ran.succeeded {
        return Err(format!("{}\n{}", tail(&ran.out, 20), tail(&ran.err, 60)).into());
    }
    Ok(format!("{SEEDS} seeds"))
}
