//! Synchronisation: locks, notifications and channels.

// How everything here waits.
use crate::env::{atomic_waker, panics, wait};

#[cfg(all(feature = "std", not(target_family = "wasm")))]
pub(crate) mod block;
#[cfg(all(feature = "alloc", not(all(feature = "std", not(target_family = "wasm")))))]
#[path = "block_never.rs"]
pub(crate) mod block;
mod permits;

// Locks and signals, which need no heap.
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
mod held;
mod mutex;
mod notify;
mod rwlock;
mod semaphore;

/// The futures of this module that have a name.
pub mod futures {
    pub use super::notify::Notified;
    #[cfg(feature = "alloc")]
    pub use super::notify::OwnedNotified;
}

pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, TryLockError};
#[cfg(feature = "alloc")]
pub use mutex::{OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use permits::{AcquireError, TryAcquireError};
#[cfg(feature = "alloc")]
pub use rwlock::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
pub use rwlock::{RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
#[cfg(feature = "alloc")]
pub use semaphore::OwnedSemaphorePermit;
pub use semaphore::{Semaphore, SemaphorePermit};

// Channels.
#[cfg(feature = "alloc")]
pub mod broadcast;
#[cfg(feature = "alloc")]
pub mod mpmc;
#[cfg(feature = "alloc")]
pub mod mpsc;
#[cfg(feature = "alloc")]
pub mod oneshot;
#[cfg(feature = "alloc")]
pub mod rendezvous;
#[cfg(feature = "alloc")]
pub mod watch;

// Signals: values and moments that many wait for.
mod barrier;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking_signals;
#[cfg(feature = "alloc")]
pub mod cancellation;
mod event;
mod latch;
mod once_cell;
mod set_once;
#[cfg(feature = "alloc")]
mod wait_group;

pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(feature = "alloc")]
pub use cancellation::CancellationToken;
pub use event::Event;
pub use latch::Latch;
pub use once_cell::{OnceCell, SetError};
pub use set_once::{SetOnce, SetOnceError};
#[cfg(feature = "alloc")]
pub use wait_group::WaitGroup;

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_tests;
