//! A cell that is written once and can be waited for.
//!
//! `set` goes from false to true once, under the lock of the waiters, after the value was written.
//! From then on the value is only read, so reading costs one load. Before, only the holder of that
//! lock touches the cell.
//!
//! Why unsafe: the flag decides who may touch the cell, which no type can say.

#[cfg(feature = "alloc")]
mod owned;

use super::crowd::{Crowd, Named};
use crate::atomic::{AtomicBool, Ordering, UnsafeCell};
use crate::env::site::Site;
use core::error::Error;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;

/// A cell that is set once; everybody may wait for its value.
///
/// It differs from [`OnceCell`](super::OnceCell) in who makes the value: there, the first who asks;
/// here, somebody else, and whoever asks waits.
///
/// # Examples
///
/// ```
/// use creel::sync::SetOnce;
///
/// static ADDRESS: SetOnce<&str> = SetOnce::const_new();
///
/// assert_eq!(ADDRESS.get(), None);
/// ADDRESS.set("[::1]:80").unwrap();
/// assert_eq!(ADDRESS.get(), Some(&"[::1]:80"));
/// assert!(ADDRESS.set("late").is_err());
/// ```
pub struct SetOnce<T> {
    set: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
    waiters: Crowd<Self>,
}

// SAFETY: the cell owns its value, which moves with it.
unsafe impl<T: Send> Send for SetOnce<T> {}
// SAFETY: `&SetOnce` hands out `&T` on any thread, and `set` moves a `T` to another thread.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    /// An empty cell.
    pub fn new() -> Self {
        Self::with_state(MaybeUninit::uninit(), false)
    }

    /// An empty cell, for a `static`.
    #[cfg(not(loom))]
    pub const fn const_new() -> Self {
        Self::with_state(MaybeUninit::uninit(), false)
    }

    /// A cell that holds `value` already, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::SetOnce;
    ///
    /// assert_eq!(SetOnce::new_with(Some(1)).get(), Some(&1));
    /// assert_eq!(SetOnce::<i32>::new_with(None).get(), None);
    /// ```
    pub fn new_with(value: Option<T>) -> Self {
        match value {
            Some(value) => Self::from(value),
            None => Self::new(),
        }
    }

    /// A cell that holds `value` already, for a `static`.
    #[cfg(not(loom))]
    pub const fn const_new_with(value: T) -> Self {
        Self::with_state(MaybeUninit::new(value), true)
    }

    #[cfg(not(loom))]
    const fn with_state(value: MaybeUninit<T>, set: bool) -> Self {
        let waiters = Crowd::new();
        Self { set: AtomicBool::new(set), value: UnsafeCell::new(value), waiters }
    }

    #[cfg(loom)]
    fn with_state(value: MaybeUninit<T>, set: bool) -> Self {
        let waiters = Crowd::new();
        Self { set: AtomicBool::new(set), value: UnsafeCell::new(value), waiters }
    }

    /// Whether the value is there.
    #[inline]
    pub fn initialized(&self) -> bool {
        // Acquire pairs with the Release in `set`: who sees the flag sees the value.
        self.set.load(Ordering::Acquire)
    }

    /// The value, if it is there.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if !self.initialized() {
            return None;
        }
        // SAFETY: once set, the value is initialised and never written again while shared.
        Some(self.value.with(|value| unsafe { (*value).assume_init_ref() }))
    }

    /// Sets the value and wakes everybody who waits for it.
    ///
    /// # Errors
    /// If the cell is set already; the error hands `value` back.
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        if self.initialized() {
            return Err(SetOnceError(value));
        }
        let waiters = self.waiters.lock();
        if self.initialized() {
            return Err(SetOnceError(value));
        }
        self.value.with_mut(|place| {
            // SAFETY: the lock is held and the flag is false: nobody else touches the cell.
            unsafe { (*place).write(value) };
        });
        // Release publishes the value to `initialized`.
        self.set.store(true, Ordering::Release);
        self.waiters.release_from(waiters);
        Ok(())
    }

    /// Waits for the value.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::SetOnce;
    /// use std::sync::Arc;
    ///
    /// let cell = Arc::new(SetOnce::new());
    /// let setter = cell.clone();
    /// creel::spawn(async move { setter.set(7) });
    /// assert_eq!(*cell.wait().await, 7);
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = &T> {
        Site::here().of(self.waiters.wait_for(|| self.get()))
    }

    /// The value, if it is there.
    pub fn into_inner(self) -> Option<T> {
        if !self.initialized() {
            return None;
        }
        // Relaxed: nobody else has the cell.
        self.set.store(false, Ordering::Relaxed);
        // SAFETY: it was initialised, and the flag keeps `drop` from dropping what moves out here.
        Some(self.value.with(|value| unsafe { (*value).assume_init_read() }))
    }
}

impl<T> Named for SetOnce<T> {
    const NAME: &'static str = "set once";
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        if self.initialized() {
            // SAFETY: the value is initialised, and the cell is gone after this.
            self.value.with_mut(|value| unsafe { (*value).assume_init_drop() });
        }
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self::with_state(MaybeUninit::new(value), true)
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce").field("value", &self.get()).finish()
    }
}

/// [`SetOnce::set`] came too late; the value comes back.
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell is set already")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}
