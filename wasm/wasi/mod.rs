//! WASI: a program with a loop of its own, on one thread, that can wait.
//!
//! [`Builder::build`](crate::runtime::Builder::build) gives a runtime that waits with the host, so
//! [`block_on`](crate::runtime::Runtime::block_on) and `#[creel::main]` work as they do natively:
//!
//! ```
//! creel::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//!     creel::time::sleep(std::time::Duration::from_millis(5)).await;
//! });
//! # std::io::Result::Ok(())
//! ```
//!
//! | | preview 1 | preview 2 |
//! |---|---|---|
//! | target | `wasm32-wasip1` | `wasm32-wasip2` |
//! | waits by | one `poll_oneoff` | one `wasi:io/poll` |
//! | standard streams (feature `io-std`) | yes | yes |
//! | sockets (feature `net`) | no: current hosts have dropped them | TCP, UDP, name lookup |
//!
//! Preview 3, where the host drives, is in `preview3` (feature `wasip3`, target `wasm32-wasip2`), and has the
//! sockets of `net` too; HTTP is in `http` (feature `wasi-http`).
//!
//! A module whose host calls in and expects an answer soon has no `main`: see [`module`].
//!
//! Absent: threads, which WASI does not have.

#[cfg(all(feature = "net", target_env = "p2"))]
mod address;
#[cfg(all(feature = "wasi-http", target_env = "p2"))]
pub mod http;
pub mod module;
#[cfg(all(feature = "net", target_env = "p2"))]
pub mod net;
#[cfg(target_env = "p1")]
mod preview1;
#[cfg(target_env = "p2")]
mod preview2;
#[cfg(all(feature = "wasip3", target_env = "p2"))]
pub mod preview3;
pub(crate) mod reactor;

#[cfg(target_env = "p1")]
use preview1::poll;
#[cfg(all(feature = "io-std", target_env = "p1"))]
pub(crate) use preview1::standard;
#[cfg(target_env = "p2")]
use preview2::poll;
#[cfg(all(feature = "io-std", target_env = "p2"))]
pub(crate) use preview2::standard;

use crate::runtime::{Builder, Runtime};
use reactor::Reactor;
use std::io;
use std::sync::Arc;

impl Builder {
    /// Makes the runtime, on the thread there is.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for a multi-threaded runtime.
    pub fn build(&mut self) -> io::Result<Runtime> {
        super::refuse_threads(self)?;
        let reactor = Arc::new(Reactor::default());
        Ok(self.build_parts(Some(reactor.clone()), None, Some(reactor)))
    }
}
