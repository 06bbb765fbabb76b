//! How much a page has to download, and how large a component is.

use super::Trouble;
use crate::bench::wasi::small_size;
use crate::hosts::{self, Context, Host, Source};
use crate::shell::{Log, capture};
use crate::tools;
use std::path::Path;
use std::process::Command;

/// Two tasks, a sleep and a channel: the bytes of wasm and of JavaScript together, after `wasm-opt -Oz`
/// and gzip.
const BUDGET: usize = 17_970;

const MINIMAL: Source<'static> = Source {
    package: "creel-web-benches",
    kind: "--bin",
    features: |_| "",
    entry: Some("minimal"),
    profile: Some("small"),
};

/// The same program on wasm-bindgen-futures, gloo-timers and futures-channel.
const PEER: Source<'static> = Source { entry: Some("minimal_peer"), ..MINIMAL };

pub fn web(log: &mut Log) -> Result<String, Trouble> {
    let (wasm, script) = page_size(MINIMAL, log)?;
    let (peers_wasm, peers_script) = page_size(PEER, log)?;
    let note = format!(
        "{wasm} bytes of wasm and {script} of JavaScript, of {BUDGET}; wasm-bindgen-futures takes \
         {peers_wasm} and {peers_script}"
    );
    if wasm + script > BUDGET { Err(note.into()) } else { Ok(note) }
}

/// What a page downloads to run a program: wasm and JavaScript.
fn page_size(source: Source<'_>, log: &mut Log) -> Result<(usize, usize), Trouble> {
    let (node, wasm_opt) = (tools::node()?, tools::wasm_opt()?);
    // Whatever runs it is not asked for.
    let program = hosts::build(Host::Chromium(Context::Window), source, log)?;
    let folder = program.path().parent().expect("it is in a folder");
    let small = folder.join("small.wasm");
    let mut optimise = Command::new(&node);
    optimise.arg(wasm_opt).args(["-Oz", "--strip-producers", "--strip-target-features"]);
    log.run(optimise.arg(folder.join("program_bg.wasm")).arg("-o").arg(&small))?;
    loads(&node, &small)?;
    Ok((zipped(&node, &small)?, zipped(&node, program.path())?))
}

/// Whether it is what an engine takes: `wasm-opt` knows encodings that no engine has yet.
fn loads(node: &Path, wasm: &Path) -> Result<(), String> {
    let code = "new WebAssembly.Module(require('fs').readFileSync(process.argv[1]))";
    capture(Command::new(node).args(["-e", code]).arg(wasm)).map(drop)
}

/// An echo on preview 2, after jco's `opt` and without names.
const ECHO_BUDGET: u64 = 105_150;

const ECHO: Source<'static> = Source {
    package: "creel-components",
    kind: "--bin",
    features: |_| "",
    entry: Some("echo"),
    profile: Some("small"),
};

/// A service on preview 3, which may have sockets and makes none: it shall not hold them.
const SERVICE_BUDGET: u64 = 201_700;

const SERVICE: Source<'static> =
    Source { kind: "--example", features: |_| "p3", entry: Some("http_p3"), ..ECHO };

pub fn wasi(log: &mut Log) -> Result<String, Trouble> {
    let echo = small_size(hosts::build(Host::Wasip2, ECHO, log)?.path(), log)?;
    let service = small_size(hosts::build(Host::Wasip3, SERVICE, log)?.path(), log)?;
    let note = format!(
        "an echo of {echo} bytes of {ECHO_BUDGET}, a service on preview 3 of {service} of \
         {SERVICE_BUDGET}"
    );
    if echo > ECHO_BUDGET || service > SERVICE_BUDGET { Err(note.into()) } else { Ok(note) }
}

/// The size of a file after gzip.
pub fn zipped(node: &Path, file: &Path) -> Result<usize, String> {
    let code = "const { gzipSync } = require('zlib'); const { readFileSync } = require('fs');
        console.log(gzipSync(readFileSync(process.argv[1]), { level: 9 }).length)";
    let size = capture(Command::new(node).args(["-e", code]).arg(file))?;
    size.trim().parse().map_err(|_| format!("the size of {}: {size}", file.display()))
}
