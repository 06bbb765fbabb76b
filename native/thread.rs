//! A thread as host: it waits in the kernel until it is unparked.

use crate::platform::Park;
use crate::runtime::ThreadConfig;
use core::time::Duration;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

/// Waits by `std::thread::park`, which is one futex wait or its like.
#[derive(Debug, Default)]
pub(super) struct ThreadHost {
    /// The thread that waits, or waited last.
    waiter: Mutex<Waiter>,
}

#[derive(Debug, Default)]
struct Waiter {
    thread: Option<Thread>,
    unparked: bool,
}

impl ThreadHost {
    /// Runs `f` with the state; no section can panic half-way, so poison means nothing.
    fn with<R>(&self, f: impl FnOnce(&mut Waiter) -> R) -> R {
        f(&mut self.waiter.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Park for ThreadHost {
    fn park(&self, timeout: Option<Duration>) {
        let here = thread::current();
        let unparked = self.with(|waiter| {
            waiter.thread = Some(here);
            core::mem::take(&mut waiter.unparked)
        });
        if !unparked {
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
            self.with(|waiter| waiter.unparked = false);
        }
    }

    fn unpark(&self) {
        let thread = self.with(|waiter| {
            waiter.unparked = true;
            waiter.thread.clone()
        });
        if let Some(thread) = thread {
            thread.unpark();
        }
    }
}

/// Starts a thread of a runtime: with its name and stack size, between its callbacks.
///
/// # Errors
/// If the system cannot start one.
pub(super) fn spawn(
    config: &ThreadConfig,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let mut builder = thread::Builder::new().name((config.name)());
    if let Some(bytes) = config.stack_size {
        builder = builder.stack_size(bytes);
    }
    let (on_start, on_stop) = (config.on_start.clone(), config.on_stop.clone());
    builder.spawn(move || {
        on_start.iter().for_each(|call| call());
        run();
        on_stop.iter().for_each(|call| call());
    })
}
