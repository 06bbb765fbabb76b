//! Components under wasmtime, driven over loopback by a native program.

use super::{Trouble, source::passed};
use crate::hosts::{self, Host, Source};
use crate::server::Server;
use crate::shell::{Log, cargo};
use crate::{repo, tools};
use std::path::PathBuf;
use std::process::Command;

type Verdict = Result<String, Trouble>;

const PACKAGE: &str = "creel-components";
const TARGET: &str = "wasm32-wasip2";
const PREVIEW1: &str = "wasm32-wasip1";

/// Many connections at once to an echo: half as many, and as many, as wasmtime tells of in one answer,
/// one less, and more.
pub fn echo(log: &mut Log) -> Verdict {
    echo_of("echo", log)
}

/// The same on preview 3.
pub fn echo_p3(log: &mut Log) -> Verdict {
    echo_of("examples/echo_p3", log)
}

fn echo_of(component: &str, log: &mut Log) -> Verdict {
    let programs = Programs::build(log)?;
    // A host that lends no network says so at the first call.
    let mut wasmtime = Command::new(&programs.wasmtime);
    wasmtime.args(["run", "-S", "inherit-network=n"]).arg(programs.component(component));
    let refused = log.run_apart(wasmtime.arg("0"))?;
    if refused.succeeded || !refused.err.contains("PermissionDenied") {
        return Err(format!("without a network it does not say so:\n{}", refused.err).into());
    }
    let mut wasmtime = Command::new(&programs.wasmtime);
    wasmtime.args(["run", "-S", "inherit-network=y,tcp=y"]).arg(programs.component(component));
    let server = programs.start(component, wasmtime.arg("0"))?;
    for (connections, requests) in
        [("64", "100"), ("65", "50"), ("127", "50"), ("128", "50"), ("256", "50"), ("600", "10")]
    {
        log.run(programs.load().args(["echo", &server.address, connections, requests]))?;
    }
    Ok("64, 65, 127, 128, 256 and 600 connections".to_owned())
}

/// What a host reports, by the tables and as it comes: with a network and a folder, then without.
pub fn errors(log: &mut Log) -> Verdict {
    const TESTS: Source<'static> = Source {
        package: "creel",
        kind: "--test",
        features: |_| "std,macros,wasip3,wasi-http,fs,net",
        entry: Some("wasi_errors"),
        profile: None,
    };
    let program = hosts::build(Host::Wasip2, TESTS, log)?;
    let folder = repo::scratch().join("lent");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let wasmtime = || -> Result<Command, Trouble> {
        let mut wasmtime = Command::new(tools::wasmtime()?);
        // A component that can speak HTTP starts where the host can.
        wasmtime.args(["run", "-S", "http=y"]);
        Ok(wasmtime)
    };
    let mut lent = wasmtime()?;
    lent.args(["-S", tools::NETWORK, "--dir", &format!("{}::scratch", folder.display())]);
    let text = log.run(lent.arg(program.path()).args(["--skip", "withheld"]))?;
    let mut withheld = wasmtime()?;
    withheld.arg(program.path());
    // Preview 1 has no sockets that could fail: the compiler says where there are some.
    tools::target(PREVIEW1)?;
    let check = ["check", "--quiet", "--package", PACKAGE, "--bin", "echo", "--target", PREVIEW1];
    let refused = log.run_apart(&mut cargo(&check))?;
    let why = ["unresolved import `creel::net`", "target_env = \"p2\""];
    if refused.succeeded || why.iter().any(|why| !refused.err.contains(why)) {
        return Err(format!("the compiler does not say {why:?}:\n{}", refused.err).into());
    }
    Ok(format!("{}; withheld: {}", passed(&text), passed(&log.run(withheld.arg("withheld"))?)))
}

/// A program that waits for nothing at all ends, and says why: a host would end it without.
pub fn stuck(log: &mut Log) -> Verdict {
    stuck_of("stuck", "deadlock: every task waits for another", log)
}

/// The same on preview 3, in the words of the bindings: they alone know that nothing of the host's is waited
/// for.
pub fn stuck_p3(log: &mut Log) -> Verdict {
    stuck_of("examples/stuck_p3", "cannot sleep waiting only on Rust-originating events", log)
}

fn stuck_of(component: &str, why: &str, log: &mut Log) -> Verdict {
    let programs = Programs::build(log)?;
    let mut wasmtime = Command::new(&programs.wasmtime);
    let ran = log.run_apart(wasmtime.arg("run").arg(programs.component(component)))?;
    if ran.succeeded || !ran.err.contains(why) {
        return Err(format!("it does not say `{why}`:\n{}", ran.err).into());
    }
    Ok(format!("`{why}`"))
}

/// hyper on creel's sockets. Its answers have a head and a body: if they went out as two packets, the
/// second would wait for the client's delayed acknowledgement of the first, for 40 ms.
pub fn hyper(log: &mut Log) -> Verdict {
    const REQUESTS: &str = "1000";
    // At most 25 a second with the stall, and thousands without.
    const ENOUGH: f64 = 200.0;
    let programs = Programs::build(log)?;
    let mut wasmtime = Command::new(&programs.wasmtime);
    wasmtime.args(["run", "-S", "inherit-network=y,tcp=y"]).arg(programs.component("hyper"));
    let server = programs.start("hyper", wasmtime.arg("0"))?;
    let said = log.run(programs.load().args(["http", &server.address, "1", REQUESTS]))?;
    let said = said.trim();
    let a_second: f64 = said.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    if a_second < ENOUGH { Err(format!("stalls: {said}").into()) } else { Ok(said.to_owned()) }
}

/// A component that serves HTTP, by an instance for each request and by one for many. An instance has one
/// request at a time, so a handler that nothing can wake ends with a reason.
pub fn http(log: &mut Log) -> Verdict {
    let stuck = |programs: &Programs, server: &Server, log: &mut Log| {
        let got = log.run(programs.load().args(["get", &server.address, "/wait"]))?;
        let why = "deadlock: every task waits for another";
        if got.starts_with("500") && server.says(why) {
            return Ok(());
        }
        Err(format!("/wait: {got} instead of 500, or no `{why}`:\n{}", server.text()).into())
    };
    http_of("creel_components", FOR_ONE, stuck, log)?;
    http_of("creel_components", FOR_MANY, stuck, log)
}

/// The same on preview 3. There an instance for many has several at a time, so a handler that waits for another
/// request, also a later one, is not stuck.
pub fn http_p3(log: &mut Log) -> Verdict {
    let called = |programs: &Programs, server: &Server, log: &mut Log| {
        let got = log.run(programs.load().args(["call", &server.address, "/wait", "/call"]))?;
        if got.starts_with("200 was called") { Ok(()) } else { Err(format!("/wait: {got}").into()) }
    };
    http_of("examples/http_p3", FOR_ONE, |_, _, _| Ok(()), log)?;
    http_of("examples/http_p3", FOR_MANY, called, log)
}

/// How many requests an instance is for.
const FOR_ONE: &str = "1";
const FOR_MANY: &str = "1000000";

fn http_of(
    component: &str,
    requests: &str,
    waits: impl FnOnce(&Programs, &Server, &mut Log) -> Result<(), Trouble>,
    log: &mut Log,
) -> Verdict {
    let programs = Programs::build(log)?;
    let mut wasmtime = Command::new(&programs.wasmtime);
    wasmtime.args(["serve", "-S", "cli=y", "--addr", "127.0.0.1:0"]);
    wasmtime.args(["--max-instance-reuse-count", requests]);
    let server = programs.start(component, wasmtime.arg(programs.component(component)))?;
    let expected = [
        ("/", "200 hello"),
        ("/accept", "200 GET Some(\"text/plain\")"),
        ("/sleep", "200 slept"),
        ("/tasks", "200 3 true"),
        ("/later", "200 now"),
        ("/never", "200 now"),
        ("/elsewhere", "404 nothing here"),
    ];
    for (path, answer) in expected {
        let got = log.run(programs.load().args(["get", &server.address, path]))?;
        if !got.trim_end().ends_with(answer) {
            return Err(format!("{path}: {got} instead of {answer}").into());
        }
    }
    let failed = log.run(programs.load().args(["get", &server.address, "/error"]))?;
    if !failed.contains("500 ") {
        return Err(format!("/error: {failed} instead of 500").into());
    }
    for path in ["/echo", "/raw"] {
        log.run(programs.load().args(["post", &server.address, path, "1000000"]))?;
    }
    // On preview 3 one instance serves several at a time, here for each other's turn.
    for path in ["/", "/queue"] {
        log.run(programs.load().args(["http", &server.address, "16", "50", path]))?;
    }
    waits(&programs, &server, log)?;
    let lines =
        ["done after the response", "this path fails on purpose", "given up after the response"];
    for line in lines {
        if !server.says(line) {
            return Err(format!("the server did not say `{line}`:\n{}", server.text()).into());
        }
    }
    Ok("answers, streams, tasks that outlive the response".to_owned())
}

/// A thousand requests at once, with timeouts and cancellation, leave nothing in the host's table.
pub fn requests(log: &mut Log) -> Verdict {
    requests_of("requests", log)
}

/// The same on preview 3.
pub fn requests_p3(log: &mut Log) -> Verdict {
    requests_of("examples/requests_p3", log)
}

fn requests_of(component: &str, log: &mut Log) -> Verdict {
    let programs = Programs::build(log)?;
    let server = programs.start("serve", programs.load().arg("serve"))?;
    let component = programs.component(component);
    let mut witness = host_program("witness", log)?;
    Ok(log.run(witness.arg("handles").arg(component).arg(&server.address))?.trim().to_owned())
}

/// What a message costs does not depend on who else waits; counted, not timed.
pub fn waiters(log: &mut Log) -> Verdict {
    waiters_of("waiters", log)
}

/// The same on preview 3.
pub fn waiters_p3(log: &mut Log) -> Verdict {
    waiters_of("examples/waiters_p3", log)
}

fn waiters_of(component: &str, log: &mut Log) -> Verdict {
    let component = Programs::build(log)?.component(component);
    let mut witness = host_program("witness", log)?;
    let text = log.run(witness.arg("events").arg(component))?;
    Ok(text.lines().last().unwrap_or_default().to_owned())
}

/// A thousand timers and ten thousand, all of which fire.
pub fn timers(log: &mut Log) -> Verdict {
    timers_of("timers", log)
}

/// The same on preview 3.
pub fn timers_p3(log: &mut Log) -> Verdict {
    timers_of("examples/timers_p3", log)
}

fn timers_of(component: &str, log: &mut Log) -> Verdict {
    let component = Programs::build(log)?.component(component);
    let mut witness = host_program("witness", log)?;
    let text = log.run(witness.arg("timers").arg(component))?;
    Ok(text.trim().replace('\n', "; "))
}

/// A native program on creel hosts a module on creel.
pub fn host(log: &mut Log) -> Verdict {
    let module = build_reactor(log)?;
    let mut host = host_program("creel-host", log)?;
    Ok(log.run(host.arg(module))?.trim().to_owned())
}

/// A program of `examples/host`. Built apart from everything else, and kept outside of the clone:
/// wasmtime as a library takes minutes to compile.
fn host_program(name: &str, log: &mut Log) -> Result<Command, String> {
    let manifest = repo::root().join("examples/host/Cargo.toml");
    let target = tools::folder().join("host-target");
    let mut build = cargo(&["build", "--quiet", "--bin", name, "--manifest-path"]);
    log.run(build.arg(manifest).env("CARGO_TARGET_DIR", &target))?;
    Ok(Command::new(target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))))
}

/// Node's event loop drives a module that has no loop of its own.
pub fn reactor(log: &mut Log) -> Verdict {
    let node = tools::node()?;
    let module = build_reactor(log)?;
    let script = repo::root().join("xtask/hosts/reactor.mjs");
    let mut command = Command::new(node);
    let text = log.run(command.arg("--no-warnings").arg(script).arg(module))?;
    Ok(text.trim().to_owned())
}

/// The example that is such a module.
fn build_reactor(log: &mut Log) -> Result<PathBuf, Trouble> {
    tools::target(PREVIEW1)?;
    let what = ["build", "--quiet", "--package", "creel", "--example", "wasi_reactor"];
    let how = ["--no-default-features", "--features", "wasi", "--target", PREVIEW1];
    log.run(cargo(&what).args(how))?;
    Ok(repo::target().join(PREVIEW1).join("debug/examples/wasi_reactor.wasm"))
}

/// The components, what runs them, and what drives them.
struct Programs {
    wasmtime: PathBuf,
}

impl Programs {
    fn build(log: &mut Log) -> Result<Self, Trouble> {
        let wasmtime = tools::wasmtime()?;
        tools::target(TARGET)?;
        let build = ["build", "--quiet", "--package", PACKAGE];
        let everything = ["--lib", "--bins", "--examples", "--features", "p3,hyper"];
        log.run(cargo(&build).args(everything).args(["--target", TARGET]))?;
        log.run(cargo(&build).args(["--bin", "load", "--features", "native"]))?;
        Ok(Self { wasmtime })
    }

    fn component(&self, name: &str) -> PathBuf {
        repo::target().join(TARGET).join("debug").join(name).with_extension("wasm")
    }

    fn load(&self) -> Command {
        let name = format!("load{}", std::env::consts::EXE_SUFFIX);
        Command::new(repo::target().join("debug").join(name))
    }

    fn start(&self, name: &str, command: &mut Command) -> Result<Server, String> {
        Server::start(command, repo::scratch().join(format!("wasi-{}.out", name.replace('/', "-"))))
    }
}
