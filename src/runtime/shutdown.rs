//! Ending a runtime, and what is left when the time is up.

use crate::env::instant::Instant;
use crate::task::{Id, Task};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;

/// What [`Runtime::shutdown`](super::Runtime::shutdown) found when the time was up.
///
/// # Examples
/// ```
/// let runtime = creel::runtime::Builder::new_current_thread().build()?;
/// runtime.spawn(std::future::pending::<()>());
/// let report = runtime.shutdown(std::time::Duration::from_millis(2));
/// assert!(!report.is_clean());
/// println!("{report}"); // names the task by its id and the type of its future
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The tasks that had not ended. All but closures that still block a thread were cancelled.
    pub survivors: Vec<Survivor>,
}

impl ShutdownReport {
    /// Whether every task ended by itself.
    pub fn is_clean(&self) -> bool {
        self.survivors.is_empty()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("every task ended by itself");
        }
        write!(f, "{} tasks had not ended:", self.survivors.len())?;
        self.survivors.iter().try_for_each(|survivor| write!(f, "\n  {survivor}"))
    }
}

/// Why I/O fails once the runtime that it belongs to is shut down.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(crate) struct RuntimeShutDown(());

#[cfg(feature = "std")]
impl RuntimeShutDown {
    pub(crate) fn error() -> std::io::Error {
        std::io::Error::other(Self(()))
    }
}

#[cfg(feature = "std")]
impl fmt::Display for RuntimeShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the runtime has been shut down")
    }
}

#[cfg(feature = "std")]
impl core::error::Error for RuntimeShutDown {}

/// Whether an operation failed because its runtime is shut down.
///
/// # Examples
/// ```
/// assert!(!creel::runtime::is_rt_shutdown_err(&std::io::Error::other("another reason")));
/// ```
#[cfg(feature = "std")]
pub fn is_rt_shutdown_err(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<RuntimeShutDown>())
}

/// A task that had not ended when its runtime was shut down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Survivor {
    /// The task.
    pub id: Id,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// The type of its future, which tells where it was written.
    pub future: &'static str,
    /// Where it was spawned: only with the feature `dump`.
    pub spawned_at: Option<&'static Location<'static>>,
    /// Whether it is a closure that blocks a thread and cannot be cancelled.
    pub blocking: bool,
}

impl Survivor {
    pub(crate) fn of(task: Task) -> Self {
        let meta = task.meta();
        Self {
            id: meta.id(),
            name: meta.name().map(Into::into),
            future: meta.future(),
            spawned_at: meta.spawned_at.location(),
            blocking: false,
        }
    }
}

impl fmt::Display for Survivor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("unnamed");
        let kind = if self.blocking { "still blocks its thread" } else { "cancelled" };
        write!(f, "task {} ({name}, {}): {kind}", self.id, self.future)
    }
}

/// A part of a runtime that has threads of its own.
pub(crate) trait Threads: fmt::Debug + Send + Sync {
    /// Whether whoever drops the runtime waits for the threads to end.
    fn are_waited_for(&self) -> bool {
        true
    }

    /// Lets the tasks end until `deadline`, then cancels what can be cancelled, adds what had not
    /// ended to `report`, and ends the threads.
    fn shut_down(&self, deadline: Deadline, report: &mut ShutdownReport);
}

/// How long a shutdown may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deadline {
    /// Cancel tasks at once, then wait for blocking closures as long as it takes: what dropping a
    /// runtime does.
    Drop,
    /// Cancel tasks at once, then wait for blocking closures until then.
    Cancel(Instant),
    /// Let tasks end by themselves until then.
    Graceful(Instant),
}
