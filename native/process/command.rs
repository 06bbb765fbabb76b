//! Why unsafe: what runs in the child before the program does is promised to be harmless there.

use super::Child;
use crate::env::owner::OwnerRef;
use core::future::Future;
use std::ffi::OsStr;
use std::io;
#[cfg(unix)]
use std::os::unix::process::CommandExt;
#[cfg(windows)]
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Child as StdChild, Command as StdCommand, ExitStatus, Output, Stdio};

/// How to run a program. The standard library's, with children that can be awaited.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let output = creel::process::Command::new("echo").arg("hello").output().await?;
/// assert_eq!(output.stdout, b"hello\n");
/// # Ok(())
/// # }
/// # #[cfg(not(unix))] fn main() {}
/// ```
#[derive(Debug)]
pub struct Command {
    std: StdCommand,
    kill_on_drop: bool,
}

impl From<StdCommand> for Command {
    fn from(std: StdCommand) -> Self {
        Self { std, kill_on_drop: false }
    }
}

impl Command {
    /// Runs the program of this name or path: without arguments, with the environment, the folder
    /// and, for [`spawn`](Self::spawn) and [`status`](Self::status), the streams of this process.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Self {
        StdCommand::new(program).into()
    }

    /// The standard library's command.
    pub fn as_std(&self) -> &StdCommand {
        &self.std
    }

    /// The standard library's command.
    pub fn as_std_mut(&mut self) -> &mut StdCommand {
        &mut self.std
    }

    /// The standard library's command; [`kill_on_drop`](Self::kill_on_drop) is forgotten.
    pub fn into_std(self) -> StdCommand {
        self.std
    }

    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Self {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Adds text to the command line as it is, without quotes or escapes.
    #[cfg(windows)]
    pub fn raw_arg<S: AsRef<OsStr>>(&mut self, text_to_append_as_is: S) -> &mut Self {
        self.std.raw_arg(text_to_append_as_is);
        self
    }

    /// Sets a variable of the environment.
    pub fn env<K: AsRef<OsStr>, V: AsRef<OsStr>>(&mut self, key: K, val: V) -> &mut Self {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Self {
        self.std.env_remove(key);
        self
    }

    /// Empties the environment.
    pub fn env_clear(&mut self) -> &mut Self {
        self.std.env_clear();
        self
    }

    /// Sets the folder that the program runs in.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Self {
        self.std.current_dir(dir);
        self
    }

    /// Sets where the standard input comes from.
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Self {
        self.std.stdin(cfg);
        self
    }

    /// Sets where the standard output goes to.
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Self {
        self.std.stdout(cfg);
        self
    }

    /// Sets where the standard error goes to.
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Self {
        self.std.stderr(cfg);
        self
    }

    /// Sets whether a child is killed when its handle, or the future of [`output`](Self::output) or
    /// [`status`](Self::status), is dropped before it has ended.
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Self {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// Whether a child is killed when its handle is dropped. No, unless it was asked for.
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Sets how Windows creates the process.
    #[cfg(windows)]
    pub fn creation_flags(&mut self, flags: u32) -> &mut Self {
        self.std.creation_flags(flags);
        self
    }

    /// Sets the user that the program runs as.
    #[cfg(unix)]
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.std.uid(id);
        self
    }

    /// Sets the group that the program runs as.
    #[cfg(unix)]
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.std.gid(id);
        self
    }

    /// Sets what the program is told it was called as.
    #[cfg(unix)]
    pub fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Self {
        self.std.arg0(arg);
        self
    }

    /// Has the child run a closure after the fork and before the program.
    ///
    /// # Safety
    /// The child is a copy of one thread of this process: the closure may do only what a handler of
    /// signals may, so neither allocate nor lock. See `std::os::unix::process::CommandExt`.
    #[cfg(unix)]
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Self
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's promise is the same.
        unsafe { self.std.pre_exec(f) };
        self
    }

    /// Sets the process group of the child; zero stands for one of its own.
    #[cfg(unix)]
    pub fn process_group(&mut self, pgroup: i32) -> &mut Self {
        self.std.process_group(pgroup);
        self
    }

    /// Runs the program.
    ///
    /// # Errors
    /// If there is no such program, or the system refuses another process (`WouldBlock` if there
    /// are too many) or its pipes.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_with(StdCommand::spawn)
    }

    /// Runs the program by `with`, which is given the standard library's command: for ways to start a
    /// process that only that has, such as Windows' attributes.
    ///
    /// # Errors
    /// Those of `with`.
    ///
    /// # Panics
    /// Outside a runtime; `with` is not called then.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::process::Stdio;
    ///
    /// let mut command = creel::process::Command::new("echo");
    /// command.arg("hello").stdout(Stdio::piped());
    /// let child = command.spawn_with(std::process::Command::spawn)?;
    /// assert_eq!(child.wait_with_output().await?.stdout, b"hello\n");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))] fn main() {}
    /// ```
    #[track_caller]
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut StdCommand) -> io::Result<StdChild>,
    ) -> io::Result<Child> {
        // Before there is a process that nobody would wait for.
        drop(OwnerRef::current_or_panic());
        Child::new(with(&mut self.std)?, self.kill_on_drop)
    }

    /// Runs the program, and waits for its end. Pipes to it are closed at once.
    ///
    /// The program runs before the future is first polled.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn), and if it cannot be waited for.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the child alone, or kills it, as
    /// [`kill_on_drop`](Self::kill_on_drop) says.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async {
            let mut child = child?;
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            child.wait().await
        }
    }

    /// Runs the program, and collects its output and error until its end.
    ///
    /// The program runs before the future is first polled. Where the streams were meant to go does
    /// not matter.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn), and if it cannot be waited for or read from.
    ///
    /// # Cancel safety
    /// What was collected is lost. The child is left alone, or killed, as
    /// [`kill_on_drop`](Self::kill_on_drop) says.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        let child = self.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        async { child?.wait_with_output().await }
    }
}
