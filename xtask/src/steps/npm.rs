//! The npm package: its tests, and what a program that installs it gets.

use super::Trouble;
use super::size::zipped;
use crate::npm::{build, folder, node, npm, pack};
use crate::shell::Log;
use crate::{repo, site, tools};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

type Verdict = Result<String, Trouble>;

/// What the package may cost a page, minified and compressed, in bytes. Most of it is the core.
const BUDGET: usize = 10_450;

pub fn tests(log: &mut Log) -> Verdict {
    build(log)?;
    refuse_any()?;
    log.run(&mut node(&["node_modules/typescript/bin/tsc", "-p", "test"]))?;
    let files = fs::read_dir(folder().join(".test")).map_err(|error| error.to_string())?;
    let tests = files.flatten().map(|file| file.path());
    let tests = tests.filter(|path| path.to_string_lossy().ends_with(".test.js"));
    counted(&log.run(node(&["--test"]).args(tests))?)
}

/// `any` switches the compiler off for whoever uses the package: its types hold none.
fn refuse_any() -> Result<(), String> {
    let dist = folder().join("dist");
    let files = fs::read_dir(&dist).map_err(|error| error.to_string())?.flatten();
    for file in files.filter(|file| file.file_name().to_string_lossy().ends_with(".d.ts")) {
        let text = fs::read_to_string(file.path()).map_err(|error| error.to_string())?;
        let is_code = |line: &&str| !line.trim_start().starts_with(['*', '/']);
        let is_any =
            |line: &&str| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "any");
        if let Some(line) = text.lines().filter(is_code).find(is_any) {
            return Err(format!("{}: {line}", file.path().display()));
        }
    }
    Ok(())
}

/// What the tests say of themselves at their end.
fn counted(text: &str) -> Verdict {
    let count = |of: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(of));
        line.and_then(|number| number.trim().parse::<u32>().ok()).unwrap_or_default()
    };
    match (count("# pass "), count("# fail ")) {
        (0, _) | (_, 1..) => Err("tests of the package failed, or none ran".to_owned().into()),
        (passed, 0) => Ok(format!("{passed} passed")),
    }
}

pub fn window(log: &mut Log) -> Verdict {
    in_chromium("window", log)
}

pub fn worker(log: &mut Log) -> Verdict {
    in_chromium("worker", log)
}

fn in_chromium(context: &str, log: &mut Log) -> Verdict {
    let chromium = tools::chromium()?;
    build(log)?;
    let program = repo::target().join("npm/browser");
    log.run(node(&["test/browser/bundle.mjs"]).arg(&program))?;
    let driver = repo::root().join("tests/hosts/js/browser.mjs");
    let mut command = node(&[]);
    command.arg(driver).arg(chromium).arg(context).arg(program);
    counted(&log.run(&mut command)?)
}

pub fn package(log: &mut Log) -> Verdict {
    let (file, project) = installed("node", log)?;
    for program in ["program", "async"] {
        compile(&project, &format!("{program}.ts"), log)?;
        let said = log.run(node(&[&format!("{program}.js")]).current_dir(&project))?;
        if !said.contains("installed and run: 6, 3600000, 36") {
            return Err(format!("{program}.ts said {said:?}").into());
        }
    }
    readme(&project, log)?;
    log.run(node(&["node_modules/publint/src/cli.js", "--strict"]).arg(&file))?;
    let wrong_types = tools::are_the_types_wrong()?;
    log.run(node(&[]).arg(wrong_types).arg(&file).args(["--profile", "esm-only", "--no-emoji"]))?;
    small(&project, log)
}

/// The package for a bundler: a page and its worker are built by Vite and run in Chromium.
pub fn vite(log: &mut Log) -> Verdict {
    let (chromium, modules) = (tools::chromium()?, tools::vite()?);
    let (_, project) = installed("vite", log)?;
    let vite = modules.join("vite/bin/vite.js");
    log.run(node(&[]).arg(vite).args(["build", "--logLevel", "warn"]).current_dir(&project))?;
    let address = site::serve_in_background(project.join("dist"))?;
    let title = repo::root().join("tests/hosts/js/title.mjs");
    let mut visit = node(&[]);
    visit.arg(title).arg(chromium).arg(address).arg("installed and run: 6, 36");
    log.run(&mut visit)?;
    Ok("a page and a worker, built and run".to_owned())
}

/// The package without a bundler: its modules as they are, in a page that a server of files alone serves, and as
/// commands of Node, Deno and Bun, from files and, with Deno, from an address and by `npm:` from a registry.
pub fn plain(log: &mut Log) -> Verdict {
    const SAYS: &str = "200 [1,2,3]; 504 not done within 5 ms; 3600000; 36";
    let (chromium, [deno, bun]) = (tools::chromium()?, tools::deno_and_bun()?);
    let (file, project) = installed("plain", log)?;
    let failed = |error: std::io::Error| format!("{}: {error}", project.display());
    let modules = project.join("creel");
    repo::copy(&project.join("node_modules/creel/dist"), &modules).map_err(failed)?;
    let address = site::serve_in_background(project.clone())?;

    let mut visit = node(&[]);
    let title = repo::root().join("tests/hosts/js/title.mjs");
    log.run(visit.arg(title).arg(chromium).arg(&address).arg(SAYS))?;
    let mut from_address = Command::new(&deno);
    from_address.env("DENO_DIR", project.join("deno"));
    from_address.args(["run", "--no-config", "--allow-import", "--allow-net"]);
    from_address.arg(format!("{address}/command.js"));
    let mut from_files = Command::new(&deno);
    from_files.args(["run", "--no-config", "--allow-read", "--allow-net", "command.js"]);
    registry(&project.join("registry"), &file, &address).map_err(failed)?;
    let mut from_registry = Command::new(&deno);
    from_registry.env("DENO_DIR", project.join("deno"));
    from_registry.env("NPM_CONFIG_REGISTRY", format!("{address}/registry"));
    from_registry.args(["run", "--no-config", "--no-lock", "--import-map", "registry.json"]);
    from_registry.args(["--allow-read", "--allow-net", "command.js"]);
    let mut bun = Command::new(bun);
    bun.args(["run", "command.js"]);
    for command in [node(&["command.js"]), from_files, from_address, from_registry, bun] {
        let mut command = command;
        let said = log.run(command.current_dir(&project).env("NO_COLOR", "1"))?;
        if !said.lines().any(|line| line == SAYS) {
            return Err(format!("{command:?} said {said:?}").into());
        }
    }
    Ok("in a page, Node, Deno and Bun".to_owned())
}

/// What a registry of npm's says of the package, and the packed file, in a folder that is served as `registry`.
fn registry(folder: &Path, packed: &Path, address: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::copy(packed, folder.join("creel.tgz"))?;
    let name = packed.file_stem().unwrap_or_default().to_string_lossy();
    let version = name.trim_start_matches("creel-");
    let about = format!(
        r#"{{ "name": "creel", "dist-tags": {{ "latest": "{version}" }}, "versions": {{ "{version}": {{
            "name": "creel", "version": "{version}", "dist": {{ "tarball": "{address}/registry/creel.tgz" }} }} }} }}"#
    );
    fs::write(folder.join("creel"), about)
}

/// Packs the package and installs it, without a network, into a copy of a project; the answer is the
/// packed file and the copy.
fn installed(name: &str, log: &mut Log) -> Result<(PathBuf, PathBuf), Trouble> {
    build(log)?;
    let file = pack(log)?;
    let project = repo::target().join("npm/projects").join(name);
    let failed = |error: std::io::Error| format!("{}: {error}", project.display());
    let _ = fs::remove_dir_all(&project);
    repo::copy(&folder().join("test/projects").join(name), &project).map_err(failed)?;
    log.run(npm(&["install", "--offline", "--silent"]).arg(&file).current_dir(&project))?;
    Ok((file, project))
}

/// Compiles a program of a project as strictly as a project may ask for, without any types but ours.
fn compile(project: &Path, program: &str, log: &mut Log) -> Result<(), Trouble> {
    let compiler = folder().join("node_modules/typescript/bin/tsc");
    let lib = ["--lib", "es2022,esnext.disposable,dom"];
    let options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", ""];
    let mut compile = node(&[]);
    compile.arg(compiler).args(options).args(lib).arg(program).current_dir(project);
    log.run(&mut compile)?;
    Ok(())
}

/// The examples of the README compile as they stand, and the first one does what it says.
fn readme(project: &Path, log: &mut Log) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| format!("{}: {error}", project.display());
    let text = fs::read_to_string(folder().join("README.md")).map_err(failed)?;
    let examples = text.split("```ts\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut names = Vec::new();
    for example in examples {
        let name = example.lines().next().and_then(|line| line.strip_prefix("// "));
        let name = name.filter(|name| name.ends_with(".ts")).unwrap_or("readme.ts");
        fs::write(project.join(name), example).map_err(failed)?;
        names.push(name);
    }
    if names.len() < 4 {
        return Err(format!("the README has the examples {names:?}").into());
    }
    for name in names {
        compile(project, name, log)?;
    }
    let said = log.run(node(&["readme.js"]).current_dir(project))?;
    match ["wash", "dry", "fold"].iter().all(|job| said.contains(job)) {
        true => Ok(()),
        false => Err(format!("the example of the README said {said:?}").into()),
    }
}

/// What a small program takes with all that it needs of the package.
fn small(project: &Path, log: &mut Log) -> Verdict {
    let (program, bundle) = (project.join("small.js"), project.join("bundle.js"));
    fs::write(&program, SMALL).map_err(|error| format!("{}: {error}", program.display()))?;
    let mut esbuild = Command::new(folder().join("node_modules/.bin/esbuild"));
    esbuild.current_dir(project).args(["--bundle", "--minify", "--format=esm"]);
    log.run(esbuild.arg(program).arg(format!("--outfile={}", bundle.display())))?;
    let size = zipped(&tools::node()?, &bundle)?;
    let note = format!("{size} bytes of {BUDGET} for a small program, compressed");
    if size > BUDGET { Err(note.into()) } else { Ok(note) }
}

/// Tasks, a scope, a sleep: what most programs have.
const SMALL: &str = r#"
import { run, scope, sleep } from "creel";
console.log(await run(() => scope(function* (inner) {
  const task = inner.spawn(function* () { yield* sleep(1); return 1; });
  return yield* task;
})));
"#;
