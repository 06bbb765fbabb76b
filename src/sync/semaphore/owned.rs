//! Permits that keep their semaphore alive, and so can leave the scope they were acquired in.

use super::{AcquireError, Semaphore, TryAcquireError};
use crate::env::site::Site;
use alloc::sync::Arc;
use core::future::Future;

impl Semaphore {
    /// Like [`acquire`](Self::acquire), with a guard that keeps the semaphore alive.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// As that of [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let desks = Arc::new(Semaphore::new(2));
    ///     let desk = Arc::clone(&desks).acquire_owned().await.unwrap();
    ///     let worker = creel::spawn(async move {
    ///         // The task keeps its desk until it is done.
    ///         drop(desk);
    ///     });
    ///     worker.await.unwrap();
    ///     assert_eq!(desks.available_permits(), 2);
    /// }
    /// ```
    #[track_caller]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let op = self.permits.op("Semaphore::acquire_owned");
        Site::here().of(op.of(async move {
            self.permits.acquire(1).await?;
            Ok(OwnedSemaphorePermit { semaphore: self, permits: 1 })
        }))
    }

    /// Like [`acquire_many`](Self::acquire_many), with a guard that keeps the semaphore alive.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// As that of [`acquire_many`](Self::acquire_many).
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let op = self.permits.op("Semaphore::acquire_many_owned");
        Site::here().of(op.of(async move {
            let n = n as usize;
            self.permits.acquire(n).await?;
            Ok(OwnedSemaphorePermit { semaphore: self, permits: n })
        }))
    }

    /// Like [`try_acquire`](Self::try_acquire), with a guard that keeps the semaphore alive.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermits`] if none is free, [`TryAcquireError::Closed`] if the
    /// semaphore is closed.
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.permits.try_acquire(1)?;
        Ok(OwnedSemaphorePermit { semaphore: self, permits: 1 })
    }

    /// Like [`try_acquire_many`](Self::try_acquire_many), with a guard that keeps the semaphore
    /// alive.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermits`] if fewer are free, [`TryAcquireError::Closed`] if the
    /// semaphore is closed.
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let n = n as usize;
        self.permits.try_acquire(n)?;
        Ok(OwnedSemaphorePermit { semaphore: self, permits: n })
    }
}

/// Permits of a [`Semaphore`] that they keep alive, returned when this is dropped.
#[must_use = "the permit is returned at once"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    permits: usize,
}

impl OwnedSemaphorePermit {
    /// Lets the permits vanish: they are not returned.
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// Takes over the permits of `other`.
    ///
    /// # Panics
    /// If `other` is of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            Arc::ptr_eq(&self.semaphore, &other.semaphore),
            "permits of different semaphores cannot be merged"
        );
        self.permits += core::mem::take(&mut other.permits);
    }

    /// Splits `n` permits off, or answers `None` if there are fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut all = semaphore.try_acquire_many_owned(3).unwrap();
    /// let one = all.split(1).unwrap();
    /// assert_eq!((one.num_permits(), all.num_permits()), (1, 2));
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(n)?;
        Some(Self { semaphore: Arc::clone(&self.semaphore), permits: n })
    }

    /// The semaphore that these permits are of.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }

    /// How many permits this holds.
    pub fn num_permits(&self) -> usize {
        self.permits
    }
}

impl Drop for OwnedSemaphorePermit {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.permits.release(self.permits);
    }
}
