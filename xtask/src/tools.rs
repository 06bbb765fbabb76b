//! What the commands need beyond cargo: found where it is, installed where it may be, and named
//! with the way to get it where it may not.
//!
//! Everything installed here goes into one folder that all clones share ([`folder`]); targets and
//! toolchains go where rustup keeps them. Nothing else of the machine is changed.

use crate::{repo, shell};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the folder for installed tools.
pub const FOLDER_VARIABLE: &str = "CREEL_TOOLS";

/// The Python package that hosts WASI programs where there is no `wasmtime` command.
const WASMTIME_PACKAGE: &str = "wasmtime==47.0.1";

/// A tool that is not there and could not be installed.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What is missing.
    pub what: String,
    /// A command or place to get it.
    pub get: String,
}

/// A tool, or what to say about its absence.
pub type Found<T> = Result<T, Missing>;

fn missing<T>(what: impl Into<String>, get: impl Into<String>) -> Found<T> {
    Err(Missing { what: what.into(), get: get.into() })
}

/// The folder for installed tools: `$CREEL_TOOLS`, else `creel-tools` in the user's cache.
pub fn folder() -> PathBuf {
    let from = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    if let Some(folder) = from(FOLDER_VARIABLE) {
        return folder.into();
    }
    let cache = from("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| from("LOCALAPPDATA").map(PathBuf::from))
        .or_else(|| from("HOME").map(|home| Path::new(&home).join(".cache")));
    match cache {
        Some(cache) => cache.join("creel-tools"),
        None => repo::root().join(".tools"),
    }
}

/// A command on the PATH that answers `--version` with success.
fn on_path(name: &str) -> Option<String> {
    shell::capture(Command::new(name).arg("--version")).ok()
}

fn announce(what: &str) {
    eprintln!("installing {what} ...");
}

/// Node, new enough for current WebAssembly.
pub fn node() -> Found<PathBuf> {
    const GET: &str = "https://nodejs.org, or `apt-get install nodejs`";
    let Some(version) = on_path("node") else { return missing("node", GET) };
    let major = version.trim().trim_start_matches('v').split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(18..) => Ok("node".into()),
        _ => missing(format!("node 18 or later (this one is {})", version.trim()), GET),
    }
}

/// Chromium or its kin; `CHROMIUM` names another.
pub fn chromium() -> Found<PathBuf> {
    let named = std::env::var_os("CHROMIUM").filter(|value| !value.is_empty());
    if let Some(named) = named {
        return Ok(named.into());
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    match names.into_iter().find(|name| on_path(name).is_some()) {
        Some(name) => Ok(name.into()),
        None => missing("chromium", "`apt-get install chromium`, or CHROMIUM=PATH"),
    }
}

/// npm, for packages of JavaScript.
pub fn npm() -> Found<()> {
    match on_path(if cfg!(windows) { "npm.cmd" } else { "npm" }) {
        Some(_) => Ok(()),
        None => missing("npm", "https://nodejs.org, or `apt-get install npm`"),
    }
}

/// Packages of npm, in a folder of this name among the tools; the answer is its `node_modules`.
fn npm_packages(name: &str, packages: &[&str]) -> Found<PathBuf> {
    npm()?;
    let place = folder().join(name);
    let modules = place.join("node_modules");
    let is_there = |package: &&str| {
        let name = package.rsplit_once('@').map_or(*package, |(name, _)| name);
        modules.join(name).join("package.json").is_file()
    };
    if packages.iter().all(is_there) {
        return Ok(modules);
    }
    announce(&packages.join(", "));
    let mut install = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    install.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
    match shell::capture(install.arg(&place).args(packages)) {
        Ok(_) if packages.iter().all(is_there) => Ok(modules),
        outcome => {
            outcome.err().iter().for_each(|error| eprintln!("{error}"));
            let get = format!("npm install --prefix {} {}", place.display(), packages.join(" "));
            missing(packages.join(", "), get)
        }
    }
}

/// `wasm-opt`, a program for Node; distributions have older ones.
pub fn wasm_opt() -> Found<PathBuf> {
    Ok(npm_packages("binaryen-132", &["binaryen@132"])?.join("binaryen/bin/wasm-opt"))
}

/// The `node_modules` that hold Vite, which bundles for the web.
pub fn vite() -> Found<PathBuf> {
    npm_packages("vite-8.3.8", &["vite@8.3.8"])
}

/// Deno and Bun, for which the npm package is to work, too: theirs on the PATH, or of packages.
pub fn deno_and_bun() -> Found<[PathBuf; 2]> {
    let names = ["deno", "bun"];
    if names.iter().all(|name| on_path(name).is_some()) {
        return Ok(names.map(PathBuf::from));
    }
    let modules = npm_packages("deno-2.9.6-bun-1.4.5", &["deno@2.9.6", "bun@1.4.5"])?;
    Ok(names.map(|name| modules.join(".bin").join(name)))
}

/// What says whether TypeScript finds the types of a package however it looks for them.
pub fn are_the_types_wrong() -> Found<PathBuf> {
    const PACKAGE: &str = "@arethetypeswrong/cli@0.18.5";
    Ok(npm_packages("attw-0.18.5", &[PACKAGE])?.join("@arethetypeswrong/cli/dist/index.js"))
}

/// What the npm package is compared with: the `node_modules` that hold them.
pub fn npm_peers() -> Found<PathBuf> {
    npm_packages("npm-peers-1", &["p-limit@7.3.3", "effection@4.1.1", "effect@4.1.0"])
}

/// The `wasm-bindgen` command, in the very version of the crate.
pub fn wasm_bindgen() -> Found<PathBuf> {
    let Some(version) = repo::pinned("wasm-bindgen") else {
        return missing("the version of wasm-bindgen in Cargo.toml", "git checkout Cargo.toml");
    };
    if on_path("wasm-bindgen").is_some_and(|text| text.trim().ends_with(&version)) {
        return Ok("wasm-bindgen".into());
    }
    let place = folder().join(format!("wasm-bindgen-{version}"));
    let program = place.join("bin").join(format!("wasm-bindgen{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    announce(&format!("wasm-bindgen {version} (about two minutes, once)"));
    let mut install = shell::cargo(&["install", "wasm-bindgen-cli", "--version", &version]);
    install.args(["--no-default-features", "--quiet", "--root"]).arg(&place);
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
    match shell::capture(&mut install) {
        Ok(_) => Ok(program),
        Err(error) => {
            eprintln!("{error}");
            missing(
                format!("wasm-bindgen {version}"),
                format!("cargo install wasm-bindgen-cli --version {version} --no-default-features"),
            )
        }
    }
}

/// The `wasmtime` command that hosts previews 2 and 3.
const WASMTIME: &str = "48.0.8";

/// The parts of the command that creel's tests need.
const WASMTIME_FEATURES: &str = "run,compile,serve,wasi-http,component-model,\
    component-model-async,parallel-compilation,pooling-allocator,threads,cache";

/// The `wasmtime` command: the one on the PATH if it is new enough for preview 3, else one that is
/// built once.
pub fn wasmtime() -> Found<PathBuf> {
    let major = |text: String| text.split_whitespace().nth(1)?.split('.').next()?.parse().ok();
    if on_path("wasmtime").and_then(major).is_some_and(|major: u32| major >= 48) {
        return Ok("wasmtime".into());
    }
    let (place, program) = wasmtime_place();
    if program.is_file() {
        return Ok(program);
    }
    announce(&format!("wasmtime {WASMTIME} (about ten minutes, once)"));
    let mut install = shell::cargo(&["install", "wasmtime-cli", "--version", WASMTIME, "--locked"]);
    install.args(["--no-default-features", "--features", WASMTIME_FEATURES, "--quiet", "--root"]);
    match shell::capture(install.arg(&place)) {
        Ok(_) => Ok(program),
        Err(error) => {
            eprintln!("{error}");
            let get = format!("https://wasmtime.dev, or `cargo install wasmtime-cli@{WASMTIME}`");
            missing(format!("wasmtime {WASMTIME}"), get)
        }
    }
}

/// The folder that the command is installed to, and the command in it.
fn wasmtime_place() -> (PathBuf, PathBuf) {
    let place = folder().join(format!("wasmtime-{WASMTIME}"));
    let program = place.join("bin").join(format!("wasmtime{}", std::env::consts::EXE_SUFFIX));
    (place, program)
}

/// The second host of preview 2: the script of jco, which Node runs.
pub fn jco() -> Found<PathBuf> {
    node()?;
    let modules = npm_packages("jco-1.35.0", &["@bytecodealliance/jco@1.35.0"])?;
    Ok(modules.join("@bytecodealliance/jco/dist/jco.js"))
}

/// A host for WASI programs.
pub enum Wasi {
    /// This `wasmtime` command.
    Wasmtime(PathBuf),
    /// This script of jco's, in Node.
    Jco(PathBuf),
    /// The `wasmtime` package of Python, at this place.
    Python(PathBuf),
    /// Node's own.
    Node(PathBuf),
}

impl Wasi {
    /// What to call it.
    pub fn name(&self) -> &'static str {
        match self {
            Wasi::Wasmtime(_) => "wasmtime",
            Wasi::Jco(_) => "jco",
            Wasi::Python(_) => "wasmtime (Python)",
            Wasi::Node(_) => "node:wasi",
        }
    }

    /// A command that runs a program under this host, which lends it a folder called `scratch`.
    pub fn command(&self, program: &Path) -> Command {
        let script = |name: &str| repo::root().join("xtask/hosts").join(name);
        let lent = repo::scratch().join("lent");
        // Without it the cases that need it fail, and say so.
        let _ = std::fs::create_dir_all(&lent);
        let mut command = match self {
            Wasi::Wasmtime(program) => {
                let mut command = Command::new(program);
                command.args(["run", "-S", NETWORK, "--dir"]);
                command.arg(format!("{}::scratch", lent.display()));
                command
            }
            Wasi::Jco(script) => {
                let mut command = Command::new("node");
                command.arg(script).arg("run");
                command
            }
            Wasi::Python(packages) => {
                let mut command = Command::new(python());
                command.env("PYTHONPATH", packages).arg(script("wasi.py"));
                command
            }
            Wasi::Node(node) => {
                let mut command = Command::new(node);
                command.arg("--no-warnings").arg(script("wasi.mjs"));
                command
            }
        };
        command.arg(program).env("CREEL_LENT", lent);
        command
    }
}

/// What wasmtime lets a program do beyond the default: use the network of this machine.
pub const NETWORK: &str = "inherit-network=y,tcp=y,udp=y,allow-ip-name-lookup=y";

fn python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

/// A host for programs of preview 1: wasmtime if it is there or quick to get, else the one inside
/// Node.
pub fn wasi() -> Found<Wasi> {
    let (_, built) = wasmtime_place();
    if built.is_file() {
        return Ok(Wasi::Wasmtime(built));
    }
    if on_path("wasmtime").is_some() {
        return Ok(Wasi::Wasmtime("wasmtime".into()));
    }
    if let Some(packages) = wasmtime_package() {
        return Ok(Wasi::Python(packages));
    }
    match node() {
        Ok(node) => Ok(Wasi::Node(node)),
        Err(_) => missing(
            "a WASI host (wasmtime, or Python 3 with pip, or node)",
            "https://wasmtime.dev, or `apt-get install python3-pip`",
        ),
    }
}

fn wasmtime_package() -> Option<PathBuf> {
    let packages = folder().join(WASMTIME_PACKAGE.replace("==", "-"));
    let works = || {
        let mut check = Command::new(python());
        shell::capture(check.env("PYTHONPATH", &packages).args(["-c", "import wasmtime"])).is_ok()
    };
    if works() {
        return Some(packages);
    }
    on_path(python())?;
    let mut install = Command::new(python());
    install.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]);
    shell::capture(install.arg(&packages).arg(WASMTIME_PACKAGE)).ok()?;
    works().then_some(packages)
}

/// The standard library for a target.
pub fn target(name: &str) -> Found<()> {
    component(&["target", "list", "--installed"], name, &["target", "add", name])
}

/// Another toolchain.
pub fn toolchain(name: &str) -> Found<()> {
    component(
        &["toolchain", "list"],
        name,
        &["toolchain", "install", name, "--profile", "minimal", "--no-self-update"],
    )
}

/// Miri, and the toolchain it lives in.
pub fn miri() -> Found<()> {
    toolchain("nightly")?;
    let list = ["component", "list", "--installed", "--toolchain", "nightly"];
    component(&list, "miri", &["component", "add", "--toolchain", "nightly", "miri", "rust-src"])
}

/// A toolchain with the source of its standard library.
pub fn sources(name: &str) -> Found<()> {
    toolchain(name)?;
    let list = ["component", "list", "--installed", "--toolchain", name];
    component(&list, "rust-src", &["component", "add", "--toolchain", name, "rust-src"])
}

/// Something rustup has, or gets.
fn component(list: &[&str], name: &str, add: &[&str]) -> Found<()> {
    let get = format!("rustup {}", add.join(" "));
    let Ok(installed) = shell::capture(Command::new("rustup").args(list)) else {
        return missing("rustup", "https://rustup.rs");
    };
    // Toolchains and components carry the name of this machine behind their own.
    let host = format!("-{}", std::env::consts::ARCH);
    let is_it = |line: &str| {
        line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(&host))
    };
    if installed.lines().any(is_it) {
        return Ok(());
    }
    announce(name);
    match shell::capture(Command::new("rustup").args(add)) {
        Ok(_) => Ok(()),
        Err(error) => {
            eprintln!("{error}");
            missing(name, get)
        }
    }
}

/// What an aarch64 program takes to be built and run here: the compiler that links it, and the
/// command that runs it.
pub fn aarch64() -> Found<(&'static str, String)> {
    const LINKER: &str = "aarch64-linux-gnu-gcc";
    const EMULATOR: &str = "qemu-aarch64";
    if on_path(LINKER).is_none() || on_path(EMULATOR).is_none() {
        return missing(
            "an emulator of aarch64, or a compiler for it,",
            "apt-get install qemu-user gcc-aarch64-linux-gnu",
        );
    }
    Ok((LINKER, format!("{EMULATOR} -L /usr/aarch64-linux-gnu")))
}

/// The target of what runs in [`wine`].
pub const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// A Windows that programs of [`WINDOWS`] run on.
pub struct Wine {
    command: String,
    prefix: PathBuf,
}

/// wine, the compiler that links for it, and a Windows in a folder of its own among the tools.
pub fn wine() -> Found<Wine> {
    const LINKER: &str = "x86_64-w64-mingw32-gcc";
    const COMMANDS: [&str; 3] = ["wine64", "wine", "/usr/lib/wine/wine64"];
    let command = COMMANDS.into_iter().find(|name| on_path(name).is_some());
    let (Some(command), Some(_)) = (command, on_path(LINKER)) else {
        return missing(
            "wine, or a compiler for Windows,",
            "apt-get install wine64 gcc-mingw-w64-x86-64",
        );
    };
    target(WINDOWS)?;
    let wine = Wine { command: command.into(), prefix: folder().join("wine") };
    let library = wine.prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
    if !library.is_file() {
        announce("a Windows for wine");
        let made = std::fs::create_dir_all(&wine.prefix).map_err(|error| error.to_string());
        let made = made.and_then(|()| {
            let mut start = Command::new(command);
            wine.is_used_by(&mut start);
            shell::capture(start.args(["cmd", "/c", "ver"]))
        });
        if let Err(error) = made {
            eprintln!("{error}");
            return missing(
                "a Windows for wine",
                format!("WINEPREFIX={} {command} cmd", wine.prefix.display()),
            );
        }
    }
    if !library.is_file() {
        let source = repo::root().join("xtask/src/bcryptprimitives.c");
        let mut compile = Command::new(LINKER);
        compile.args(["-shared", "-O1", "-o"]).arg(&library).arg(source).arg("-ladvapi32");
        if let Err(error) = shell::capture(&mut compile) {
            eprintln!("{error}");
            return missing("bcryptprimitives.dll", "wine 9 or later");
        }
    }
    Ok(wine)
}

impl Wine {
    /// Has cargo run programs of [`WINDOWS`] by this.
    pub fn runs(&self, command: &mut Command) {
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.command);
        self.is_used_by(command);
    }

    fn is_used_by(&self, command: &mut Command) {
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all");
    }
}

/// What counts instructions, for benchmarks.
pub fn valgrind() -> Found<()> {
    match on_path("valgrind") {
        Some(_) => Ok(()),
        None => missing("valgrind", "https://valgrind.org, or `apt-get install valgrind`"),
    }
}

/// Whether `cargo nextest` is there; plain `cargo test` serves as well.
pub fn has_nextest() -> bool {
    shell::capture(shell::cargo(&["nextest", "--version"]).env_remove("CARGO")).is_ok()
}
