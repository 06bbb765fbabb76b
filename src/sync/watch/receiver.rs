//! The receiving half and what it borrows.

use super::error::RecvError;
use super::shared::{Shared, Version};
use super::value::ReadGuard;
use crate::atomic::Ordering;
use crate::env::coop;
use crate::env::site::Site;
use crate::sync::wait::Waiter;
use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::ops::Deref;
use core::pin::pin;
use core::task::{Poll, ready};

/// Sees the value of a [watch channel](super), and remembers which version it has seen.
///
/// # Examples
///
/// ```
/// use creel::sync::watch;
///
/// let (tx, mut rx) = watch::channel(1);
/// tx.send(2).unwrap();
/// assert!(rx.has_changed().unwrap());
/// assert_eq!(*rx.borrow_and_update(), 2);
/// assert!(!rx.has_changed().unwrap());
/// ```
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: Version,
}

impl<T> Receiver<T> {
    /// The handle that `Shared::new` has counted.
    pub(super) fn first(shared: Arc<Shared<T>>) -> Self {
        Self { shared, seen: Version::FIRST }
    }

    pub(super) fn another(shared: &Arc<Shared<T>>, seen: Version) -> Self {
        // Relaxed: the caller's handle keeps the channel alive, and a count is only a count.
        shared.receivers.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(shared), seen }
    }

    /// Borrows the value; [`changed`](Self::changed) will still report it if it was not seen.
    pub fn borrow(&self) -> Ref<'_, T> {
        let (value, version) = self.shared.read();
        Ref::new(value, self.seen != version)
    }

    /// Borrows the value, which counts as seen from now on.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (value, version) = self.shared.read();
        let has_changed = self.seen != version;
        self.seen = version;
        Ref::new(value, has_changed)
    }

    /// Whether there is a value that was not seen.
    ///
    /// # Errors
    /// If all senders are gone, whether or not their last value was seen.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        if self.is_closed() {
            return Err(RecvError(()));
        }
        Ok(self.seen != self.shared.version())
    }

    /// Whether all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Takes the value for one that was not seen.
    pub fn mark_changed(&mut self) {
        self.seen = self.seen.previous();
    }

    /// Takes the value for one that was seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// Waits for a value that was not seen, and takes it for seen. Borrow it to see it.
    ///
    /// # Errors
    /// If all senders are gone and their last value was seen.
    ///
    /// # Cancel safety
    /// A future that is dropped before it completes has marked nothing as seen.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel("first");
    /// creel::spawn(async move { tx.send("second") });
    /// assert!(rx.changed().await.is_ok());
    /// assert_eq!(*rx.borrow(), "second");
    /// assert!(rx.changed().await.is_err(), "the sender is gone");
    /// # });
    /// ```
    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        Site::here().of(async move {
            let Self { shared, seen } = self;
            cooperative(changed(shared, seen)).await
        })
    }

    /// Waits for a value for which `f` says so, beginning with the one that is there.
    ///
    /// # Errors
    /// If all senders are gone, and `f` has turned down their last value.
    ///
    /// # Panics
    /// If `f` does; the channel goes on working, and the value counts as seen.
    ///
    /// # Cancel safety
    /// A future that is dropped has marked as seen what `f` turned down, and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(0);
    /// creel::spawn(async move {
    ///     for n in 1..4 {
    ///         tx.send(n).unwrap();
    ///         creel::task::yield_now().await;
    ///     }
    /// });
    /// assert_eq!(*rx.wait_for(|n| *n > 2).await.unwrap(), 3);
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_for(
        &mut self,
        f: impl FnMut(&T) -> bool,
    ) -> impl Future<Output = Result<Ref<'_, T>, RecvError>> {
        Site::here().of(async move {
            let Self { shared, seen } = self;
            cooperative(wait_for(shared, seen, f)).await
        })
    }

    /// Whether both receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

async fn changed<T>(shared: &Shared<T>, seen: &mut Version) -> Result<(), RecvError> {
    let mut waiter = pin!(Waiter::new(shared, Cell::new(Version::FIRST)));
    poll_fn(|cx| shared.poll_changed(seen, waiter.as_mut(), cx)).await
}

async fn wait_for<'a, T>(
    shared: &'a Shared<T>,
    seen: &mut Version,
    mut f: impl FnMut(&T) -> bool,
) -> Result<Ref<'a, T>, RecvError> {
    let mut closed = false;
    loop {
        {
            let (value, version) = shared.read();
            let has_changed = core::mem::replace(seen, version) != version;
            // After the close, only a value that came just before it is still to be judged.
            if (!closed || has_changed) && f(&value) {
                return Ok(Ref::new(value, has_changed));
            }
        }
        if closed {
            return Err(RecvError(()));
        }
        closed = changed(shared, seen).await.is_err();
    }
}

/// Spends one unit of the cooperative budget on `future`.
pub(super) async fn cooperative<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let receipt = ready!(coop::poll_proceed(cx));
        let output = ready!(future.as_mut().poll(cx));
        receipt.made_progress();
        Poll::Ready(output)
    })
    .await
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self::another(&self.shared, self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Release publishes what this receiver did to who sees the channel unwatched.
        if self.shared.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.unwatched.notify_waiters();
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("seen", &self.seen)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A borrow of the value of a [watch channel](super).
///
/// While it lives, whoever sends waits with the thread. It is not `Send`, so that it is not held
/// across an `await` by mistake.
pub struct Ref<'a, T> {
    value: ReadGuard<'a, T>,
    has_changed: bool,
}

impl<'a, T> Ref<'a, T> {
    pub(super) fn new(value: ReadGuard<'a, T>, has_changed: bool) -> Self {
        Self { value, has_changed }
    }

    /// Whether the receiver had not seen the value before this borrow. A sender has seen them all.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert!(rx.borrow_and_update().has_changed());
    /// assert!(!rx.borrow_and_update().has_changed());
    /// ```
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ref")
            .field("value", &**self)
            .field("has_changed", &self.has_changed)
            .finish()
    }
}
