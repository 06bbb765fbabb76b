//! The guards that borrow their lock.
//!
//! Why unsafe: which threads a pointer to the value may visit is for us to say.

use super::{Permits, Share, Whole, reads_through, writes_through};
use core::marker::PhantomData;

/// The right to read what a [`RwLock`](super::RwLock) guards. Given back when it is dropped.
#[clippy::has_significant_drop]
#[must_use = "the lock is given back at once"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    held: Share<&'a Permits>,
    value: *const T,
    _value: PhantomData<&'a T>,
}

// SAFETY: the guard is a shared reference to the value, and a permit.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// For who has acquired the permit in `held`.
    #[inline]
    pub(super) fn new(held: Share<&'a Permits>, value: *const T) -> Self {
        Self { held, value, _value: PhantomData }
    }

    /// Narrows the guard to a part of the value. Call it as `RwLockReadGuard::map(guard, ..)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::{RwLock, RwLockReadGuard};
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let pair = RwLock::new((1, 'a'));
    ///     let letter = RwLockReadGuard::map(pair.read().await, |pair| &pair.1);
    ///     assert_eq!(*letter, 'a');
    /// }
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = &raw const *f(&*this);
        RwLockReadGuard::new(this.held, value)
    }

    /// Narrows the guard to a part of the value, if it is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match f(&*this).map(|value| &raw const *value) {
            Some(value) => Ok(RwLockReadGuard::new(this.held, value)),
            None => Err(this),
        }
    }

    fn pointer(&self) -> *const T {
        self.value
    }
}

/// The right to write what a [`RwLock`](super::RwLock) guards. Given back when it is dropped.
#[clippy::has_significant_drop]
#[must_use = "the lock is given back at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    held: Whole<&'a Permits>,
    value: *mut T,
    _value: PhantomData<&'a mut T>,
}

// SAFETY: the guard is exclusive access to the value; a downgraded one is shared.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockWriteGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the value.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// For who has acquired the permits in `held`.
    #[inline]
    pub(super) fn new(held: Whole<&'a Permits>, value: *mut T) -> Self {
        Self { held, value, _value: PhantomData }
    }

    /// Narrows the guard to a part of the value. Call it as `RwLockWriteGuard::map(guard, ..)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::{RwLock, RwLockWriteGuard};
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let pair = RwLock::new((1, 'a'));
    ///     *RwLockWriteGuard::map(pair.write().await, |pair| &mut pair.1) = 'b';
    ///     assert_eq!(pair.into_inner(), (1, 'b'));
    /// }
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = &raw mut *f(&mut *this);
        RwLockMappedWriteGuard { held: this.held, value, _value: PhantomData }
    }

    /// Narrows the guard to a part of the value, if it is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => {
                Ok(RwLockMappedWriteGuard { held: this.held, value, _value: PhantomData })
            }
            None => Err(this),
        }
    }

    /// Goes from writing the value to reading a part of it, with no writer in between.
    ///
    /// `f` gets a shared reference, so that nothing it keeps can write beside later readers.
    #[inline]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = &raw const *f(&*this);
        RwLockReadGuard::new(this.held.downgrade(), value)
    }

    /// Goes from writing the value to reading a part of it, if the part is there.
    ///
    /// # Errors
    /// The guard itself, still writing, if `f` answers `None`.
    #[inline]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match f(&*this).map(|value| &raw const *value) {
            Some(value) => Ok(RwLockReadGuard::new(this.held.downgrade(), value)),
            None => Err(this),
        }
    }

    /// The same guard as one that has been narrowed, to the whole.
    #[inline]
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard { held: this.held, value: this.value, _value: PhantomData }
    }

    /// Goes from writing to reading, with no writer in between. Readers that wait at the head of
    /// the queue come in beside.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::RwLock;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let lock = RwLock::new(1);
    ///     let mut writing = lock.write().await;
    ///     *writing = 2;
    ///     let reading = writing.downgrade();
    ///     assert!(lock.try_write().is_err());
    ///     assert_eq!((*reading, *lock.try_read().unwrap()), (2, 2));
    /// }
    /// ```
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard::new(self.held.downgrade(), self.value)
    }

    fn pointer(&self) -> *mut T {
        self.value
    }
}

/// The right to write a part of what a [`RwLock`](super::RwLock) guards; made by
/// [`RwLockWriteGuard::map`].
///
/// It cannot be downgraded: what the narrowing closure was given might still allow to write.
#[clippy::has_significant_drop]
#[must_use = "the lock is given back at once"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    held: Whole<&'a Permits>,
    value: *mut T,
    _value: PhantomData<&'a mut T>,
}

// SAFETY: the guard is exclusive access to the part.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the part.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// Narrows the guard further.
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = &raw mut *f(&mut *this);
        RwLockMappedWriteGuard { held: this.held, value, _value: PhantomData }
    }

    /// Narrows the guard further, if the part is there.
    ///
    /// # Errors
    /// The guard itself, if `f` answers `None`.
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut *this).map(|value| &raw mut *value) {
            Some(value) => {
                Ok(RwLockMappedWriteGuard { held: this.held, value, _value: PhantomData })
            }
            None => Err(this),
        }
    }

    fn pointer(&self) -> *mut T {
        self.value
    }
}

reads_through! {
    ['a, T: ?Sized] RwLockReadGuard<'a, T> => T;
    ['a, T: ?Sized] RwLockWriteGuard<'a, T> => T;
    ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T> => T;
}

writes_through! {
    ['a, T: ?Sized] RwLockWriteGuard<'a, T> => T;
    ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T> => T;
}
