//! Many readers or one writer: [`Permits`], of which a reader takes one and a writer all, and a
//! value.
//!
//! Why unsafe: the compiler cannot see that permits make access to the value shared or exclusive.

use super::TryLockError;
use super::held::{Locked, NEVER_CLOSED, Share, Whole, reads_through, writes_through};
use super::permits::Permits;
use crate::env::dump::Lockable;
use crate::env::site::Site;
use crate::env::spans::Resource;
use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;

pub use guards::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
#[cfg(feature = "alloc")]
pub use owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

/// How many readers there may be, unless it is said.
const MAX_READERS: u32 = u32::MAX >> 3;

#[track_caller]
const fn check_max_readers(max_readers: u32) {
    // It would let every writer in at once.
    assert!(max_readers != 0, "a RwLock may not be created with 0 readers");
    assert!(max_readers <= MAX_READERS, "a RwLock may not have more than u32::MAX >> 3 readers");
}

/// A value that many tasks may read at the same time, or one may write.
///
/// The lock is given in the order in which it was asked for: a reader that comes after a waiting
/// writer waits behind it, so writers are not starved. A task that already reads must therefore
/// not ask to read again while it keeps the first guard: a writer in between would wait for it,
/// and it for the writer. There is no poisoning.
///
/// # Examples
///
/// ```
/// use creel::sync::RwLock;
///
/// #[creel::main]
/// async fn main() {
///     let lock = RwLock::new(5);
///     {
///         let (one, other) = (lock.read().await, lock.read().await);
///         assert_eq!(*one + *other, 10);
///     }
///     *lock.write().await += 1;
///     assert_eq!(*lock.read().await, 6);
/// }
/// ```
pub struct RwLock<T: ?Sized> {
    permits: Permits,
    max_readers: u32,
    value: UnsafeCell<T>,
}

// SAFETY: the lock owns its value.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: writers are alone with the value, which needs `Send`; readers share it, which needs
// `Sync`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    /// An unlocked lock.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::with_max_readers(value, MAX_READERS)
    }

    /// An unlocked lock that at most `max_reads` readers may have at a time; others wait.
    ///
    /// # Panics
    /// If `max_reads` is zero or exceeds `u32::MAX >> 3`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    ///
    /// let lock = RwLock::with_max_readers(5, 2);
    /// let (_one, _other) = (lock.try_read().unwrap(), lock.try_read().unwrap());
    /// assert!(lock.try_read().is_err());
    /// ```
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> Self {
        check_max_readers(max_reads);
        let seen = Resource::new("RwLock", "Sync", Site::here());
        let permits = Permits::new(
            max_reads as usize,
            Lockable::new("rwlock", max_reads as usize).seen_as(seen),
        );
        Self { permits, max_readers: max_reads, value: UnsafeCell::new(value) }
    }

    /// Like [`new`](Self::new), for statics and constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    ///
    /// static SETTING: RwLock<u32> = RwLock::const_new(1);
    /// assert_eq!(*SETTING.try_read().unwrap(), 1);
    /// ```
    #[cfg(not(loom))]
    pub const fn const_new(value: T) -> Self {
        Self::const_with_max_readers(value, MAX_READERS)
    }

    /// Like [`with_max_readers`](Self::with_max_readers), for statics and constants.
    ///
    /// # Panics
    /// If `max_reads` is zero or exceeds `u32::MAX >> 3`.
    #[cfg(not(loom))]
    #[track_caller]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> Self {
        check_max_readers(max_reads);
        let permits = Permits::new(max_reads as usize, Lockable::new("rwlock", max_reads as usize));
        Self { permits, max_readers: max_reads, value: UnsafeCell::new(value) }
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until the value may be read.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue; a lock that had just been assigned
    /// goes to the next in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let lock = RwLock::new(1);
    ///     let reading = lock.read().await;
    ///     assert_eq!(*reading, 1);
    ///     assert!(lock.try_read().is_ok());
    ///     assert!(lock.try_write().is_err());
    /// }
    /// ```
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let op = self.permits.op("RwLock::read");
        Site::here().of(op.of(async move {
            self.permits.acquire(1).await.expect(NEVER_CLOSED);
            RwLockReadGuard::new(Share(&self.permits), self.value.get())
        }))
    }

    /// Reads at once, if nobody writes or waits.
    ///
    /// # Errors
    /// [`TryLockError`] if somebody does, or there are as many readers as there may be.
    #[inline]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.permits.try_acquire(1).map_err(|_| TryLockError(()))?;
        Ok(RwLockReadGuard::new(Share(&self.permits), self.value.get()))
    }

    /// Waits until the value may be written.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue; a lock that had just been assigned
    /// goes to the next in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let lock = RwLock::new(1);
    ///     *lock.write().await = 2;
    ///     assert_eq!(lock.into_inner(), 2);
    /// }
    /// ```
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let op = self.permits.op("RwLock::write");
        Site::here().of(op.of(async move {
            self.permits.acquire(self.max_readers as usize).await.expect(NEVER_CLOSED);
            RwLockWriteGuard::new(self.whole(), self.value.get())
        }))
    }

    /// Writes at once, if nobody has the lock or waits for it.
    ///
    /// # Errors
    /// [`TryLockError`] if somebody does.
    #[inline]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.permits.try_acquire(self.max_readers as usize).map_err(|_| TryLockError(()))?;
        Ok(RwLockWriteGuard::new(self.whole(), self.value.get()))
    }

    /// The value, without locking: `&mut self` proves that nobody else has it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// For who has acquired all permits.
    fn whole(&self) -> Whole<&Permits> {
        Whole { lock: &self.permits, permits: self.max_readers }
    }
}

impl<T: ?Sized> Locked for RwLock<T> {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => f.field("data", &&*guard),
            Err(_) => f.field("data", &format_args!("<locked>")),
        };
        f.finish()
    }
}

mod guards;
#[cfg(feature = "alloc")]
mod owned;
