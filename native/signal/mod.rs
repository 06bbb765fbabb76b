//! What the system sends to a process: ctrl-c everywhere, [`unix`] signals, the events of a
//! Windows console (`windows`).
//!
//! Names and meaning are those of `tokio::signal`. Signals of one kind are gathered: however many
//! came since a listener last looked, it is told once. It is told of each that came after it was
//! made.
//!
//! The first listener of a kind takes the kind over for the rest of the process: the system does not
//! end the process any more, even if all listeners are dropped. (A Windows console's event that
//! nobody listens to is left to the system again.)
//!
//! # Examples
//! ```no_run
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! creel::signal::ctrl_c().await?;
//! println!("good-bye");
//! # Ok(())
//! # }
//! ```

mod event;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

use std::io;

/// Waits for the user to press ctrl-c, or whatever else interrupts a process (SIGINT on Unix).
///
/// Presses before the future is first polled are not told. From then on ctrl-c does not end the
/// process, so in a loop keep one listener ([`unix::signal`], `windows::ctrl_c`) rather than call
/// this again.
///
/// # Errors
/// If the system refuses it.
///
/// # Cancel safety
/// Dropping the future loses what came after it was first polled.
///
/// # Panics
/// Outside a runtime.
pub async fn ctrl_c() -> io::Result<()> {
    #[cfg(unix)]
    let mut listener = unix::signal(unix::SignalKind::interrupt())?;
    #[cfg(windows)]
    let mut listener = windows::ctrl_c()?;
    listener.recv().await;
    Ok(())
}
