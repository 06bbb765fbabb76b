//! The npm package: its tests, and what a program that installs it gets.

use super::Trouble;
use crate::npm::{build, folder, node, npm, pack};
use crate::shell::Log;
use crate::{repo, tools};
use std::fs;

type Verdict = Result<String, Trouble>;

/// What the package may cost a page, minified and compressed, in bytes. Most of it is the core.
const BUDGET: usize = 20_000;

pub fn tests(log: &mut Log) -> Verdict {
    build(log)?;
    log.run(&mut node(&["node_modules/typescript/bin/tsc", "-p", "test"]))?;
    let files = std::fs::read_dir(folder().join(".test")).map_err(|error| error.to_string())?;
    let tests = files.flatten().map(|file| file.path());
    let tests = tests.filter(|path| path.to_string_lossy().ends_with(".test.js"));
    counted(&log.run(node(&["--test"]).args(tests))?)
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

/// A program as somebody would write it who has just installed the package.
const PROGRAM: &str = r#"
import { run, scope, sleep, type Task } from "creel";

const sum: number = await run(() => scope(function* (inner) {
  const numbers: Task<number>[] = [1, 2, 3].map((n) => inner.spawn(function* () { yield* sleep(n); return n; }));
  let sum = 0;
  for (const number of numbers) sum += yield* number;
  return sum;
}));
if (sum !== 6) throw new Error(`the sum is ${sum}`);
console.log("installed and run");
"#;

pub fn package(log: &mut Log) -> Verdict {
    build(log)?;
    let file = pack(log)?;
    let project = repo::target().join("npm/project");
    let failed = |error: std::io::Error| format!("{}: {error}", project.display());
    let _ = fs::remove_dir_all(&project);
    fs::create_dir_all(&project).map_err(failed)?;
    fs::write(project.join("package.json"), r#"{"type":"module","private":true}"#)
        .map_err(failed)?;
    fs::write(project.join("program.ts"), PROGRAM).map_err(failed)?;
    log.run(npm(&["install", "--offline", "--silent"]).arg(&file).current_dir(&project))?;
    let modules = folder().join("node_modules");
    let compiler = modules.join("typescript/bin/tsc");
    let options = [
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--lib",
        "es2022,esnext.disposable,dom",
    ];
    log.run(
        node(&[])
            .arg(&compiler)
            .args(options)
            .args(["--types", "", "program.ts"])
            .current_dir(&project),
    )?;
    let said = log.run(node(&["program.js"]).current_dir(&project))?;
    if !said.contains("installed and run") {
        return Err(format!("the program said {said:?}").into());
    }
    log.run(node(&["node_modules/publint/src/cli.js", "--strict"]).arg(&file))?;
    let bundle = project.join("bundle.js");
    let mut esbuild = std::process::Command::new(modules.join(".bin/esbuild"));
    esbuild.current_dir(&project).args(["--bundle", "--minify", "--format=esm"]);
    log.run(esbuild.arg("program.js").arg(format!("--outfile={}", bundle.display())))?;
    let measure = "process.stdout.write(String(require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]), {level: 9}).length))";
    let size = log.run(node(&["-e", measure]).arg(&bundle))?;
    match size.trim().parse::<usize>() {
        Ok(size) if size <= BUDGET => Ok(format!("{size} bytes for a small program, compressed")),
        _ => {
            Err(format!("a small program takes {size} bytes, compressed; {BUDGET} are allowed")
                .into())
        }
    }
}
