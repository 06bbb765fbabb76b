//! The four hosts, and how a program is built for each and started on it.

use crate::shell::{self, Log};
use crate::steps::Trouble;
use crate::{repo, tools};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A thread of this machine.
    Native,
    /// A clock by which every poll takes long.
    SlowMachine,
    /// The deterministic simulator.
    Simulator,
    /// Node, as wasm32-unknown-unknown.
    Node,
    /// The same program in headless Chromium.
    Chromium(Context),
    /// A page or worker in Chromium, and a program whose workers share its memory.
    Threads(Context),
    /// The same program in Node.
    NodeThreads,
    /// WASI preview 1.
    Wasi,
    /// WASI preview 2.
    Wasip2,
    /// WASI preview 2 on Node, by jco.
    Jco,
    /// WASI preview 3, whose host drives: the program is a library by its crate type.
    Wasip3,
}

/// Where in a browser a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// On the main thread of a page.
    Window,
    /// In a dedicated worker.
    Worker,
    /// In a worker that several pages may share.
    SharedWorker,
    /// In a worker that stands between pages and the network.
    ServiceWorker,
}

impl Context {
    /// The name that `browser.mjs` knows.
    fn name(self) -> &'static str {
        match self {
            Context::Window => "window",
            Context::Worker => "worker",
            Context::SharedWorker => "shared-worker",
            Context::ServiceWorker => "service-worker",
        }
    }
}

impl Host {
    /// Those that can read a file and print.
    pub const ALL: [Host; 4] = [Host::Native, Host::Node, Host::Wasi, Host::Simulator];

    /// The name, which is also that of the program's entry for it.
    pub fn name(self) -> &'static str {
        match self {
            Host::Native => "native",
            Host::SlowMachine => "slow_machine",
            Host::Simulator => "simulator",
            Host::Node | Host::Chromium(_) | Host::Threads(_) | Host::NodeThreads => "node",
            Host::Wasi | Host::Wasip2 | Host::Jco => "wasi",
            Host::Wasip3 => "wasip3",
        }
    }

    /// Whether its programs share their memory with their workers.
    pub fn has_threads(self) -> bool {
        matches!(self, Host::Threads(_) | Host::NodeThreads)
    }

    /// The target that a program for this host is compiled to; `None` is this machine.
    fn target(self) -> Option<&'static str> {
        match self {
            Host::Native | Host::SlowMachine | Host::Simulator => None,
            Host::Node | Host::Chromium(_) | Host::Threads(_) | Host::NodeThreads => {
                Some("wasm32-unknown-unknown")
            }
            Host::Wasi => Some("wasm32-wasip1"),
            Host::Wasip2 | Host::Jco | Host::Wasip3 => Some("wasm32-wasip2"),
        }
    }
}

/// What to build: a package's entry for one host, named after it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The package.
    pub package: &'a str,
    /// `--bin` or `--test`.
    pub kind: &'a str,
    /// The features for a host.
    pub features: fn(Host) -> &'static str,
    /// The entry, if it is not named after the host.
    pub entry: Option<&'static str>,
    /// How it is optimised, if not as usual: a profile of cargo's.
    pub profile: Option<&'static str>,
}

/// A program that is built and can be started.
pub struct Program {
    path: PathBuf,
    starter: Starter,
}

enum Starter {
    Itself,
    Node(PathBuf),
    Chromium { node: PathBuf, chromium: PathBuf, context: Context },
    Wasi(tools::Wasi),
}

impl Program {
    /// What runs it, as a reader would say.
    pub fn described(&self) -> String {
        match &self.starter {
            Starter::Itself => String::new(),
            Starter::Node(node) => {
                let version = shell::capture(Command::new(node).arg("--version"));
                version.unwrap_or_default().trim().to_owned()
            }
            Starter::Chromium { chromium, .. } => {
                let version = shell::capture(Command::new(chromium).arg("--version"));
                let version = version.unwrap_or_default();
                version.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
            }
            Starter::Wasi(host) => host.name().to_owned(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command that starts it.
    pub fn command(&self) -> Command {
        match &self.starter {
            Starter::Itself => Command::new(&self.path),
            Starter::Node(node) => {
                let mut command = Command::new(node);
                command.arg("--import").arg(script("node.mjs")).arg(&self.path);
                command
            }
            Starter::Chromium { node, chromium, context } => {
                let mut command = Command::new(node);
                command.arg(script("browser.mjs")).arg(chromium).arg(context.name());
                command.arg(self.path.parent().expect("it is in a folder"));
                command
            }
            Starter::Wasi(host) => host.command(&self.path),
        }
    }
}

/// A program of Node's that stands beside the tests.
fn script(name: &str) -> PathBuf {
    repo::root().join("tests/hosts/js").join(name)
}

/// Builds `source` for `host`.
pub fn build(host: Host, source: Source<'_>, log: &mut Log) -> Result<Program, Trouble> {
    // The tools first: without them the build would be for nothing.
    if host.has_threads() {
        tools::sources("nightly")?;
    }
    let starter = match host {
        Host::Native | Host::SlowMachine | Host::Simulator => Starter::Itself,
        Host::Node | Host::NodeThreads => Starter::Node(tools::node()?),
        Host::Chromium(context) | Host::Threads(context) => {
            Starter::Chromium { node: tools::node()?, chromium: tools::chromium()?, context }
        }
        Host::Wasi => Starter::Wasi(tools::wasi()?),
        Host::Jco => Starter::Wasi(tools::Wasi::Jco(tools::jco()?)),
        Host::Wasip2 | Host::Wasip3 => Starter::Wasi(tools::Wasi::Wasmtime(tools::wasmtime()?)),
    };
    if let Some(target) = host.target() {
        tools::target(target)?;
    }
    let built = compile(host, source, log)?;
    let path = match host {
        Host::Node => bind(&built, source, "nodejs", log)?,
        Host::Chromium(_) => bind(&built, source, "web", log)?,
        Host::Threads(_) | Host::NodeThreads => {
            let target = if host == Host::NodeThreads { "nodejs" } else { "web" };
            bind(&built, Source { package: "creel-threads", ..source }, target, log)?
        }
        _ => built,
    };
    Ok(Program { path, starter })
}

fn compile(host: Host, source: Source<'_>, log: &mut Log) -> Result<PathBuf, String> {
    let action: &[&str] = if source.kind == "--test" { &["test", "--no-run"] } else { &["build"] };
    let mut command = if host.has_threads() { with_threads(action) } else { shell::cargo(action) };
    command.args(["--quiet", "--message-format", "json-render-diagnostics"]);
    let entry = source.entry.unwrap_or(host.name());
    command.args(["--package", source.package, source.kind, entry]);
    command.args(["--no-default-features", "--features", (source.features)(host)]);
    if let Some(profile) = source.profile {
        command.args(["--profile", profile]);
    }
    if let Some(target) = host.target() {
        command.args(["--target", target]);
    }
    let built = log.run_apart(&mut command)?;
    if !built.succeeded {
        return Err(format!("{}\n{}", shell::shown(&command), shell::tail(&built.err, 60)));
    }
    built
        .out
        .lines()
        .rev()
        .find_map(if host == Host::Wasip3 { library } else { executable })
        .ok_or_else(|| format!("{} built nothing", shell::shown(&command)))
}

/// A cargo command whose programs share their memory with their workers: the standard library is
/// built along, for that of the toolchain has no atomics on this target.
fn with_threads(action: &[&str]) -> Command {
    let mut flags = "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals \
                     -Clink-arg=--shared-memory -Clink-arg=--import-memory \
                     -Clink-arg=--max-memory=1073741824"
        .to_owned();
    for name in ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base", "__heap_base"] {
        flags += &format!(" -Clink-arg=--export={name}");
    }
    let mut command = shell::cargo_of("nightly", action);
    command.arg("-Zbuild-std=std,panic_abort").env("RUSTFLAGS", flags);
    command.env("CARGO_TARGET_DIR", repo::target().join("threads"));
    command
}

/// The path in a message of cargo that says what it built.
fn executable(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once("\"executable\":\"")?;
    let (path, _) = rest.split_once('"')?;
    Some(PathBuf::from(path.replace("\\\\", "\\")))
}

/// The path of a library of the type `cdylib` in such a message.
fn library(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once("\"filenames\":[\"")?;
    let (path, _) = rest.split_once('"')?;
    path.ends_with(".wasm").then(|| PathBuf::from(path.replace("\\\\", "\\")))
}

/// Gives a wasm program its JavaScript half.
fn bind(wasm: &Path, source: Source<'_>, target: &str, log: &mut Log) -> Result<PathBuf, Trouble> {
    let folder = repo::scratch().join(format!("{}-{target}", source.package));
    let mut command = Command::new(tools::wasm_bindgen()?);
    command.args(["--target", target, "--no-typescript", "--out-name", "program", "--out-dir"]);
    log.run(command.arg(&folder).arg(wasm))?;
    if target == "nodejs" {
        // Whatever a `package.json` in a folder above says, this is what the tool has written.
        say_type(&folder, "commonjs")?;
        let snippets = folder.join("snippets");
        if snippets.exists() {
            say_type(&snippets, "module")?;
        }
    }
    Ok(folder.join("program.js"))
}

/// Says to Node what the JavaScript in a folder is.
fn say_type(folder: &Path, kind: &str) -> Result<(), String> {
    let package = folder.join("package.json");
    let written = std::fs::write(&package, format!(r#"{{ "type": "{kind}" }}"#));
    written.map_err(|error| format!("{}: {error}", package.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_in_cargos_message() {
        let message = r#"{"reason":"compiler-artifact","executable":"/a/b.wasm","fresh":true}"#;
        assert_eq!(executable(message), Some(PathBuf::from("/a/b.wasm")));
        assert_eq!(executable(r#"{"executable":null}"#), None);
    }
}
