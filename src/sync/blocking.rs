//! The methods that wait with the thread instead of the task.

use super::block::block_on;
use super::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use std::sync::Arc;

impl Semaphore {
    /// [`acquire`](Self::acquire), waiting with the thread.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        block_on(self.acquire())
    }

    /// [`acquire_many`](Self::acquire_many), waiting with the thread.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        block_on(self.acquire_many(n))
    }

    /// [`acquire_owned`](Self::acquire_owned), waiting with the thread.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        block_on(self.acquire_owned())
    }

    /// [`acquire_many_owned`](Self::acquire_many_owned), waiting with the thread.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        block_on(self.acquire_many_owned(n))
    }
}
