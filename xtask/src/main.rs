//! What a person does by hand in this repository: `cargo xtask help`.
//!
//! One idea a module: [`tools`] finds or installs what a command needs, [`hosts`] knows how a
//! program reaches each host, [`steps`] and the modules below it are what `test` runs, and the
//! rest are the commands themselves. The standard library suffices; so a fresh clone compiles
//! this in a few seconds.

mod bench;
mod demo;
mod doc;
mod hosts;
mod lint;
mod npm;
mod repo;
mod server;
mod shell;
mod site;
mod soak;
mod steps;
mod test;
mod tools;

use std::process::ExitCode;

struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(&[String]) -> ExitCode,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        usage: "demo [FILE]",
        about: "one program works through a text file on all four hosts",
        run: demo::run,
    },
    Command {
        name: "test",
        usage: "test [STEP..] [--list]",
        about: "every check there is, or only the steps named",
        run: test::run,
    },
    Command {
        name: "bench",
        usage: "bench [echo|http|wasi|web|--table] [FILTER..]",
        about: "the benchmarks, each beside its peers",
        run: bench::run,
    },
    Command {
        name: "doc",
        usage: "doc [--open]",
        about: "the documentation of every feature; a warning is an error",
        run: doc::run,
    },
    Command { name: "npm", usage: "npm", about: "builds and packs the npm package", run: npm::run },
    Command {
        name: "site",
        usage: "site [ADDRESS]",
        about: "puts the site together and serves it on this machine",
        run: site::run,
    },
    Command {
        name: "soak",
        usage: "soak [MINUTES]",
        about: "everything at once, at random, for ten minutes or so many",
        run: soak::run,
    },
    Command {
        name: "lint",
        usage: "lint",
        about: "formatting, clippy and the tidiness of the tree",
        run: lint::run,
    },
];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() || ["help", "-h", "--help"].contains(&arguments[0].as_str()) {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let name = arguments.remove(0);
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(&arguments),
        None => {
            eprintln!("there is no `{name}`\n\n{}", help());
            ExitCode::from(2)
        }
    }
}

fn help() -> String {
    let mut text = String::from("cargo xtask COMMAND\n\n");
    for command in COMMANDS {
        text += &format!("  {:<32}{}\n", command.usage, command.about);
    }
    text += &format!(
        "\nTools that are missing are installed into {}; set {} to choose another folder.\n",
        tools::folder().display(),
        tools::FOLDER_VARIABLE,
    );
    text
}

/// The names of all commands, for the check of the README.
fn command_names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}
