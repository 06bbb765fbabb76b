use super::system::Process;
use super::{ChildStderr, ChildStdin, ChildStdout};
use crate::env::site::Site;
use crate::io::{AsyncRead, AsyncReadExt};
use core::future::Future;
use core::future::poll_fn;
use std::io;
use std::process::{Child as StdChild, ExitStatus, Output};
use std::vec::Vec;

/// A program that runs; made by [`Command::spawn`](super::Command::spawn).
///
/// Dropping it leaves the program alone, unless
/// [`kill_on_drop`](super::Command::kill_on_drop) was asked for.
#[derive(Debug)]
pub struct Child {
    state: State,
    /// Writes to its standard input, if that was piped. [`wait`](Self::wait) drops it.
    pub stdin: Option<ChildStdin>,
    /// Reads its standard output, if that was piped.
    pub stdout: Option<ChildStdout>,
    /// Reads its standard error, if that was piped.
    pub stderr: Option<ChildStderr>,
}

#[derive(Debug)]
enum State {
    Running(Running),
    Ended(ExitStatus),
}

#[derive(Debug)]
struct Running {
    process: Process,
    kill_on_drop: bool,
}

impl Child {
    pub(super) fn new(mut std: StdChild, kill_on_drop: bool) -> io::Result<Self> {
        let streams = (std.stdin.take(), std.stdout.take(), std.stderr.take());
        // First, so that whatever fails next leaves no zombie.
        let running = Running { process: Process::new(std), kill_on_drop };
        Ok(Self {
            state: State::Running(running),
            stdin: streams.0.map(ChildStdin::from_std).transpose()?,
            stdout: streams.1.map(ChildStdout::from_std).transpose()?,
            stderr: streams.2.map(ChildStderr::from_std).transpose()?,
        })
    }

    /// The number that the system knows it by; `None` once it was waited for, because another
    /// process may have the number then.
    pub fn id(&self) -> Option<u32> {
        match &self.state {
            State::Running(running) => Some(running.process.id()),
            State::Ended(_) => None,
        }
    }

    /// The handle of the process; `None` once it was waited for.
    #[cfg(windows)]
    pub fn raw_handle(&self) -> Option<std::os::windows::io::RawHandle> {
        match &self.state {
            State::Running(running) => Some(running.process.raw_handle()),
            State::Ended(_) => None,
        }
    }

    /// Has the system kill it (SIGKILL on Unix), and does not wait until it has. Nothing happens
    /// if it has ended.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn start_kill(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Running(running) => {
                running.process.kill()?;
                running.kill_on_drop = false;
                Ok(())
            }
            State::Ended(_) => Ok(()),
        }
    }

    /// Kills it, and waits for its end.
    ///
    /// # Errors
    /// If the system refuses it.
    ///
    /// # Cancel safety
    /// The child is killed by the first poll; dropping the future ends the wait only.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }

    /// Waits for its end. Its standard input is closed first, for it may wait for that.
    ///
    /// # Errors
    /// If the system does not tell.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing but the standard input.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = creel::process::Command::new("true").spawn()?;
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))] fn main() {}
    /// ```
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = io::Result<ExitStatus>> {
        Site::here().of(async move {
            drop(self.stdin.take());
            let status = match &mut self.state {
                State::Running(running) => poll_fn(|cx| running.process.poll_exit(cx)).await?,
                State::Ended(status) => *status,
            };
            self.state = State::Ended(status);
            Ok(status)
        })
    }

    /// How it ended; `None` if it did not.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = match &mut self.state {
            State::Running(running) => running.process.try_wait()?,
            State::Ended(status) => Some(*status),
        };
        if let Some(status) = status {
            self.state = State::Ended(status);
        }
        Ok(status)
    }

    /// Reads its output and error to their ends, and waits for its own. Its standard input is
    /// closed first.
    ///
    /// # Errors
    /// If the system does not tell how it ended, or a stream cannot be read.
    ///
    /// # Cancel safety
    /// What was read is lost, and the handle is dropped.
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        let (mut stdout, mut stderr) = (self.stdout.take(), self.stderr.take());
        let (status, stdout, stderr) =
            crate::try_join!(self.wait(), read_all(&mut stdout), read_all(&mut stderr))?;
        Ok(Output { status, stdout, stderr })
    }
}

async fn read_all<R: AsyncRead + Unpin>(stream: &mut Option<R>) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(stream) = stream {
        stream.read_to_end(&mut all).await?;
    }
    Ok(all)
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.kill_on_drop && matches!(self.process.try_wait(), Ok(None)) {
            // If the system refuses it, nobody is left to tell.
            let _ = self.process.kill();
        }
    }
}
