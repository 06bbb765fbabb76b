//! The lock-free collections as their users see them: against models, under stress, and at their
//! edges. What loom explores stands beside each in the source.
#![cfg(not(any(loom, target_family = "wasm")))]

#[path = "collections/edges.rs"]
mod edges;
#[path = "collections/model.rs"]
mod model;
#[path = "collections/stress.rs"]
mod stress;
