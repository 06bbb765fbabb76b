//! Threads and operating systems.

mod blocking;
mod builder;
#[cfg(feature = "net")]
pub(crate) mod driver;
#[cfg(not(feature = "net"))]
#[path = "driver/none.rs"]
pub(crate) mod driver;
#[cfg(feature = "fiber")]
pub mod fiber;
#[cfg(feature = "fs")]
pub mod fs;
#[cfg(feature = "net")]
pub mod net;
mod origin;
mod parker;
#[cfg(all(feature = "net", unix))]
mod pollable;
mod pool;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "signal")]
pub mod signal;
mod thread;
mod watchdog;
