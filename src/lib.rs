//! An async runtime that runs the same program natively, in a browser, under WASI, on bare
//! `no_std` and in a deterministic simulator.
//!
//! The runtime is a passive machine, and a host drives it: it runs what is ready, says until when
//! there is nothing to do, and never waits itself. A thread, an event loop or a simulated clock does
//! the waiting. So tasks, timers, locks and channels are the same everywhere.
//!
//! ```
//! use creel::sync::mpsc;
//! use creel::time::{Duration, interval, timeout};
//!
//! #[creel::main]
//! async fn main() {
//!     let (sender, mut inbox) = mpsc::channel(4);
//!     let counter = creel::spawn(async move {
//!         let mut beat = interval(Duration::from_millis(1));
//!         for number in 1..=3 {
//!             beat.tick().await;
//!             sender.send(number).await.expect("somebody listens");
//!         }
//!     });
//!
//!     let mut sum = 0;
//!     while let Ok(Some(number)) = timeout(Duration::from_secs(60), inbox.recv()).await {
//!         sum += number;
//!     }
//!     assert_eq!(sum, 6);
//!     counter.await.expect("the counter did not panic");
//! }
//! ```
//!
//! # Where to go
//!
//! | module | what is there |
//! |---|---|
//! | [`task`] | starting, joining and ending tasks; sets of them; values that belong to a task |
//! | [`scope`](mod@scope) | children that end with their parent; clean-up, shields, shutdown |
//! | [`time`] | instants, sleeping, intervals, timeouts, a clock that can be stopped |
//! | [`sync`] | locks, signals and channels |
//! | [`future`] | all of several, the first of several, promises |
//! | [`stream`] | streams and their daily adaptors |
//! | [`io`] | asynchronous reading and writing |
//! | `net` | sockets, natively and on WASI previews 2 and 3 |
//! | `fs` | files and folders, natively and under WASI |
//! | `process` | other programs, natively |
//! | `signal` | ctrl-c and what else the system sends, natively |
//! | `fiber` | stacks for code that cannot be written with `.await`, natively |
//! | [`runtime`] | making a runtime, driving it, ending it |
//! | [`actor`] | actors, and supervisors that restart them |
//! | [`collections`] | lock-free queues, deques and stacks, for use without a runtime |
//! | [`platform`] | what a host brings: how to wait, what time it is |
//! | `sim` | the simulator |
//! | `wasm` | what only browsers and WASI have |
//! | [`guide`] | getting started, cancel safety, testing, writing a host, coming from tokio |
//!
//! Names and signatures are those of tokio 1.54 wherever tokio has the thing.
//!
//! # Features
//!
//! Features only add. `std`, `macros` and `native` are on unless `default-features = false`. A
//! library takes what it needs of `alloc`, `std` and `macros`, and leaves the hosts to the program.
//!
//! | feature | what it brings |
//! |---|---|
//! | `alloc` | what needs a heap: tasks, the runtime, timers, channels |
//! | `std` | the standard library: panics are caught, contexts are per thread, `io`, the clock |
//! | `macros` | `#[main]` and `#[test]` |
//! | `native` | threads as hosts, the work-stealing pool, the blocking pool; nothing on WebAssembly |
//! | `web` | the event loop of browsers and Node as host; nothing elsewhere |
//! | `wasi` | WASI as host; nothing elsewhere |
//! | `wasip3` | WASI preview 3, whose host drives: `wasm::wasi::preview3`; brings `wasi` |
//! | `wasi-http` | HTTP on WASI previews 2 and 3: requests, and a component that serves; brings `wasi` and `bytes` |
//! | `sim` | the deterministic simulator |
//! | `dump` | `Handle::dump`: every task, where it was spawned and what it waits for |
//! | `metrics` | a runtime's numbers for the recorders of the crate `metrics`, such as Prometheus' |
//! | `tracing` | spans and events of tasks and resources, as tokio-console reads them; brings `dump` |
//! | `bytes` | `Buf` and `BufMut` in the methods of `io`, `Bytes` as an owned buffer |
//! | `futures-io` | adapters to and from the streams of `futures-io` |
//! | `tokio-io` | adapters to and from the streams of `tokio::io` |
//! | `hyper` | streams, tasks and timers as hyper 1 wants them |
//! | `net` | TCP, UDP, Unix sockets and pipes, and `AsyncFd`; on WASI previews 2 and 3 TCP and UDP |
//! | `signal` | ctrl-c, Unix signals, the events of a Windows console; brings `net` |
//! | `fs` | files and folders, natively and under WASI |
//! | `process` | child processes, natively; brings `signal` |
//! | `io-std` | the standard streams of the process, natively |
//! | `fiber` | functions on stacks of their own that wait like tasks; nothing on WebAssembly |
//! | `io-uring` | completion on Linux, beside readiness; nothing elsewhere; brings `net` |
//! | `full` | `std`, `macros`, `native`, `sim`, `io-util`, `io-std`, `net`, `io-uring`, `fs`, `process` and `signal` |
//! | `io-util` | the same as `bytes`; tokio's name |
//! | `rt`, `sync`, `time`, `test-util` | `std`; tokio's names for what is always there |
//! | `rt-multi-thread` | `native`; tokio's name |
//! | `parking_lot` | nothing; tokio's name |
//! | `taskdump` | `dump`; tokio's name |
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The rooms are written once for all hosts, so a build without some of these leaves things unused.
// The build that has them, which every change passes, may leave none.
#![cfg_attr(
    not(all(feature = "native", feature = "sim", feature = "fiber", not(target_family = "wasm"))),
    allow(dead_code, unused_imports, unused_macros)
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;
// What the attributes expand to says `::creel`, in the tests of this crate too.
extern crate self as creel;

#[cfg(feature = "alloc")]
pub mod actor;
mod atomic;
pub mod collections;
mod env;
#[cfg(all(doc, any(not(doctest), feature = "full")))]
pub mod guide;
mod lock;
#[doc(hidden)]
pub mod macros;
pub mod platform;

#[cfg(feature = "std")]
pub mod io;
#[cfg(feature = "alloc")]
pub mod runtime;
#[cfg(feature = "alloc")]
pub mod scope;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(any(feature = "net", feature = "wasi"))]
#[macro_use]
mod socket;
pub mod sync;
#[cfg(feature = "alloc")]
pub mod task;
pub mod time;

pub mod future;
#[cfg(feature = "hyper")]
pub mod hyper;
pub mod stream;

#[doc(hidden)]
pub use macros::__private;
#[cfg(feature = "macros")]
pub use macros::{main, test};

#[cfg(all(feature = "native", not(target_family = "wasm")))]
#[path = "../native/mod.rs"]
pub mod native;
#[cfg(all(feature = "fiber", not(target_family = "wasm")))]
pub use native::fiber;
#[cfg(all(feature = "fs", not(target_family = "wasm")))]
pub use native::fs;
#[cfg(all(feature = "fs", feature = "wasi", target_os = "wasi"))]
#[path = "../native/fs/mod.rs"]
pub mod fs;
#[cfg(all(feature = "net", not(target_family = "wasm")))]
pub use native::net;
#[cfg(all(feature = "process", not(target_family = "wasm")))]
pub use native::process;
#[cfg(all(feature = "signal", not(target_family = "wasm")))]
pub use native::signal;
#[cfg(all(feature = "net", feature = "wasi", target_os = "wasi", target_env = "p2"))]
pub use wasm::wasi::net;
#[cfg(target_family = "wasm")]
#[path = "../wasm/mod.rs"]
pub mod wasm;

#[cfg(feature = "alloc")]
pub use scope::scope;
#[cfg(feature = "alloc")]
pub use task::spawn;
