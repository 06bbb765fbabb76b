//! The methods that wait with the thread instead of the task.

use super::block::block_on;
use super::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use super::{Mutex, MutexGuard, OwnedMutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::sync::Arc;

impl<T: ?Sized> Mutex<T> {
    /// [`lock`](Self::lock), waiting with the thread.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// *mutex.blocking_lock() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        block_on(self.lock())
    }

    /// [`lock_owned`](Self::lock_owned), waiting with the thread.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        block_on(self.lock_owned())
    }
}

impl<T: ?Sized> RwLock<T> {
    /// [`read`](Self::read), waiting with the thread.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        block_on(self.read())
    }

    /// [`write`](Self::write), waiting with the thread.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        block_on(self.write())
    }
}

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
