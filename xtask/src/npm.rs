//! `cargo xtask npm`: builds the npm package and packs it.

use crate::shell::{Log, capture, cargo};
use crate::steps::Trouble;
use crate::{repo, tools};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Packs the package; the answer on the terminal is the file.
pub fn run(_: &[String]) -> ExitCode {
    let packed = Log::create("npm").map_err(Trouble::Failed).and_then(|mut log| {
        build(&mut log)?;
        pack(&mut log)
    });
    match packed {
        Ok(file) => {
            println!("{}", file.display());
            ExitCode::SUCCESS
        }
        Err(Trouble::Failed(why)) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
        Err(Trouble::Missing(missing)) => {
            eprintln!("{} is missing; get it with {}", missing.what, missing.get);
            ExitCode::FAILURE
        }
    }
}

/// The folder of the package.
pub fn folder() -> PathBuf {
    repo::root().join("wasm/npm")
}

/// A command of npm's in the folder of the package.
pub fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments).current_dir(folder());
    command
}

/// Node in the folder of the package.
pub fn node(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(folder());
    command
}

/// Makes `dist`.
pub fn build(log: &mut Log) -> Result<(), Trouble> {
    tools::node()?;
    tools::npm()?;
    tools::target(WASM)?;
    if !is_installed() {
        log.run(&mut npm(&["ci", "--ignore-scripts", "--silent"]))?;
    }
    let [program, simulation] = [core(log, "program", &[])?, core(log, "simulation", &["sim"])?];
    log.run(node(&["build.mjs"]).arg(program).arg(simulation))?;
    Ok(())
}

/// Whether what npm installed last is younger than the list of what it should.
fn is_installed() -> bool {
    let written = |name: &str| std::fs::metadata(folder().join(name))?.modified();
    let (list, installed) =
        (written("package-lock.json"), written("node_modules/.package-lock.json"));
    matches!((list, installed), (Ok(list), Ok(installed)) if installed > list)
}

/// Compiles the core with the features of one of its two builds; the answer is a file of that name.
fn core(log: &mut Log, name: &str, features: &[&str]) -> Result<PathBuf, Trouble> {
    let build = ["build", "--quiet", "--profile", "npm", "--package", "creel-npm", "--features"];
    log.run(cargo(&build).arg(features.join(",")).args(["--target", WASM]))?;
    let built = repo::target().join(WASM).join("npm/creel_npm.wasm");
    let kept = built.with_file_name(format!("creel_npm_{name}.wasm"));
    let failed = |error| format!("{}: {error}", kept.display());
    std::fs::copy(&built, &kept).map_err(failed)?;
    Ok(kept)
}

const WASM: &str = "wasm32-unknown-unknown";

/// Packs what `build` has made; the answer is the file.
pub fn pack(log: &mut Log) -> Result<PathBuf, Trouble> {
    let place = repo::target().join("npm");
    std::fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    log.run(npm(&["pack", "--silent", "--pack-destination"]).arg(&place))?;
    let version = capture(&mut node(&["-p", "require('./package.json').version"]))?;
    Ok(place.join(format!("creel-{}.tgz", version.trim())))
}
