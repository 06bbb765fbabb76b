//! Mutual exclusion for tasks: [`Permits`] of which there is one, and a value.
//!
//! Why unsafe: the compiler cannot see that a permit makes access to the value exclusive.

use super::held::{Locked, NEVER_CLOSED, Share, reads_through, writes_through};
use super::permits::Permits;
use crate::env::dump::Lockable;
use crate::env::site::Site;
use crate::env::spans::Resource;
use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;

#[cfg(feature = "alloc")]
pub use owned::{OwnedMappedMutexGuard, OwnedMutexGuard};

/// A value that one task at a time has for itself, also across an `.await`.
///
/// Tasks get the lock in the order in which they asked for it. There is no poisoning: a task that
/// panics with the guard in hand unlocks like any other.
///
/// For a section that awaits nothing, the mutex of the standard library serves as well, and is
/// locked from ordinary code.
///
/// # Examples
///
/// ```
/// use creel::sync::Mutex;
/// use std::sync::Arc;
///
/// #[creel::main(flavor = "current_thread")]
/// async fn main() {
///     let ledger = Arc::new(Mutex::new(Vec::new()));
///     let writers: Vec<_> = (0..3)
///         .map(|n| {
///             let ledger = Arc::clone(&ledger);
///             creel::spawn(async move {
///                 let mut lines = ledger.lock().await;
///                 creel::task::yield_now().await;
///                 lines.push(n);
///             })
///         })
///         .collect();
///     for writer in writers {
///         writer.await.unwrap();
///     }
///     assert_eq!(*ledger.lock().await, [0, 1, 2]);
/// }
/// ```
pub struct Mutex<T: ?Sized> {
    permits: Permits,
    value: UnsafeCell<T>,
}

// SAFETY: the mutex owns its value.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: the value is reached by one at a time, which is moving it between threads.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// An unlocked mutex.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let seen = Resource::new("Mutex", "Sync", Site::here());
        let permits = Permits::new(1, Lockable::new("mutex", 1).seen_as(seen));
        Self { permits, value: UnsafeCell::new(value) }
    }

    /// Like [`new`](Self::new), for statics and constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Mutex;
    ///
    /// static LEDGER: Mutex<Vec<u32>> = Mutex::const_new(Vec::new());
    /// LEDGER.try_lock().unwrap().push(1);
    /// ```
    #[cfg(not(loom))]
    pub const fn const_new(value: T) -> Self {
        Self { permits: Permits::new(1, Lockable::new("mutex", 1)), value: UnsafeCell::new(value) }
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue; a lock that had just been assigned
    /// goes to the next in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Mutex;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let mutex = Mutex::new(1);
    ///     *mutex.lock().await += 1;
    ///     assert_eq!(mutex.into_inner(), 2);
    /// }
    /// ```
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let op = self.permits.op("Mutex::lock");
        Site::here().of(op.of(async move {
            self.permits.acquire(1).await.expect(NEVER_CLOSED);
            MutexGuard { held: Share(self) }
        }))
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// [`TryLockError`] if somebody has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// drop(guard);
    /// assert!(mutex.try_lock().is_ok());
    /// ```
    #[inline]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.permits.try_acquire(1).map_err(|_| TryLockError(()))?;
        Ok(MutexGuard { held: Share(self) })
    }

    /// The value, without locking: `&mut self` proves that nobody else has it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: ?Sized> Locked for Mutex<T> {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => f.field("data", &&*guard),
            Err(_) => f.field("data", &format_args!("<locked>")),
        };
        f.finish()
    }
}

/// The lock could not be had at once.
///
/// [`Mutex::try_lock`], [`RwLock::try_read`](super::RwLock::try_read),
/// [`RwLock::try_write`](super::RwLock::try_write) and their kin return it.
#[derive(Debug)]
pub struct TryLockError(pub(super) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl core::error::Error for TryLockError {}

/// The lock on a [`Mutex`], and the way to its value. Unlocks when it is dropped.
#[clippy::has_significant_drop]
#[must_use = "the mutex is unlocked at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    held: Share<&'a Mutex<T>>,
}

// SAFETY: a shared guard gives shared access to the value.
unsafe impl<T: ?Sized + Send + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Narrows the guard to a part of the value. Call it as `MutexGuard::map(guard, ..)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::{Mutex, MutexGuard};
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let pair = Mutex::new((1, 'a'));
    ///     let mut letter = MutexGuard::map(pair.lock().await, |pair| &mut pair.1);
    ///     *letter = 'b';
    ///     drop(letter);
    ///     assert_eq!(pair.into_inner(), (1, 'b'));
    /// }
    /// ```
    #[inline]
    pub fn map<U: ?Sized, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = &raw mut *f(&mut *this);
        this.mapped(value)
    }

    /// Narrows the guard to a part of the value, if it is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<U: ?Sized, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => Ok(this.mapped(value)),
            None => Err(this),
        }
    }

    /// The mutex that is locked.
    #[inline]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.held.0
    }

    fn mapped<U: ?Sized>(self, value: *mut U) -> MappedMutexGuard<'a, U> {
        MappedMutexGuard { held: self.held.narrow(), value, _value: PhantomData }
    }

    fn pointer(&self) -> *mut T {
        self.held.0.value.get()
    }
}

/// The lock on a [`Mutex`], and the way to a part of its value; made by [`MutexGuard::map`].
#[clippy::has_significant_drop]
#[must_use = "the mutex is unlocked at once"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    held: Share<&'a Permits>,
    value: *mut T,
    _value: PhantomData<&'a mut T>,
}

// SAFETY: the guard is exclusive access to the part.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the part.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Narrows the guard further.
    #[inline]
    pub fn map<U: ?Sized, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = &raw mut *f(&mut *this);
        MappedMutexGuard { held: this.held, value, _value: PhantomData }
    }

    /// Narrows the guard further, if the part is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<U: ?Sized, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => Ok(MappedMutexGuard { held: this.held, value, _value: PhantomData }),
            None => Err(this),
        }
    }

    fn pointer(&self) -> *mut T {
        self.value
    }
}

reads_through! {
    ['a, T: ?Sized] MutexGuard<'a, T> => T;
    ['a, T: ?Sized] MappedMutexGuard<'a, T> => T;
}

writes_through! {
    ['a, T: ?Sized] MutexGuard<'a, T> => T;
    ['a, T: ?Sized] MappedMutexGuard<'a, T> => T;
}

#[cfg(feature = "alloc")]
mod owned;
