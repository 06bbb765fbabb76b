//! Fibers: stacks for code that cannot be written with `.await`.
//!
//! A fiber is a function on a stack of its own. It is a future ([`Fiber`]) and so a task like any
//! other: there is no second scheduler. Inside, [`wait`] suspends the stack until a future is done,
//! so every timer, lock, channel and socket of this crate works as a call that blocks only the
//! fiber. That serves code that calls back through functions which are not `async`: parsers,
//! interpreters, recursive walks, libraries in other languages.
//!
//! An `async fn` needs less memory and moves between threads; prefer it where you have the choice.
//!
//! # Threads
//! A fiber stays on the thread where it first ran. On the multi-threaded runtime [`spawn`] gives new
//! fibers to the workers in turn; they are not stolen. For this is sound in Rust, outside of a
//! fiber: borrow a thread-local, call a function, use the borrow. If the function could suspend the
//! stack and another thread resumed it, the borrow would belong to the wrong thread. So code on a
//! fiber may trust its thread. What it must not do is wait while it holds something of the thread
//! that other tasks want: a borrow of a `RefCell` in a thread-local, a `std` mutex.
//!
//! # Stacks
//! 256 KiB of addresses unless [`Builder::stack_size`] says otherwise, and a guard page. Pages get
//! memory when they are first used, two or three in a small fiber; a thread keeps up to 256 stacks
//! for its next fibers. Running into the guard page aborts the process, with a message that names
//! the fiber; so does running out of any thread's stack.
//!
//! On Linux from 6.13 on guard pages need no mapping of their own, so the number of fibers is
//! limited by memory only; before, and on other systems, by the mappings of a process (65,530 on
//! Linux: some 32,000 fibers at a time). More is a panic of the new fiber, which its handle reports.
//!
//! # Examples
//! ```
//! # #[creel::main]
//! # async fn main() {
//! use creel::{fiber, time};
//!
//! // Not `async`, and may wait all the same.
//! fn patient(number: u64) -> u64 {
//!     fiber::wait(time::sleep(time::Duration::from_millis(number)));
//!     number
//! }
//!
//! let sum = fiber::spawn(|| [1, 2, 3].into_iter().map(patient).sum::<u64>());
//! assert_eq!(sum.await.unwrap(), 6);
//! # }
//! ```

mod coroutine;
#[allow(clippy::module_inception)] // it is what the folder is named for
mod fiber;
mod generator;
#[cfg(unix)]
mod overflow;
mod stack;

pub use coroutine::{is_running, wait};
pub use fiber::{Builder, Fiber, spawn, spawn_local, yield_now};
pub use generator::{FiberStream, Iter, Yielder, iter, stream};
