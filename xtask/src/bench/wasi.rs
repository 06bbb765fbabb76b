//! `cargo xtask bench wasi`: programs on creel under wasmtime, beside the same programs on wstd, on tokio, on
//! the bindings of preview 3 and on a loop by hand; a native program drives them over loopback.
//!
//! The package `benches/wasi` is a workspace of its own, so nobody builds the peers who does not ask for
//! them. Each peer has its turn in every round, and the best of all rounds counts.

use crate::server::Server;
use crate::shell::{Log, capture, cargo};
use crate::steps::Trouble;
use crate::{repo, tools};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TARGET: &str = "wasm32-wasip2";

/// The columns, each with the name of its programs behind the underscore.
const PEERS: [(&str, &str); 6] = [
    ("creel, preview 2", "creel"),
    ("by hand, 2", "hand"),
    ("wstd, 2", "wstd"),
    ("tokio, 2", "tokio"),
    ("creel, preview 3", "creel_p3"),
    ("wit-bindgen, 3", "wasip3"),
];

const ROUNDS: usize = 5;

/// A program that has not ended by then never does.
const LIMIT: Duration = Duration::from_secs(20);

/// Has wasmtime clear the pages of an instance that has ended in place of giving them back.
const PAGES_KEPT: [&str; 6] = [
    "-O",
    "pooling-memory-keep-resident=2097152",
    "-O",
    "pooling-table-keep-resident=4096",
    "-O",
    "pooling-pagemap-scan=auto",
];

/// Connections, and requests on each of them.
const LOADS: [(&str, &str); 3] = [("1", "4000"), ("16", "500"), ("64", "150")];

/// Prints the rows of `parts`, or all: `echo`, `http`, `timers`, `spawns`, `sizes`.
pub fn run(parts: &[String]) -> Result<(), Trouble> {
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|word| word == part);
    let mut log = Log::create("bench-wasi")?;
    let programs = Programs::build(&mut log)?;
    println!("| | {} |", PEERS.map(|(name, _)| name).join(" | "));
    println!("|---|{}", "---|".repeat(PEERS.len()));
    if wanted("echo") {
        programs.serve("echo", "TCP, 64 bytes", &["run", "-S", "inherit-network=y,tcp=y"])?;
    }
    if wanted("http") {
        let host = ["serve", "-S", "cli=y", "--addr", "127.0.0.1:0"];
        programs.serve("http", "HTTP", &host)?;
        let reused = [&host[..], &["--max-instance-reuse-count", "1000000"]].concat();
        programs.serve("http", "HTTP, instances reused", &reused)?;
        programs.serve("http", "HTTP, pages kept", &[&host[..], &PAGES_KEPT].concat())?;
    }
    if wanted("timers") {
        programs.figures("timers", "4,000 timers of 1 to 10 ms, ms");
    }
    if wanted("spawns") {
        programs.figures("spawns", "a task started and awaited, ns");
    }
    if wanted("sizes") { programs.sizes(&mut log) } else { Ok(()) }
}

struct Programs {
    wasmtime: PathBuf,
    load: PathBuf,
    built: PathBuf,
}

/// How to start a side of so many connections. With one, both sides stay on one processor: else the
/// processors that the system happens to choose decide everything.
fn placed(connections: &str, program: &Path) -> Command {
    if connections != "1" || !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0"]).arg(program);
    command
}

impl Programs {
    fn build(log: &mut Log) -> Result<Self, Trouble> {
        let wasmtime = tools::wasmtime()?;
        tools::target(TARGET)?;
        build("release", log)?;
        let load =
            ["build", "--quiet", "--release", "--package", "creel-components", "--bin", "load"];
        log.run(cargo(&load).args(["--features", "native"]))?;
        let load =
            repo::target().join("release").join(format!("load{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { wasmtime, load, built: folder("release") })
    }

    /// The rows of a service: requests a second, and the processor's time that one takes.
    fn serve(&self, service: &str, title: &str, host: &[&str]) -> Result<(), Trouble> {
        for (connections, requests) in LOADS {
            let mut servers = Vec::new();
            for (_, peer) in PEERS {
                let Some(component) = self.component(&self.built, service, peer) else {
                    servers.push(None);
                    continue;
                };
                let mut command = placed(connections, &self.wasmtime);
                command.args(host).arg(component);
                let written = repo::scratch().join(format!("bench-{service}-{peer}.out"));
                servers.push(Some(Server::start(&mut command, written)?));
            }
            let mut best = [(0.0_f64, f64::INFINITY); PEERS.len()];
            for _ in 0..ROUNDS {
                for (server, best) in servers.iter().zip(&mut best) {
                    let Some(server) = server else { continue };
                    let (a_second, cpu) = self.drive(server, service, connections, requests)?;
                    *best = (best.0.max(a_second), best.1.min(cpu));
                }
            }
            let cells = best.map(|(a_second, cpu)| {
                if a_second == 0.0 {
                    return String::new();
                }
                let cpu = if cpu.is_finite() { format!(", {cpu:.1} us") } else { String::new() };
                format!("{:.1}k/s{cpu}", a_second / 1000.0)
            });
            let s = if connections == "1" { "" } else { "s" };
            println!("| {title}, {connections} connection{s} | {} |", cells.join(" | "));
        }
        Ok(())
    }

    /// Requests a second, and microseconds of the server's processor for each.
    fn drive(
        &self,
        server: &Server,
        service: &str,
        connections: &str,
        requests: &str,
    ) -> Result<(f64, f64), Trouble> {
        let before = server.cpu();
        let arguments = [service, &server.address, connections, requests];
        let text = capture(placed(connections, &self.load).args(arguments))?;
        let spent = server.cpu().zip(before).map(|(after, before)| after.saturating_sub(before));
        let count: f64 = [connections, requests].iter().map(|n| n.parse().unwrap_or(1.0)).product();
        let cpu = spent.map_or(f64::INFINITY, |spent| spent.as_secs_f64() * 1e6 / count);
        Ok((number_before_its_unit(&text, 3).unwrap_or(0.0), cpu))
    }

    /// The row of programs that measure by themselves.
    fn figures(&self, program: &str, title: &str) {
        let mut best: [Option<f64>; PEERS.len()] = [None; PEERS.len()];
        for round in 0..ROUNDS {
            for ((_, peer), best) in PEERS.iter().zip(&mut best) {
                let Some(component) = self.component(&self.built, program, peer) else { continue };
                // Who never ended will not.
                if round > 0 && best.is_none() {
                    continue;
                }
                let figure = self.figure(&component);
                *best = figure.map(|figure| best.unwrap_or(figure).min(figure)).or(*best);
            }
        }
        let cells: Vec<String> = PEERS
            .iter()
            .zip(best)
            .map(|((_, peer), best)| match best {
                Some(figure) => format!("{figure:.1}"),
                None if self.component(&self.built, program, peer).is_none() => String::new(),
                None => format!("none in {} s", LIMIT.as_secs()),
            })
            .collect();
        println!("| {title} | {} |", cells.join(" | "));
    }

    fn figure(&self, component: &Path) -> Option<f64> {
        let mut command = Command::new(&self.wasmtime);
        command.arg("run").arg(component).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().ok()?;
        let began = Instant::now();
        while child.try_wait().ok()?.is_none() {
            if began.elapsed() > LIMIT {
                child.kill().ok()?;
                child.wait().ok()?;
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let text = String::from_utf8(child.wait_with_output().ok()?.stdout).ok()?;
        number_before_its_unit(&text, 1)
    }

    /// The rows of sizes, of programs that are built to be small.
    fn sizes(&self, log: &mut Log) -> Result<(), Trouble> {
        build("small", log)?;
        for (service, title) in
            [("echo", "the TCP component, kB"), ("http", "the HTTP component, kB")]
        {
            let mut cells = Vec::new();
            for (_, peer) in PEERS {
                let component = self.component(&folder("small"), service, peer);
                cells.push(match component {
                    Some(component) => {
                        format!("{:.1}", small_size(&component, log)? as f64 / 1000.0)
                    }
                    None => String::new(),
                });
            }
            println!("| {title} | {} |", cells.join(" | "));
        }
        Ok(())
    }

    /// A command, or a library by its crate type.
    fn component(&self, folder: &Path, program: &str, peer: &str) -> Option<PathBuf> {
        let name = format!("{program}_{peer}.wasm");
        [folder.join(&name), folder.join("examples").join(&name)]
            .into_iter()
            .find(|path| path.is_file())
    }
}

/// The bytes of a component after jco's `opt`, which is Binaryen's `wasm-opt -Oz` for components, and without
/// the names of its parts, which that leaves.
pub fn small_size(component: &Path, log: &mut Log) -> Result<u64, Trouble> {
    let out = component.with_extension("small.wasm");
    let mut optimise = Command::new(tools::node()?);
    optimise.arg(tools::jco()?).arg("opt").arg(component).arg("-o").arg(&out);
    log.run(&mut optimise)?;
    let bytes = std::fs::read(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let custom = custom_sections(&bytes).ok_or_else(|| format!("{}: no wasm", out.display()))?;
    Ok((bytes.len() - custom) as u64)
}

/// How many bytes of a component are in sections that say nothing to an engine.
fn custom_sections(component: &[u8]) -> Option<usize> {
    let mut custom = 0;
    let mut rest = component.get(8..)?;
    while let [id, behind @ ..] = rest {
        // The length of a section, seven bits a byte.
        let digits = behind.iter().position(|byte| byte & 0x80 == 0)? + 1;
        let bits = |length, byte: &u8| length << 7 | usize::from(byte & 0x7f);
        let length = behind[..digits].iter().rev().fold(0, bits);
        rest = behind.get(digits + length..)?;
        custom += if *id == 0 { 1 + digits + length } else { 0 };
    }
    Some(custom)
}

/// Builds the package with a profile: the programs of preview 2, then those of preview 3.
pub fn build(profile: &str, log: &mut Log) -> Result<(), Trouble> {
    let manifest = repo::root().join("benches/wasi/Cargo.toml");
    // Those of preview 2 are not built again with what preview 3 needs.
    for more in [&["--bins", "--examples"][..], &["--example", "*p3", "--features", "p3"]] {
        let mut command = cargo(&["build", "--quiet", "--profile", profile, "--target", TARGET]);
        command.args(more).arg("--manifest-path").arg(&manifest);
        // tokio's word for its sockets here.
        command.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "--cfg tokio_unstable");
        log.run(command.env("CARGO_TARGET_DIR", repo::target().join("wasi-benches")))?;
    }
    Ok(())
}

/// Where the package's programs are.
pub fn folder(profile: &str) -> PathBuf {
    repo::target().join("wasi-benches").join(TARGET).join(profile)
}

/// The number that so many words follow.
fn number_before_its_unit(text: &str, words: usize) -> Option<f64> {
    text.split_whitespace().rev().nth(words)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_for_debuggers_do_not_count() {
        let header = [0; 8];
        let module = [1, 2, 7, 7];
        // 130 bytes, and so two for the length.
        let names = [&[0, 0x82, 1][..], &[9; 130]].concat();
        let component = [&header[..], &module, &names, &module].concat();
        assert_eq!(custom_sections(&component), Some(133));
        assert_eq!(custom_sections(&component[..20]), None);
    }
}
