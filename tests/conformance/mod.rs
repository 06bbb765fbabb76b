//! The conformance list: each case is written once and runs on every host.
//!
//! A case is an async function without arguments that panics when it fails. It uses creel and
//! `core`/`alloc`/`std` data types only: no threads, no files, no assumption about how long
//! anything really takes. `spawn`, `spawn_local`, timers and everything else work inside.
#![allow(dead_code)] // each harness uses its own part

pub mod harness;

use std::future::Future;
use std::pin::Pin;

/// One case of the list.
pub struct Case {
    /// `room::what_it_shows`.
    pub name: &'static str,
    /// Starts the case; it must run inside a runtime.
    pub run: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

/// Declares the cases of one room: `cases! { "sync": async fn mutex_is_fair() { .. } .. }`.
macro_rules! cases {
    ($room:literal: $($(#[$meta:meta])* async fn $name:ident() $body:block)*) => {
        pub const CASES: &[crate::conformance::Case] = &[$(crate::conformance::Case {
            name: concat!($room, "::", stringify!($name)),
            run: || Box::pin($name()),
        }),*];
        $($(#[$meta])* async fn $name() $body)*
    };
}

mod actor;
mod channels;
mod collections;
mod future;
mod io;
mod metrics;
mod scope;
mod signals;
mod supervisor;
mod sync;
mod task;
mod time;

/// Every case, in a fixed order.
pub fn all() -> Vec<&'static Case> {
    let rooms = [
        actor::CASES,
        channels::CASES,
        collections::CASES,
        future::CASES,
        io::CASES,
        metrics::CASES,
        scope::CASES,
        signals::CASES,
        supervisor::CASES,
        sync::CASES,
        task::CASES,
        time::CASES,
    ];
    rooms.iter().flat_map(|room| room.iter()).collect()
}
