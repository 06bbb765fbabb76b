//! The core of the npm package: creel's tasks, timers and queues, driven by JavaScript.
//!
//! JavaScript keeps its values and its generators; this module schedules them. Everything that
//! crosses is a number: tasks, queues, locks and signals have ids, and what a queue holds are the
//! places of values in a table of JavaScript's.
//!
//! 1. [`spawn`] makes a task for a generator. When the task has its turn, the imported `step` runs
//!    the generator to its next `yield`, and answers which operation was yielded ([`op`]).
//! 2. The operation is a future of this crate's ([`drive::perform`]). When it is ready, `step` goes on with
//!    the answer.
//! 3. [`interrupt`] ends the operation that a task waits for; that is how tasks are cancelled.
//! 4. [`tick`] gives ready tasks their turns and answers when it wants to be called again. The
//!    imported `wake` says that there is something to do.
//!
//! It is built twice: for programs, whose loop JavaScript drives, and with the feature `sim` for
//! simulations. So a page that simulates nothing loads no simulator, and a simulation that can never go on,
//! which is a trap, harms nobody else.
//!
//! Why unsafe: functions for JavaScript, and tasks whose futures stay on the one thread there is.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod drive;
#[cfg_attr(feature = "sim", path = "simulation.rs")]
mod host;
mod memory;
mod objects;
mod op;
mod single;
mod table;

pub use drive::{interrupt, resume, selected, spawn};
pub use host::*;
pub use objects::*;

/// A panic is a mistake of this crate, or a simulation that can never go on. JavaScript sees a trap.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
