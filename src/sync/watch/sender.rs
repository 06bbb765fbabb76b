//! The sending half.

use super::error::SendError;
use super::receiver::{Receiver, Ref, cooperative};
use super::shared::Shared;
use crate::atomic::Ordering;
use crate::env::site::Site;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::mem;

/// Sets the value of a [watch channel](super).
///
/// # Examples
///
/// ```
/// use creel::sync::watch;
///
/// let (tx, mut rx) = watch::channel(vec![1]);
/// tx.send_modify(|list| list.push(2));
/// assert_eq!(*rx.borrow_and_update(), [1, 2]);
/// assert!(!tx.send_if_modified(|_| false));
/// assert!(!rx.has_changed().unwrap());
/// assert_eq!(tx.send_replace(vec![]), [1, 2]);
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel without receivers yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::watch;
    ///
    /// let tx = watch::Sender::new(1);
    /// assert!(tx.send(2).is_err(), "nobody would see it");
    /// assert_eq!(*tx.subscribe().borrow(), 1);
    /// ```
    pub fn new(init: T) -> Self {
        Self::first(Arc::new(Shared::new(init, 0)))
    }

    /// The handle that `Shared::new` has counted.
    pub(super) fn first(shared: Arc<Shared<T>>) -> Self {
        Self { shared }
    }

    /// Sets the value and tells the receivers.
    ///
    /// Waits with the thread while somebody holds a [`Ref`].
    ///
    /// # Errors
    /// If there is no receiver: the value stays what it was, and the error hands `value` back.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place and tells the receivers, also if there are none.
    ///
    /// Waits with the thread while somebody holds a [`Ref`].
    ///
    /// # Panics
    /// If `modify` does. The value stays as `modify` left it, nobody is told, and the channel goes
    /// on working.
    ///
    /// # Examples
    /// ```
    /// let (tx, mut rx) = creel::sync::watch::channel(vec![1]);
    /// tx.send_modify(|numbers| numbers.push(2));
    /// assert!(rx.has_changed().unwrap());
    /// assert_eq!(*rx.borrow_and_update(), [1, 2]);
    /// ```
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place and tells the receivers if `modify` says that it did. Answers
    /// what `modify` said.
    ///
    /// Waits with the thread while somebody holds a [`Ref`].
    ///
    /// # Panics
    /// If `modify` does, as in [`send_modify`](Self::send_modify).
    ///
    /// # Examples
    /// ```
    /// let (tx, rx) = creel::sync::watch::channel(7);
    /// let highest = |number: u32| {
    ///     tx.send_if_modified(|highest| {
    ///         let higher = number > *highest;
    ///         *highest = number.max(*highest);
    ///         higher
    ///     })
    /// };
    /// assert!(!highest(5) && !rx.has_changed().unwrap());
    /// assert!(highest(9) && rx.has_changed().unwrap());
    /// ```
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        let mut value = self.shared.write();
        let modified = modify(&mut value);
        if modified {
            self.shared.publish(value);
        }
        modified
    }

    /// Sets the value, also if there are no receivers, and gives back the one before.
    ///
    /// Waits with the thread while somebody holds a [`Ref`].
    ///
    /// # Examples
    /// ```
    /// let (tx, _) = creel::sync::watch::channel("old");
    /// assert_eq!(tx.send_replace("new"), "old");
    /// assert_eq!(*tx.borrow(), "new");
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// Borrows the value.
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(self.shared.read().0, false)
    }

    /// Whether there is no receiver.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(());
    /// creel::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            cooperative(async {
                loop {
                    // Asked for before the look, so a receiver that goes after it is noticed.
                    let unwatched = self.shared.unwatched.notified();
                    if self.is_closed() {
                        return;
                    }
                    unwatched.await;
                }
            })
            .await
        })
    }

    /// A receiver that has seen the value of this moment.
    pub fn subscribe(&self) -> Receiver<T> {
        let seen = self.shared.version();
        Receiver::another(&self.shared, seen)
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        // Acquire pairs with the Release in `Receiver::drop`.
        self.shared.receivers.load(Ordering::Acquire)
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.shared.senders.load(Ordering::Relaxed)
    }

    /// Whether both send to the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        // Relaxed: this sender keeps the count above zero.
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Release and Acquire: what all senders did comes before the close.
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.close();
        }
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("version", &self.shared.version())
            .field("receivers", &self.receiver_count())
            .finish_non_exhaustive()
    }
}
