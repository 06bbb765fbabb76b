//! The guards that keep their lock alive, and so can leave the scope they were made in.
//!
//! Why unsafe: which threads a pointer to the value may visit is for us to say.

use super::{NEVER_CLOSED, RwLock, Share, TryLockError, Whole, reads_through, writes_through};
use crate::env::site::Site;
use alloc::sync::Arc;
use core::future::Future;

impl<T: ?Sized> RwLock<T> {
    /// Like [`read`](Self::read), with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    /// As that of [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let lock = Arc::new(RwLock::new(1));
    ///     let reading = Arc::clone(&lock).read_owned().await;
    ///     let task = creel::spawn(async move { *reading });
    ///     assert_eq!(task.await.unwrap(), 1);
    /// }
    /// ```
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        let op = self.permits.op("RwLock::read_owned");
        Site::here().of(op.of(async move {
            self.permits.acquire(1).await.expect(NEVER_CLOSED);
            OwnedRwLockReadGuard::new(self)
        }))
    }

    /// Like [`try_read`](Self::try_read), with a guard that keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] if somebody writes or waits, or there are as many readers as there may be.
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.permits.try_acquire(1).map_err(|_| TryLockError(()))?;
        Ok(OwnedRwLockReadGuard::new(self))
    }

    /// Like [`write`](Self::write), with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    /// As that of [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let lock = Arc::new(RwLock::new(1));
    ///     let mut writing = Arc::clone(&lock).write_owned().await;
    ///     creel::spawn(async move { *writing += 1 }).await.unwrap();
    ///     assert_eq!(*lock.read().await, 2);
    /// }
    /// ```
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        let op = self.permits.op("RwLock::write_owned");
        Site::here().of(op.of(async move {
            self.permits.acquire(self.max_readers as usize).await.expect(NEVER_CLOSED);
            OwnedRwLockWriteGuard::new(self)
        }))
    }

    /// Like [`try_write`](Self::try_write), with a guard that keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] if somebody has the lock or waits for it.
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.permits.try_acquire(self.max_readers as usize).map_err(|_| TryLockError(()))?;
        Ok(OwnedRwLockWriteGuard::new(self))
    }
}

/// The right to read what a [`RwLock`], which it keeps alive, guards, or a part of it. Given back
/// when it is dropped.
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    held: Share<Arc<RwLock<T>>>,
    value: *const U,
}

// SAFETY: the guard is a shared reference to the part, and may drop the whole value.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Send for OwnedRwLockReadGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedRwLockReadGuard<T, U> {}

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    /// For who has acquired one permit.
    fn new(lock: Arc<RwLock<T>>) -> Self {
        let value = lock.value.get();
        Self { held: Share(lock), value }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// Narrows the guard to a part of the value. Call it as `OwnedRwLockReadGuard::map(guard, ..)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::{OwnedRwLockReadGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// let pair = Arc::new(RwLock::new((1, 'a')));
    /// let letter = OwnedRwLockReadGuard::map(pair.try_read_owned().unwrap(), |pair| &pair.1);
    /// assert_eq!(*letter, 'a');
    /// ```
    #[inline]
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        let value = &raw const *f(&*this);
        OwnedRwLockReadGuard { held: this.held, value }
    }

    /// Narrows the guard to a part of the value, if it is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        match f(&*this).map(|value| &raw const *value) {
            Some(value) => Ok(OwnedRwLockReadGuard { held: this.held, value }),
            None => Err(this),
        }
    }

    /// The lock that this is of.
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.held.0
    }

    fn pointer(&self) -> *const U {
        self.value
    }
}

/// The right to write what a [`RwLock`], which it keeps alive, guards. Given back when it is
/// dropped.
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    held: Whole<Arc<RwLock<T>>>,
}

// SAFETY: the guard is exclusive access to the value; a downgraded one is shared.
unsafe impl<T: ?Sized + Send + Sync> Send for OwnedRwLockWriteGuard<T> {}
// SAFETY: a shared guard gives shared access to the value.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedRwLockWriteGuard<T> {}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// For who has acquired all permits.
    fn new(lock: Arc<RwLock<T>>) -> Self {
        let permits = lock.max_readers;
        Self { held: Whole { lock, permits } }
    }

    /// Narrows the guard to a part of the value. Call it as
    /// `OwnedRwLockWriteGuard::map(guard, ..)`.
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = &raw mut *f(&mut *this);
        OwnedRwLockMappedWriteGuard { held: this.held, value }
    }

    /// Narrows the guard to a part of the value, if it is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => Ok(OwnedRwLockMappedWriteGuard { held: this.held, value }),
            None => Err(this),
        }
    }

    /// Goes from writing the value to reading a part of it, with no writer in between.
    ///
    /// `f` gets a shared reference, so that nothing it keeps can write beside later readers.
    #[inline]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = &raw const *f(&*this);
        OwnedRwLockReadGuard { held: this.held.downgrade(), value }
    }

    /// Goes from writing the value to reading a part of it, if the part is there.
    ///
    /// # Errors
    /// The guard itself, still writing, if `f` answers `None`.
    #[inline]
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match f(&*this).map(|value| &raw const *value) {
            Some(value) => Ok(OwnedRwLockReadGuard { held: this.held.downgrade(), value }),
            None => Err(this),
        }
    }

    /// The same guard as one that has been narrowed, to the whole.
    #[inline]
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        let value = this.pointer();
        OwnedRwLockMappedWriteGuard { held: this.held, value }
    }

    /// Goes from writing to reading, with no writer in between. Readers that wait at the head of
    /// the queue come in beside.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut writing = Arc::clone(&lock).try_write_owned().unwrap();
    /// *writing = 2;
    /// let reading = writing.downgrade();
    /// assert!(lock.try_write().is_err());
    /// assert_eq!((*reading, *lock.try_read().unwrap()), (2, 2));
    /// ```
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        let value = self.pointer();
        OwnedRwLockReadGuard { held: self.held.downgrade(), value }
    }

    /// The lock that this is of.
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.held.lock
    }

    fn pointer(&self) -> *mut T {
        self.held.lock.value.get()
    }
}

/// The right to write a part of what a [`RwLock`], which it keeps alive, guards; made by
/// [`OwnedRwLockWriteGuard::map`].
///
/// It cannot be downgraded: what the narrowing closure was given might still allow to write.
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    held: Whole<Arc<RwLock<T>>>,
    value: *mut U,
}

// SAFETY: the guard is exclusive access to the part, and may drop the whole value.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Send
    for OwnedRwLockMappedWriteGuard<T, U>
{
}
// SAFETY: a shared guard gives shared access to the part.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync
    for OwnedRwLockMappedWriteGuard<T, U>
{
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// Narrows the guard further.
    #[inline]
    pub fn map<F, V: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let value = &raw mut *f(&mut *this);
        OwnedRwLockMappedWriteGuard { held: this.held, value }
    }

    /// Narrows the guard further, if the part is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<F, V: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => Ok(OwnedRwLockMappedWriteGuard { held: this.held, value }),
            None => Err(this),
        }
    }

    /// The lock that this is of.
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.held.lock
    }

    fn pointer(&self) -> *mut U {
        self.value
    }
}

reads_through! {
    [T: ?Sized, U: ?Sized] OwnedRwLockReadGuard<T, U> => U;
    [T: ?Sized] OwnedRwLockWriteGuard<T> => T;
    [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U> => U;
}

writes_through! {
    [T: ?Sized] OwnedRwLockWriteGuard<T> => T;
    [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U> => U;
}
