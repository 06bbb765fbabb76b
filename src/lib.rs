//! An async runtime that runs the same program natively, in a browser, under WASI, on bare
//! `no_std` and in a deterministic simulator.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The rooms are written once for all hosts, so a build without some of these leaves things unused.
// The build that has them, which every change passes, may leave none.
#![cfg_attr(
    not(all(feature = "native", feature = "sim", not(target_family = "wasm"))),
    allow(dead_code, unused_imports)
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;
// What the attributes expand to says `::creel`, in the tests of this crate too.
extern crate self as creel;

mod atomic;
mod collections;
mod env;
mod lock;
#[doc(hidden)]
pub mod macros;
pub mod platform;

#[cfg(feature = "std")]
pub mod io;
#[cfg(feature = "alloc")]
pub mod runtime;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sync;
#[cfg(feature = "alloc")]
pub mod task;
pub mod time;

pub mod future;
pub mod stream;

#[doc(hidden)]
pub use macros::__private;
#[cfg(feature = "macros")]
pub use macros::{main, test};

#[cfg(all(feature = "native", not(target_family = "wasm")))]
#[path = "../native/mod.rs"]
pub mod native;
#[cfg(target_family = "wasm")]
#[path = "../wasm/mod.rs"]
pub mod wasm;

#[cfg(feature = "alloc")]
pub use task::spawn;
