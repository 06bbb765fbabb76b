//! `cargo xtask bench`: the benchmarks, each beside its peers.
//!
//! First criterion's groups, then the table of the README, then echo over TCP, on Linux. `--table`
//! leaves the first and the last out. `bench echo` is the last alone, `bench http` servers of HTTP under
//! h2load, `bench web` the table of the event loop, in Node and in Chromium, `bench wasi` that of components.

pub mod wasi;

use crate::hosts::{self, Context, Host, Source};
use crate::shell::Log;
use crate::steps::Trouble;
use crate::{npm, repo, shell, tools};
use std::process::ExitCode;

const WEB: Source<'static> = Source {
    package: "creel-web-benches",
    kind: "--bin",
    features: |_| "",
    entry: None,
    profile: Some("release"),
};

/// Runs the benchmarks whose names contain one of the filters, or all.
pub fn run(arguments: &[String]) -> ExitCode {
    if let Some((first, filters)) = arguments.split_first() {
        match first.as_str() {
            "web" => return web(filters),
            "echo" => return verdict(servers("creel-echo", filters)),
            "http" => return verdict(servers("creel-http-bench", filters)),
            "wasi" => return verdict(told(wasi::run(filters))),
            _ => {}
        }
    }
    if arguments.first().is_some_and(|first| first == "npm") {
        return npm();
    }
    let table_only = arguments.iter().any(|argument| argument == "--table");
    let filters: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|text| !text.starts_with("--")).collect();
    if let Err(missing) = tools::valgrind() {
        println!("no instruction counts: {} is missing; get it with {}", missing.what, missing.get);
    }
    let succeeded = (table_only || criterion(&filters)) && table(&filters);
    // Filters name operations; echo has none.
    let all = filters.is_empty() && !table_only && cfg!(target_os = "linux");
    verdict(succeeded && (!all || servers("creel-echo", &[])))
}

fn verdict(succeeded: bool) -> ExitCode {
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether all went well; if not, says why.
fn told(outcome: Result<(), Trouble>) -> bool {
    match outcome {
        Ok(()) => return true,
        Err(Trouble::Missing(it)) => {
            println!("left out: {} is missing; get it with {}", it.what, it.get);
            return true;
        }
        Err(Trouble::Failed(why)) => eprintln!("{why}"),
    }
    false
}

/// Servers and their peers, by a package of their own: filters are parts of the names of servers or loads.
fn servers(package: &str, filters: &[String]) -> bool {
    let run = ["run", "--quiet", "--release", "--package", package, "--"];
    shell::forward(shell::cargo(&run).args(filters))
}

/// Runs the table of the event loop wherever it can run.
fn web(filters: &[String]) -> ExitCode {
    let mut succeeded = true;
    for host in [Host::Node, Host::Chromium(Context::Window)] {
        let run = || {
            let program = hosts::build(host, WEB, &mut Log::create("bench-web")?)?;
            println!("\n| {} | creel | peers |\n|---|---|---|", program.described());
            let ran = shell::forward(program.command().args(filters));
            if ran { Ok(()) } else { Err("the benchmark failed".to_owned().into()) }
        };
        succeeded &= told(run());
    }
    verdict(succeeded)
}

/// Compares the npm package with what else does the like, in Node and in a page.
fn npm() -> ExitCode {
    let built = Log::create("bench-npm").map_err(Trouble::Failed).and_then(|mut log| {
        npm::build(&mut log)?;
        let (peers, folder) = (tools::npm_peers()?, repo::target().join("npm/bench"));
        let bundle = repo::root().join("benches/npm/bundle.mjs");
        let mut command = npm::node(&[]);
        command.arg(bundle).arg(npm::folder()).arg(peers).arg(&folder);
        print!("{}", log.run(&mut command)?);
        Ok(folder)
    });
    let folder = match built {
        Ok(folder) => folder,
        Err(Trouble::Missing(it)) => {
            eprintln!("{} is missing; get it with {}", it.what, it.get);
            return ExitCode::FAILURE;
        }
        Err(Trouble::Failed(why)) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let script = |name: &str| repo::root().join("tests/hosts/js").join(name);
    let start = "import(process.argv[1]).then((program) => program.default())";
    let mut in_node = npm::node(&["--import"]);
    in_node.arg(script("node.mjs")).args(["--input-type=module", "-e", start]);
    println!("\n| Node, ns | creel | others |\n|---|---|---|");
    let mut succeeded = shell::forward(in_node.arg(folder.join("program.js")));
    if let Ok(chromium) = tools::chromium() {
        let mut in_page = npm::node(&[]);
        in_page.arg(script("browser.mjs")).arg(chromium).arg("window").arg(&folder);
        println!("\n| Chromium, ns | creel | others |\n|---|---|---|");
        succeeded &= shell::forward(&mut in_page);
    }
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn criterion(filters: &[&str]) -> bool {
    let mut command = shell::cargo(&["bench", "--package", "creel-benches", "--"]);
    if !filters.is_empty() {
        command.arg(filters.join("|"));
    }
    shell::forward(&mut command)
}

fn table(filters: &[&str]) -> bool {
    let run = ["run", "--quiet", "--profile", "bench", "--package", "creel-benches", "--"];
    shell::forward(shell::cargo(&run).args(filters))
}
