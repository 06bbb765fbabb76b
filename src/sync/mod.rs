//! Synchronisation: locks, notifications and channels.
//!
//! Names and signatures are tokio's where tokio has the thing.
//!
//! | to | use |
//! |---|---|
//! | hand values from many tasks to one | [`mpsc`] |
//! | hand one value over, once | [`oneshot`] |
//! | give every receiver every value | [`broadcast`] |
//! | let many see the latest value | [`watch`] |
//! | share work among many receivers | [`mpmc`] |
//! | hand a value over hand to hand | [`rendezvous`] |
//! | have a value for oneself across an `.await` | [`Mutex`], [`RwLock`] |
//! | bound how many do something at a time | [`Semaphore`] |
//! | tell that something happened | [`Notify`], [`Event`] |
//! | wait for each other | [`Barrier`], [`Latch`], [`WaitGroup`] |
//! | set a value once and wait for it | [`OnceCell`], [`SetOnce`] |
//! | stop a whole tree of work | [`CancellationToken`] |
//!
//! # What holds for all of them
//!
//! - **They need no runtime.** They work in any executor, between runtimes and between threads,
//!   and can be notified from anywhere. In a task of this crate they spend its cooperative budget,
//!   so a task that always finds what it waits for still lets others run.
//! - **Waiting allocates nothing.** A waiter is a node inside the future that waits.
//! - **First come, first served.** Who waits longest is served first, and nobody overtakes.
//! - **Dropping a future is safe at any point** and loses nothing: its place in the queue is
//!   given up, and what it had been handed already goes to the next.
//! - **There is no poisoning.** A task that panics gives back what it holds; a waker that panics
//!   keeps nobody else from being woken.
//! - **Two tiers**: `try_x()` answers at once, `x().await` waits. On hosts with threads a
//!   `blocking_x()` waits with the thread, and panics where that would keep tasks from running.

// How everything here waits.
use crate::env::{panics, wait};

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
mod crowd;
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
