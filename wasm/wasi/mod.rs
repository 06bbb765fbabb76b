//! WASI: a program with a loop of its own, on one thread, that can wait.
//!
//! [`Builder::build`](crate::runtime::Builder::build) gives a runtime that waits through [`Host`],
//! so [`block_on`](crate::runtime::Runtime::block_on) and `#[creel::main]` work as they do natively:
//!
//! ```
//! creel::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//!     creel::time::sleep(std::time::Duration::from_millis(5)).await;
//! });
//! # std::io::Result::Ok(())
//! ```
//!
//! A reactor module, whose host calls in and expects an answer soon, makes a passive runtime
//! instead ([`build_passive`](crate::runtime::Builder::build_passive)) and exports a function that
//! ticks it.
//!
//! Absent: sockets and stdio as things to wait for; threads, which WASI does not have.

use crate::platform::Park;
use crate::runtime::{Builder, Runtime};
use std::io;
use std::time::Duration;

/// Waits with the host, for the one thing there is to wait for: the time.
///
/// On preview 1 a wait is one `poll_oneoff` with one subscription to the monotonic clock, on
/// preview 2 one `poll` of one pollable: the standard library's `sleep` is precisely that. The
/// timeout is relative, since some hosts (Node's) never answer an absolute one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl Park for Host {
    /// # Panics
    /// Without a timeout: nothing else can happen on this single thread while it waits, so the
    /// program would never go on.
    fn park(&self, timeout: Option<Duration>) {
        let Some(timeout) = timeout else {
            panic!(
                "deadlock: every task waits for another and no timer is armed, so nothing can wake \
                 this program"
            );
        };
        std::thread::sleep(timeout);
    }

    /// Whoever could call this while the thread waits does not exist here.
    fn unpark(&self) {}
}

impl Builder {
    /// Makes the runtime, on the thread there is.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for a multi-threaded runtime.
    pub fn build(&mut self) -> io::Result<Runtime> {
        super::refuse_threads(self)?;
        Ok(self.build_on(Host))
    }
}
