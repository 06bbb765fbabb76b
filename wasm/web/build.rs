//! `Builder::build` and `block_on` where the thread belongs to an event loop.

use crate::platform::Park;
use crate::runtime::{Builder, Runtime};
use std::io;
use std::time::Duration;

impl Builder {
    /// Makes a runtime for [`Runtime::block_on`], which works here as long as it need not wait: a
    /// future that computes, exchanges messages between its tasks and sleeps in paused time runs
    /// to its end. To be driven by the event loop, a runtime is made by
    /// [`EventLoop::new`](super::EventLoop::new).
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for a multi-threaded runtime.
    pub fn build(&mut self) -> io::Result<Runtime> {
        super::super::refuse_threads(self)?;
        super::set_up();
        Ok(self.build_on(Unwaitable))
    }
}

/// The thread of an event loop: everything it could wait for comes when it returns.
struct Unwaitable;

impl Park for Unwaitable {
    fn park(&self, _: Option<Duration>) {
        panic!(
            "`block_on` would have to wait, but the event loop of this thread cannot be waited in: \
             use `#[creel::main]`, `creel::wasm::web::spawn_local` or `creel::wasm::web::promise`"
        );
    }

    fn unpark(&self) {}
}
