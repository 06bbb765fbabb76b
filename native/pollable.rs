//! A runtime in the loop of a program that owns its thread: one descriptor says when to tick.

use super::blocking::BlockingPool;
use super::driver::{Driver, Mode, Reactor};
use super::watchdog;
use crate::platform::Park;
use crate::runtime::{Builder, IoDriver, Kind, Runtime};
use std::boxed::Box;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// Waits in the reactor if it is asked to, which is always there; usually the loop does it.
struct LoopHost(Arc<Reactor>);

impl Park for LoopHost {
    fn park(&self, timeout: Option<Duration>) {
        self.0.wait(timeout).dispatch();
    }

    fn look(&self) {
        self.0.wait(Some(Duration::ZERO)).dispatch();
    }

    fn unpark(&self) {
        self.0.wake();
    }
}

impl Builder {
    /// Makes a current-thread runtime for a loop of one's own that waits by `poll`, `epoll` or
    /// `kqueue`, and a descriptor to wait for: it is readable when there is something to do for
    /// [`Runtime::tick`], be it that a task was woken from another thread or that a socket is ready.
    /// Timers are not in it: wait until [`Runtime::next_deadline`] at the latest.
    ///
    /// Sockets work as on any runtime, by readiness. The hook of
    /// [`set_wake_hook`](Runtime::set_wake_hook) is called beside the descriptor for wakes, not for
    /// sockets. Unix only.
    ///
    /// # Errors
    /// If the system has no descriptor to give. [`io::ErrorKind::Unsupported`] if the builder is that
    /// of a multi-threaded runtime, which no loop of yours drives.
    ///
    /// # Examples
    /// ```
    /// use creel::runtime::{Builder, Next};
    ///
    /// let (runtime, descriptor) = Builder::new_current_thread().build_pollable()?;
    /// let task = runtime.spawn(async { 42 });
    /// // Here the loop waits until `descriptor` is readable.
    /// assert_eq!(runtime.tick(128), Next::Idle);
    /// assert!(task.is_finished());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn build_pollable(&mut self) -> io::Result<(Runtime, OwnedFd)> {
        if self.config().kind != Kind::CurrentThread {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a loop of one's own drives a runtime of one thread: use \
                 `Builder::new_current_thread`",
            ));
        }
        let blocking = BlockingPool::new(&self.config().threads);
        self.io_driver(IoDriver::Readiness);
        let driver = Arc::new(Driver::new(self.config(), Mode::Moving)?);
        let reactor = driver.started()?;
        let descriptor = reactor.descriptor()?;
        let host = Arc::new(LoopHost(Arc::clone(&reactor)));
        let wake = move || reactor.wake();
        let mut runtime = self.build_ticked(Some(host), Some(blocking.owner()), Some(driver), wake);
        runtime.add_threads(Box::new(blocking));
        let observer = runtime.observer().cloned();
        watchdog::watch(&mut runtime, self.config(), observer)?;
        Ok((runtime, descriptor))
    }
}
