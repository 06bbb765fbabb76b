//! Threads: how one is started, and how one waits as the host of a runtime.

use super::driver::Driver;
use super::parker::Parker;
use crate::platform::Park;
use crate::runtime::ThreadConfig;
use crate::task::guard;
use core::time::Duration;
use std::io;
use std::sync::Arc;

pub(super) use std::thread::{JoinHandle, available_parallelism, yield_now};

/// Whether a thread that no task depends on may wait for others.
pub(super) const MAY_WAIT: bool = true;

/// A thread that waits as host of a runtime: by itself, which is one futex wait or its like, or in
/// the reactor once there is one.
#[derive(Debug)]
pub(super) struct ThreadHost {
    parker: Parker,
    driver: Arc<Driver>,
}

impl ThreadHost {
    pub(super) fn new(driver: Arc<Driver>) -> Self {
        Self { parker: Parker::default(), driver }
    }
}

impl Park for ThreadHost {
    fn park(&self, timeout: Option<Duration>) {
        match self.driver.reactor() {
            None => self.parker.park(timeout),
            Some(reactor) => {
                let edges = self.parker.park_in(timeout, |timeout| reactor.wait(timeout));
                edges.into_iter().for_each(|edges| guard(|| edges.dispatch()));
            }
        }
    }

    fn look(&self) {
        if let Some(reactor) = self.driver.reactor() {
            guard(|| reactor.wait(Some(Duration::ZERO)).dispatch());
        }
    }

    fn unpark(&self) {
        self.parker.unpark(&self.driver);
    }
}

/// Starts a thread of a runtime: with its name and stack size, between its callbacks, whose panics
/// harm nobody.
///
/// # Errors
/// If the system cannot start one.
pub(super) fn spawn(
    config: &ThreadConfig,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let mut builder = std::thread::Builder::new().name(config.thread_name());
    if let Some(bytes) = config.stack_size {
        builder = builder.stack_size(bytes);
    }
    let (on_start, on_stop) = (config.on_start.clone(), config.on_stop.clone());
    builder.spawn(move || {
        on_start.iter().for_each(|call| guard(|| call()));
        run();
        on_stop.iter().for_each(|call| guard(|| call()));
    })
}
