//! A cell that the first who asks fills.
//!
//! `set` goes from false to true once, after the value was written; from then on the value is only
//! read, so reading costs one load. Before, only the holder of the *turn* touches the cell: the
//! one task that runs its initialiser. `turns` says whether the turn is taken, and who waits for
//! it. It is handed to the one who waits longest when an initialiser fails, panics or is dropped,
//! and to a waiter that is dropped in the same moment it is handed on again.
//!
//! Why unsafe: flag and turn decide who may touch the cell, which no type can say; and naming the
//! place where one waits is a promise that it stays one place.

use super::wait::{WaitList, WaitPoint, Waiter, wake_while};
use crate::atomic::{AtomicBool, Ordering, UnsafeCell};
use crate::env::dump::Wait;
use crate::env::site::Site;
use crate::lock::{Lock, LockGuard};
use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem::MaybeUninit;
use core::pin::pin;

/// A cell that is filled once, by the first who needs the value, who may have to await it.
///
/// # Examples
///
/// ```
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use creel::sync::OnceCell;
///
/// static CONFIG: OnceCell<String> = OnceCell::const_new();
///
/// async fn config() -> &'static str {
///     CONFIG.get_or_init(|| async { "loaded".to_owned() }).await
/// }
///
/// assert_eq!(config().await, "loaded");
/// assert_eq!(CONFIG.get().map(String::as_str), Some("loaded"));
/// # });
/// ```
pub struct OnceCell<T> {
    set: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
    turns: Lock<Turns>,
}

/// Who may fill the cell. `pub(crate)` because it shows in an implementation for a public type.
pub(crate) struct Turns {
    taken: bool,
    waiters: WaitList<()>,
}

// SAFETY: the cell owns its value, which moves with it.
unsafe impl<T: Send> Send for OnceCell<T> {}
// SAFETY: `&OnceCell` hands out `&T` on any thread, and `set` moves a `T` to another thread.
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}

impl<T> OnceCell<T> {
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
    /// use creel::sync::OnceCell;
    ///
    /// assert_eq!(OnceCell::new_with(Some(1)).get(), Some(&1));
    /// assert_eq!(OnceCell::<i32>::new_with(None).get(), None);
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
        let turns = Lock::new(Turns { taken: false, waiters: WaitList::new() });
        Self { set: AtomicBool::new(set), value: UnsafeCell::new(value), turns }
    }

    #[cfg(loom)]
    fn with_state(value: MaybeUninit<T>, set: bool) -> Self {
        let turns = Lock::new(Turns { taken: false, waiters: WaitList::new() });
        Self { set: AtomicBool::new(set), value: UnsafeCell::new(value), turns }
    }

    /// Whether the value is there.
    #[inline]
    pub fn initialized(&self) -> bool {
        // Acquire pairs with the Release in `Turn::fill`: who sees the flag sees the value.
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

    /// The value, if it is there, to be changed.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if !self.initialized() {
            return None;
        }
        // SAFETY: the value is initialised, and the cell is borrowed exclusively.
        Some(self.value.with_mut(|value| unsafe { (*value).assume_init_mut() }))
    }

    /// Fills the cell with `value`.
    ///
    /// # Errors
    /// - [`SetError::AlreadyInitializedError`] if the cell is full.
    /// - [`SetError::InitializingError`] if somebody is filling it just now.
    ///
    /// Both hand `value` back.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// assert!(cell.set(1).is_ok());
    /// assert!(cell.set(2).unwrap_err().is_already_init_err());
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        let mut turns = self.turns.lock();
        if self.initialized() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        if turns.taken {
            return Err(SetError::InitializingError(value));
        }
        turns.taken = true;
        drop(turns);
        Turn(self).fill(value);
        Ok(())
    }

    /// The value; if it is not there, that of the future that `f` makes, or of another that is on
    /// its way. One initialiser runs at a time. If it is dropped or panics, the next one who waits
    /// runs theirs.
    ///
    /// An initialiser that asks its own cell waits for itself, for ever.
    ///
    /// # Cancel safety
    /// A future that is dropped takes its initialiser with it, and the turn goes to the next.
    ///
    /// # Examples
    /// ```
    /// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// use creel::sync::OnceCell;
    ///
    /// static GREETING: OnceCell<String> = OnceCell::const_new();
    ///
    /// assert_eq!(GREETING.get_or_init(|| async { "hello".to_owned() }).await, "hello");
    /// assert_eq!(GREETING.get_or_init(|| async { unreachable!() }).await, "hello");
    /// # });
    /// ```
    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, f: F) -> impl Future<Output = &T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let site = Site::here();
        async move {
            let init = || async { Ok::<T, Infallible>(f().await) };
            let Ok(value) = self.get_or_try_init_at(site, init).await;
            value
        }
    }

    /// As [`get_or_init`](Self::get_or_init), with an initialiser that may fail: then the cell
    /// stays empty, and the next one who waits runs theirs.
    ///
    /// # Errors
    /// What the future made by `f` answers.
    ///
    /// # Cancel safety
    /// A future that is dropped takes its initialiser with it, and the turn goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.get_or_try_init(|| async { Err("not yet") }).await, Err("not yet"));
    /// assert_eq!(cell.get_or_try_init(|| async { Ok::<_, ()>(1) }).await, Ok(&1));
    /// assert_eq!(cell.get_or_try_init(|| async { Ok::<_, ()>(2) }).await, Ok(&1));
    /// # });
    /// ```
    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, f: F) -> impl Future<Output = Result<&T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.get_or_try_init_at(Site::here(), f)
    }

    async fn get_or_try_init_at<E, F, Fut>(&self, site: Site, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        match site.of(self.turn()).await {
            Ok(value) => Ok(value),
            Err(turn) => Ok(turn.fill(f().await?)),
        }
    }

    /// Waits for the value or, failing that, for the turn to make it.
    async fn turn(&self) -> Result<&T, Turn<'_, T>> {
        let mut waiter = pin!(Waiter::new(self, ()));
        poll_fn(|cx| {
            waiter.as_mut().enroll(Some(cx.waker()), |turns, (), notified| match self.get() {
                Some(value) => Some(Ok(value)),
                None if notified => Some(Err(Turn(self))),
                None if turns.taken => None,
                None => {
                    turns.taken = true;
                    Some(Err(Turn(self)))
                }
            })
        })
        .await
    }

    /// The turn is over, without a value.
    fn pass_on(mut turns: LockGuard<'_, Turns>) {
        match turns.waiters.take_front(|()| ()) {
            Some(notice) => {
                drop(turns);
                notice.wake();
            }
            None => turns.taken = false,
        }
    }

    /// The value, if it is there.
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// Takes the value out; the cell can be filled anew.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::OnceCell;
    ///
    /// let mut cell = OnceCell::from(1);
    /// assert_eq!(cell.take(), Some(1));
    /// assert!(cell.set(2).is_ok());
    /// assert_eq!(cell.into_inner(), Some(2));
    /// ```
    pub fn take(&mut self) -> Option<T> {
        if !self.initialized() {
            return None;
        }
        // Relaxed: nobody else has the cell.
        self.set.store(false, Ordering::Relaxed);
        // SAFETY: it was initialised, and the flag says that what moves out here is gone.
        Some(self.value.with(|value| unsafe { (*value).assume_init_read() }))
    }
}

/// The right to fill the cell. Dropped, it goes to the next.
struct Turn<'a, T>(&'a OnceCell<T>);

impl<'a, T> Turn<'a, T> {
    fn fill(self, value: T) -> &'a T {
        let cell = self.0;
        core::mem::forget(self);
        cell.value.with_mut(|place| {
            // SAFETY: this is the one turn, and the flag is false: nobody else touches the cell.
            unsafe { (*place).write(value) };
        });
        let mut turns = cell.turns.lock();
        turns.taken = false;
        // Release publishes the value to `initialized`.
        cell.set.store(true, Ordering::Release);
        // Newcomers see the flag and do not enlist.
        wake_while(&cell, turns, |()| true);
        // SAFETY: just initialised, and never written again while shared.
        cell.value.with(|value| unsafe { (*value).assume_init_ref() })
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        OnceCell::<T>::pass_on(self.0.turns.lock());
    }
}

// SAFETY: always the one lock and the one list inside the cell that the reference keeps alive.
unsafe impl<T> WaitPoint for &OnceCell<T> {
    type Guarded = Turns;
    type Slot = ();

    fn lock(&self) -> &Lock<Turns> {
        &self.turns
    }

    fn waiters(turns: &mut Turns) -> &mut WaitList<()> {
        &mut turns.waiters
    }

    fn wait(&self, _: &()) -> Wait {
        Wait::new("once cell")
    }

    fn forsake(&self, turns: LockGuard<'_, Turns>, (): &(), notified: bool) {
        // Notified before the cell was filled, it held the turn.
        if notified && !self.initialized() {
            OnceCell::<T>::pass_on(turns);
        }
    }
}

impl<T> Drop for OnceCell<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        Self::with_state(MaybeUninit::new(value), true)
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell").field("value", &self.get()).finish()
    }
}

/// Why [`OnceCell::set`] did not set the value, which comes back.
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// The cell is full.
    AlreadyInitializedError(T),
    /// Somebody is filling the cell just now.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// Whether the cell is full.
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, Self::AlreadyInitializedError(_))
    }

    /// Whether somebody is filling the cell just now.
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, Self::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyInitializedError(_) => "the cell is filled already",
            Self::InitializingError(_) => "the cell is being filled",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}
