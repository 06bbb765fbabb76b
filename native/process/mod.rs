//! Other programs, run and waited for.
//!
//! Names and meaning are those of `tokio::process`: a [`Command`] is the standard library's with a
//! [`Child`] whose streams are asynchronous and whose end can be awaited.
//!
//! A child goes on when its handle is dropped, unless [`Command::kill_on_drop`] says otherwise.
//! Either way it leaves no zombie behind: a thread collects it when it ends, which is there for as
//! long as there are such children, whatever becomes of the runtimes.
//!
//! On Unix the streams are pipes in the reactor, and the end is learned of from a descriptor of the
//! process where the kernel has such (Linux 5.3), else from SIGCHLD. On Windows the streams are
//! read and written on the blocking pool, and a thread of the system tells the end.
//!
//! # Examples
//! ```
//! # #[cfg(unix)]
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use creel::io::AsyncWriteExt;
//! use creel::process::Command;
//! use std::process::Stdio;
//!
//! let mut sort =
//!     Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//! let mut lines = sort.stdin.take().expect("it is piped");
//! lines.write_all(b"pear\napple\n").await?;
//! drop(lines);
//! let sorted = sort.wait_with_output().await?;
//! assert_eq!(sorted.stdout, b"apple\npear\n");
//! # Ok(())
//! # }
//! # #[cfg(not(unix))] fn main() {}
//! ```

mod child;
mod command;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod streams;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use child::Child;
pub use command::Command;
pub use streams::{ChildStderr, ChildStdin, ChildStdout};
