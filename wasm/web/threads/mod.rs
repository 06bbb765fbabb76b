//! Runtimes on several threads, in builds whose workers share their memory.
//!
//! The workers of a pool are those of the native one (`native/pool/`): they run tasks, steal from each
//! other, and wait with their threads. Each is a dedicated worker of the browser, or a worker thread of
//! Node, with the same module and the same memory. The thread that has made a pool drives nothing of it
//! and never waits for it: it spawns onto it, and awaits what comes back on its own event loop, which
//! other threads ring up (`event_loop/bell.rs`).
//!
//! | file | what it is |
//! |---|---|
//! | `thread.rs` | what the pool asks of the system: starting threads |
//! | `native/pool/`, `parker.rs`, `driver/none.rs`, `origin.rs` | the pool, how a thread waits, that there is no I/O, and no fork |
//!
//! A thread of a pool waits with its whole self, so JavaScript never gets a turn there: what needs its
//! events, such as a promise, belongs to the event loop of a page.

#[allow(dead_code)] // the pool asks for less of it than other hosts
#[path = "../../../native/driver/none.rs"]
mod driver;
#[path = "../../../native/origin.rs"]
mod origin;
#[path = "../../../native/parker.rs"]
mod parker;
#[path = "../../../native/pool/mod.rs"]
mod pool;
mod thread;

pub(super) use thread::{memory, refuse_events};

use super::Script;
use crate::env::clock::Clock;
use crate::runtime::{Builder, Handle, Kind, Runtime};
use driver::{Driver, Mode};
use pool::Pool;
use std::boxed::Box;
use std::io;
use std::sync::Arc;
use std::vec;

impl Builder {
    /// Makes a multi-threaded runtime, each of whose workers is a dedicated worker of the browser, or a worker
    /// thread of Node, that loads `script`, which is this program as `wasm-bindgen --target web` or
    /// `--target nodejs` has made it. From a page, a dedicated worker or Node, in builds with threads only.
    ///
    /// In Node the threads keep the process alive until the runtime is dropped.
    ///
    /// The threads start when the event loop of this one has a turn; tasks may be spawned at once. Unless
    /// told there are as many as the browser says that there are processors. As nothing may wait here,
    /// shutting the runtime down does not wait for its threads: they end by themselves.
    ///
    /// A panic on a worker ends that worker: the console tells, tasks bound to it and the one that
    /// panicked are not heard of again, the others go on elsewhere. Where a worker turns out not to start,
    /// as the script does not load, the console tells and the runtime is shut down: its tasks are
    /// cancelled.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for a current-thread runtime; where the memory is not shared, for
    /// the page is not cross-origin isolated; where there is no `Atomics.waitAsync` or no `Worker`.
    ///
    /// ```ignore
    /// let script = Script::module("/pkg/program.js");
    /// let pool = Builder::new_multi_thread().worker_threads(4).build_on_workers(&script)?;
    /// let sum = pool.spawn(async move { numbers.iter().sum::<u64>() }).await;
    /// ```
    pub fn build_on_workers(&mut self, script: &Script) -> io::Result<Runtime> {
        if self.config().kind == Kind::CurrentThread {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a current-thread runtime has no workers: use `Builder::new_multi_thread`, or \
                 `EventLoop::new` for one on this thread",
            ));
        }
        // A thread that panics is gone without another trace.
        super::report_panics();
        let driver = Arc::new(Driver::new(self.config(), Mode::Shared)?);
        let env = self.env(Clock::unpausable(), None, None);
        let pool = thread::with_script(script, || Pool::start(self.config(), env, driver))?;
        let handle = Handle::new(pool.owner());
        Ok(Runtime::on_threads(handle, vec![Box::new(pool)]))
    }
}
