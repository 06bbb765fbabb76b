//! The runtime: a passive machine that runs tasks when a host drives it.
//!
//! [`Runtime::tick`] runs what is ready and answers what it needs next; it never waits. A host
//! that can wait does so between ticks, which [`Runtime::block_on`] and [`Runtime::run`] do by the
//! host's [`Park`](crate::platform::Park). The pool (`new_multi_thread`) drives itself on threads
//! of its own.
//!
//! Without `std` the program must drive its runtimes from one core, and outside interrupt
//! handlers; a handler may wake tasks.

mod builder;
mod current_thread;
#[cfg(feature = "metrics")]
mod exporter;
mod hooks;
#[cfg(all(
    feature = "std",
    not(any(
        all(feature = "native", not(target_family = "wasm")),
        all(feature = "web", target_family = "wasm", target_os = "unknown"),
        all(feature = "wasi", target_os = "wasi"),
    ))
))]
mod hostless;
mod local_runtime;
mod metrics;
#[allow(clippy::module_inception)] // the type gives the room its name
mod runtime;
mod shutdown;
mod unstable;
mod wake_hook;

/// What [`Handle::dump`] answers: every task and what it waits for.
#[cfg(feature = "dump")]
pub mod dump {
    pub use crate::env::dump::{Dump, State, Task, Trace, Wait};
}

pub use crate::env::hooks::{BlockedWorker, SlowPoll, TaskMeta, TaskPanic};
pub use crate::env::info::{RuntimeFlavor, RuntimeId as Id};
pub use crate::env::meter::{
    HistogramConfiguration, HistogramScale, InvalidHistogramConfiguration, LogHistogram,
    LogHistogramBuilder,
};
pub use crate::task::{EnterGuard, Handle, TryCurrentError};
pub use builder::Builder;
#[cfg(feature = "std")]
pub(crate) use builder::DriverFallback;
pub use builder::IoDriver;
pub(crate) use builder::{Config, EventLimits, Kind, ThreadConfig};
pub use current_thread::Next;
#[cfg(feature = "metrics")]
pub use exporter::Exporter;
pub use local_runtime::{LocalOptions, LocalRuntime};
pub use metrics::RuntimeMetrics;
pub use runtime::{Runtime, worker_index};
#[cfg(any(feature = "net", feature = "wasi"))]
pub(crate) use shutdown::RuntimeShutDown;
#[cfg(feature = "std")]
pub use shutdown::is_rt_shutdown_err;
pub(crate) use shutdown::{Deadline, Threads};
pub use shutdown::{ShutdownReport, Survivor};
pub use unstable::{RngSeed, UnhandledPanic};
