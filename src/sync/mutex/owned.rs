//! Guards that keep their mutex alive, and so can leave the scope they were made in.
//!
//! Why unsafe: as in the mutex itself.

use super::{Mutex, NEVER_CLOSED, Share, TryLockError, reads_through, writes_through};
use crate::env::site::Site;
use alloc::sync::Arc;
use core::future::Future;

impl<T: ?Sized> Mutex<T> {
    /// Like [`lock`](Self::lock), with a guard that keeps the mutex alive.
    ///
    /// # Cancel safety
    /// As that of [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let mutex = Arc::new(Mutex::new(1));
    ///     let mut guard = Arc::clone(&mutex).lock_owned().await;
    ///     creel::spawn(async move { *guard += 1 }).await.unwrap();
    ///     assert_eq!(*mutex.lock().await, 2);
    /// }
    /// ```
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let op = self.permits.op("Mutex::lock_owned");
        Site::here().of(op.of(async move {
            self.permits.acquire(1).await.expect(NEVER_CLOSED);
            OwnedMutexGuard { held: Share(self) }
        }))
    }

    /// Like [`try_lock`](Self::try_lock), with a guard that keeps the mutex alive.
    ///
    /// # Errors
    /// [`TryLockError`] if somebody has the lock.
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.permits.try_acquire(1).map_err(|_| TryLockError(()))?;
        Ok(OwnedMutexGuard { held: Share(self) })
    }
}

/// The lock on a [`Mutex`] that it keeps alive, and the way to its value. Unlocks when it is
/// dropped.
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    held: Share<Arc<Mutex<T>>>,
}

// SAFETY: a shared guard gives shared access to the value.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// Narrows the guard to a part of the value. Call it as `OwnedMutexGuard::map(guard, ..)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// let pair = Arc::new(Mutex::new((1, 'a')));
    /// let guard = Arc::clone(&pair).try_lock_owned().unwrap();
    /// let mut letter = OwnedMutexGuard::map(guard, |pair| &mut pair.1);
    /// *letter = 'b';
    /// drop(letter);
    /// assert_eq!(*pair.try_lock().unwrap(), (1, 'b'));
    /// ```
    #[inline]
    pub fn map<U: ?Sized, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = &raw mut *f(&mut *this);
        OwnedMappedMutexGuard { held: this.held, value }
    }

    /// Narrows the guard to a part of the value, if it is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<U: ?Sized, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => Ok(OwnedMappedMutexGuard { held: this.held, value }),
            None => Err(this),
        }
    }

    /// The mutex that is locked.
    #[inline]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.held.0
    }

    fn pointer(&self) -> *mut T {
        self.held.0.value.get()
    }
}

/// The lock on a [`Mutex`] that it keeps alive, and the way to a part of its value; made by
/// [`OwnedMutexGuard::map`].
#[clippy::has_significant_drop]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    held: Share<Arc<Mutex<T>>>,
    value: *mut U,
}

// SAFETY: the guard is exclusive access to the part, and may drop the whole value.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: a shared guard gives shared access to the part.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedMappedMutexGuard<T, U> {}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// Narrows the guard further.
    #[inline]
    pub fn map<S: ?Sized, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        let value = &raw mut *f(&mut *this);
        OwnedMappedMutexGuard { held: this.held, value }
    }

    /// Narrows the guard further, if the part is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<S: ?Sized, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => Ok(OwnedMappedMutexGuard { held: this.held, value }),
            None => Err(this),
        }
    }

    fn pointer(&self) -> *mut U {
        self.value
    }
}

reads_through! {
    [T: ?Sized] OwnedMutexGuard<T> => T;
    [T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U> => U;
}

writes_through! {
    [T: ?Sized] OwnedMutexGuard<T> => T;
    [T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U> => U;
}
