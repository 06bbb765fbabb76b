//! The core of the npm package: creel's tasks and timers, driven by JavaScript.
//!
//! JavaScript keeps its values, its generators, and the lines in which tasks wait for each other; this module
//! schedules them. Everything that crosses is a number.
//!
//! 1. [`spawn`] makes a task for a generator. When the task has its turn, the imported `step` runs
//!    the generator until it has to wait, and answers for how long at most.
//! 2. [`wake`] ends that: what the task waits for has come, or it was cancelled. JavaScript knows which.
//! 3. [`tick`] gives ready tasks their turns and answers when it wants to be called again. The
//!    imported `ready` says that there is something to do.
//!
//! It is built twice: for programs, whose loop JavaScript drives, and with the feature `sim` for
//! simulations. So a page that simulates nothing loads no simulator, and a simulation that can never go on,
//! which is a trap, harms nobody else.
//!
//! Why unsafe: functions for JavaScript, and tasks whose futures stay on the one thread there is.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod ground;
#[cfg_attr(feature = "sim", path = "simulation.rs")]
mod host;
mod memory;
mod single;
mod tasks;

pub use host::*;
pub use tasks::{spawn, wake};

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::Allocator::new();

/// A panic is a mistake of this crate, or a simulation that can never go on. JavaScript sees a trap.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
