//! Synchronisation: locks, notifications and channels.

mod atomic_waker;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod block;
#[cfg(feature = "alloc")]
pub mod oneshot;
mod panics;
mod wait;

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_tests;
