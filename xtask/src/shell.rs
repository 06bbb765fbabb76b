//! Running commands: with a log, a time limit, and an account of what went wrong.

use crate::repo;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long one command may take before it is stopped: far longer than any should.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// How long a program may write nothing before it is stopped. One that runs cases names each before it begins,
/// so the last line names the one that hangs. Cargo is often silent for longer.
pub const SILENCE: Duration = Duration::from_secs(10 * 60);

/// A cargo command in the root of the repository.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(repo::root());
    command
}

/// A cargo command of another toolchain.
pub fn cargo_of(toolchain: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, "cargo"]).args(arguments).current_dir(repo::root());
    // The outer `cargo run` named its own tools.
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}

/// What a command wrote to its standard output, if it ran and succeeded.
pub fn capture(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", shown(command)))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("{}: {}\n{}", shown(command), output.status, tail(&text, 20)))
    }
}

/// Runs a command with the terminal as its own; the answer is whether it succeeded.
pub fn forward(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("{}: {error}", shown(command));
            false
        }
    }
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text += &argument.to_string_lossy();
    }
    text
}

/// The last lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Where the commands of one step write; kept in `target/xtask/` for who wants to look.
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Starts an empty log.
    pub fn create(name: &str) -> Result<Self, String> {
        let path = repo::scratch().join(format!("{}.log", name.replace('/', "-")));
        let create = || {
            fs::create_dir_all(repo::scratch())?;
            File::options().create(true).truncate(true).read(true).write(true).open(&path)
        };
        let file = create().map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a command to its end. The answer is all that it wrote.
    pub fn run(&mut self, command: &mut Command) -> Result<String, String> {
        let out = self.file.try_clone().map_err(|error| error.to_string())?;
        let (succeeded, text) = self.attempt(command, Stdio::null(), out)?;
        if succeeded { Ok(text) } else { Err(format!("{}\n{}", shown(command), tail(&text, 60))) }
    }

    /// Runs a command to its end, with its standard output apart from what else it writes.
    pub fn run_apart(&mut self, command: &mut Command) -> Result<Apart, String> {
        self.run_on(command, Stdio::null())
    }

    /// The same with something to read.
    pub fn run_on(&mut self, command: &mut Command, input: Stdio) -> Result<Apart, String> {
        let path = self.path.with_extension("out");
        let out = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let attempted = self.attempt(command, input, out);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let out = String::from_utf8_lossy(&bytes).into_owned();
        write!(self.file, "{out}").map_err(|error| error.to_string())?;
        match attempted {
            Ok((succeeded, err)) => Ok(Apart { succeeded, out, err }),
            Err(why) => Err(format!("{}\n{why}", tail(&out, 10))),
        }
    }

    /// Whether the command succeeded, and what it wrote into this log. One that does not end is an error.
    fn attempt(
        &mut self,
        command: &mut Command,
        input: Stdio,
        out: File,
    ) -> Result<(bool, String), String> {
        let run = || {
            writeln!(self.file, "$ {}", shown(command))?;
            let start = self.file.stream_position()?;
            let (err, said) = (self.file.try_clone()?, out.try_clone()?);
            let mut child = command.stdin(input).stdout(out).stderr(err).spawn()?;
            let patience = if is_cargo(command) { LIMIT } else { SILENCE };
            let written = || Ok(self.file.metadata()?.len() + said.metadata()?.len());
            let succeeded = wait(&mut child, patience, written)?;
            self.file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            self.file.read_to_end(&mut bytes)?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match succeeded {
                Some(succeeded) => Ok((succeeded, text)),
                None => Err(std::io::Error::other(format!("it hung\n{}", tail(&text, 60)))),
            }
        };
        run().map_err(|error: std::io::Error| format!("{}: {error}", shown(command)))
    }
}

/// What a command wrote where.
pub struct Apart {
    /// Whether it ended well.
    pub succeeded: bool,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Stops what a command has started, below it first; without the tools for it, nothing.
fn stop(id: u32) {
    let id = id.to_string();
    if cfg!(windows) {
        drop(capture(Command::new("taskkill").args(["/F", "/T", "/PID", &id])));
        return;
    }
    let below = capture(Command::new("pgrep").args(["-P", &id])).unwrap_or_default();
    for child in below.lines().filter_map(|line| line.trim().parse().ok()) {
        stop(child);
        drop(capture(Command::new("kill").arg(child.to_string())));
    }
}

/// Whether it builds before it runs anything.
fn is_cargo(command: &Command) -> bool {
    let program = Path::new(command.get_program());
    program.file_stem().is_some_and(|name| name == "cargo" || name == "rustup")
}

/// Waits for a command, but not for ever, and not when nothing more is `written`. The answer is whether it
/// succeeded; none if it had to be stopped.
fn wait(
    child: &mut Child,
    patience: Duration,
    written: impl Fn() -> std::io::Result<u64>,
) -> std::io::Result<Option<bool>> {
    let began = Instant::now();
    let mut heard = (began, written()?);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        let now = written()?;
        if now != heard.1 {
            heard = (Instant::now(), now);
        }
        if began.elapsed() > LIMIT || heard.0.elapsed() > patience {
            stop(child.id());
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn end(program: &str, patience: Duration) -> Option<bool> {
        let mut child = Command::new("sh").args(["-c", program]).spawn().unwrap();
        wait(&mut child, patience, || Ok(0)).unwrap()
    }

    #[test]
    fn a_program_that_says_nothing_is_stopped_with_all_that_it_started() {
        assert_eq!(end("sleep 100000 & wait", Duration::ZERO), None);
        assert_eq!(end("exit 0", LIMIT), Some(true));
        assert_eq!(end("exit 1", LIMIT), Some(false));
    }
}
