//! Threads: how one is started, and how one waits as the host of a runtime.
//!
//! Why unsafe: the standard library has no name for where a thread runs, and how late a wait may end.

use super::driver::Driver;
use super::parker::Parker;
use crate::platform::Park;
use crate::runtime::ThreadConfig;
use crate::task::guard;
use core::time::Duration;
use std::io;
use std::sync::Arc;

#[cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"),
        not(any(miri, loom))
    )),
    path = "thread/fences_none.rs"
)]
mod fences;

#[cfg_attr(not(all(target_os = "linux", not(miri))), path = "thread/slack_none.rs")]
mod slack;

pub(super) use fences::{fence_all, fence_one, prepare_fences};

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
            None if timeout.is_some() => in_time(|| self.parker.park(timeout)),
            None => self.parker.park(None),
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

/// Has the system end timed waits of this thread when their time is over, for good: workers see
/// themselves to that several end at once.
pub(super) fn wake_in_time() {
    slack::set(1);
}

/// The same for one wait, on a thread that is somebody else's.
pub(super) fn in_time<T>(wait: impl FnOnce() -> T) -> T {
    let before = slack::get();
    if before <= 1 {
        return wait();
    }
    slack::set(1);
    let result = wait();
    slack::set(before);
    result
}

/// Has the thread run on the processor `core` only.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn pin(thread: &JoinHandle<()>, core: usize) -> io::Result<()> {
    use core::ffi::{c_int, c_ulong};
    use std::os::unix::thread::{JoinHandleExt, RawPthread};

    unsafe extern "C" {
        fn pthread_setaffinity_np(thread: RawPthread, size: usize, set: *const c_ulong) -> c_int;
    }

    let mut set = std::vec![0; core / c_ulong::BITS as usize + 1];
    set[core / c_ulong::BITS as usize] = 1 << (core % c_ulong::BITS as usize);
    // SAFETY: the thread was not joined, and the set has the size that is told.
    let result =
        unsafe { pthread_setaffinity_np(thread.as_pthread_t(), size_of_val(&*set), set.as_ptr()) };
    match result {
        0 => Ok(()),
        code => {
            let error = io::Error::from_raw_os_error(code);
            let why = std::format!("no worker can be bound to the processor {core}: {error}");
            Err(io::Error::new(error.kind(), why))
        }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn pin(_: &JoinHandle<()>, _: usize) -> io::Result<()> {
    let why = "workers are bound to processors on Linux only: leave `worker_cores` out";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

/// Starts a thread of a runtime: with its name and stack size, between its callbacks, whose panics
/// harm nobody. What `run` answers is dropped after them.
///
/// # Errors
/// If the system cannot start one.
pub(super) fn spawn<R>(
    config: &ThreadConfig,
    run: impl FnOnce() -> R + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let mut builder = std::thread::Builder::new().name(config.thread_name());
    if let Some(bytes) = config.stack_size {
        builder = builder.stack_size(bytes);
    }
    let (on_start, on_stop) = (config.on_start.clone(), config.on_stop.clone());
    builder.spawn(move || {
        on_start.iter().for_each(|call| guard(|| call()));
        let _ended = run();
        on_stop.iter().for_each(|call| guard(|| call()));
    })
}
