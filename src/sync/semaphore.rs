//! The counting semaphore: [`Permits`] with guards.

use super::permits::{AcquireError, Permits, TryAcquireError};
use crate::env::dump::Lockable;
use crate::env::site::Site;
use crate::env::spans::Resource;
use core::future::Future;

#[cfg(feature = "alloc")]
pub use owned::OwnedSemaphorePermit;

/// Hands out a number of permits, in the order in which they were asked for.
///
/// It bounds how many do something at the same time. A task that wants a permit while none is free
/// waits in a queue; nobody overtakes, so a request for many is not starved by requests for few.
///
/// Permits are returned by dropping their guard, in any order and from anywhere. They are mere
/// numbers: more can be added, and a guard can [`forget`](SemaphorePermit::forget) its own.
///
/// # Examples
///
/// At most two workers at a time:
///
/// ```
/// use creel::sync::Semaphore;
/// use std::sync::Arc;
///
/// #[creel::main]
/// async fn main() {
///     let desks = Arc::new(Semaphore::new(2));
///     let workers: Vec<_> = (0..5)
///         .map(|n| {
///             let desks = Arc::clone(&desks);
///             creel::spawn(async move {
///                 let _desk = desks.acquire().await.unwrap();
///                 assert!(desks.available_permits() < 2);
///                 n * n
///             })
///         })
///         .collect();
///     for (n, worker) in workers.into_iter().enumerate() {
///         assert_eq!(worker.await.unwrap(), n * n);
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Semaphore {
    permits: Permits,
}

impl Semaphore {
    /// The most permits that can be free at a time.
    pub const MAX_PERMITS: usize = Permits::MAX;

    /// A semaphore with `permits` free permits.
    ///
    /// # Panics
    /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        let seen = Resource::new("Semaphore", "Sync", Site::here());
        seen.permits(permits, "override");
        Self {
            permits: Permits::new(permits, Lockable::new("semaphore", usize::MAX).seen_as(seen)),
        }
    }

    /// Like [`new`](Self::new), for statics and constants.
    ///
    /// # Panics
    /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// static DESKS: Semaphore = Semaphore::const_new(2);
    /// assert_eq!(DESKS.available_permits(), 2);
    /// ```
    #[cfg(not(loom))]
    pub const fn const_new(permits: usize) -> Self {
        Self { permits: Permits::new(permits, Lockable::new("semaphore", usize::MAX)) }
    }

    /// How many permits are free. While somebody waits there are none: what is returned belongs
    /// to the one who waits longest.
    pub fn available_permits(&self) -> usize {
        self.permits.available()
    }

    /// Adds `n` permits: to those who wait, and what is left to the free ones.
    ///
    /// # Panics
    /// If more than [`MAX_PERMITS`](Self::MAX_PERMITS) would be free.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        self.permits.release(n);
    }

    /// Takes up to `n` free permits away for good; answers how many it were.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// assert_eq!(semaphore.forget_permits(2), 2);
    /// assert_eq!(semaphore.forget_permits(2), 1);
    /// ```
    pub fn forget_permits(&self, n: usize) -> usize {
        self.permits.forget(n)
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue, and a permit that had just been
    /// assigned goes to the next in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let semaphore = Semaphore::new(1);
    ///     let permit = semaphore.acquire().await.unwrap();
    ///     assert_eq!(semaphore.available_permits(), 0);
    ///     drop(permit);
    ///     assert_eq!(semaphore.available_permits(), 1);
    /// }
    /// ```
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let op = self.permits.op("Semaphore::acquire");
        Site::here().of(op.of(async move {
            self.permits.acquire(1).await?;
            Ok(SemaphorePermit { semaphore: self, permits: 1 })
        }))
    }

    /// Waits for `n` permits. They are collected as they come back while nobody overtakes.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue, and permits that had been assigned go
    /// to the next in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let semaphore = Semaphore::new(5);
    ///     let permit = semaphore.acquire_many(3).await.unwrap();
    ///     assert_eq!((permit.num_permits(), semaphore.available_permits()), (3, 2));
    /// }
    /// ```
    #[track_caller]
    pub fn acquire_many(
        &self,
        n: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let op = self.permits.op("Semaphore::acquire_many");
        Site::here().of(op.of(async move {
            let n = n as usize;
            self.permits.acquire(n).await?;
            Ok(SemaphorePermit { semaphore: self, permits: n })
        }))
    }

    /// Takes a permit if one is free.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermits`] if none is free, [`TryAcquireError::Closed`] if the
    /// semaphore is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::NoPermits));
    /// drop(permit);
    /// semaphore.close();
    /// assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::Closed));
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.permits.try_acquire(1)?;
        Ok(SemaphorePermit { semaphore: self, permits: 1 })
    }

    /// Takes `n` permits if as many are free.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermits`] if fewer are free, [`TryAcquireError::Closed`] if the
    /// semaphore is closed.
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let n = n as usize;
        self.permits.try_acquire(n)?;
        Ok(SemaphorePermit { semaphore: self, permits: n })
    }

    /// Closes the semaphore: whoever waits, and whoever will ask, gets an error. Guards that are
    /// out still return their permits.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let semaphore = Semaphore::new(1);
    ///     semaphore.close();
    ///     assert!(semaphore.is_closed());
    ///     assert!(semaphore.acquire().await.is_err());
    /// }
    /// ```
    pub fn close(&self) {
        self.permits.close();
    }

    /// Whether the semaphore is closed.
    pub fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }
}

/// Permits of a [`Semaphore`], returned when this is dropped.
#[must_use = "the permit is returned at once"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

impl<'a> SemaphorePermit<'a> {
    /// Lets the permits vanish: they are not returned.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(2);
    /// semaphore.try_acquire().unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// Takes over the permits of `other`.
    ///
    /// # Panics
    /// If `other` is of another semaphore.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(2);
    /// let mut one = semaphore.try_acquire().unwrap();
    /// let other = semaphore.try_acquire().unwrap();
    /// one.merge(other);
    /// assert_eq!(one.num_permits(), 2);
    /// ```
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            core::ptr::eq(self.semaphore, other.semaphore),
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
    ///
    /// let semaphore = Semaphore::new(3);
    /// let mut all = semaphore.try_acquire_many(3).unwrap();
    /// let one = all.split(1).unwrap();
    /// assert_eq!((one.num_permits(), all.num_permits()), (1, 2));
    /// assert!(all.split(3).is_none());
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(n)?;
        Some(Self { semaphore: self.semaphore, permits: n })
    }

    /// The semaphore that these permits are of.
    pub fn semaphore(&self) -> &Semaphore {
        self.semaphore
    }

    /// How many permits this holds.
    pub fn num_permits(&self) -> usize {
        self.permits
    }
}

impl Drop for SemaphorePermit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.permits.release(self.permits);
    }
}

#[cfg(feature = "alloc")]
mod owned;
