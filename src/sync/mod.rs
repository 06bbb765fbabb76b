//! Synchronisation: locks, notifications and channels.

// How everything here waits.
use crate::env::{atomic_waker, panics, wait};

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod block;
mod permits;

// Locks and signals, which need no heap.
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
mod notify;
mod semaphore;

/// The futures of this module that have a name.
pub mod futures {
    pub use super::notify::Notified;
    #[cfg(feature = "alloc")]
    pub use super::notify::OwnedNotified;
}

pub use notify::Notify;

pub use permits::{AcquireError, TryAcquireError};
#[cfg(feature = "alloc")]
pub use semaphore::OwnedSemaphorePermit;
pub use semaphore::{Semaphore, SemaphorePermit};

// Channels.
#[cfg(feature = "alloc")]
pub mod oneshot;

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_tests;
