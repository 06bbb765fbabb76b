//! The sending ends.

use super::chan::{Chan, Refused, Send};
use super::error::{SendError, TrySendError};
use crate::env::site::Site;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;

/// Sends values into a bounded channel; clone it for each task that sends.
///
/// Made by [`channel`](super::channel).
///
/// # Examples
///
/// ```
/// use creel::sync::mpmc;
///
/// let (tx, rx) = mpmc::channel(2);
/// tx.try_send(1).unwrap();
/// tx.clone().try_send(2).unwrap();
/// assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
/// ```
pub struct Sender<T> {
    chan: Arc<Chan<T>>,
}

/// Sends values into an unbounded channel; clone it for each task that sends.
///
/// Made by [`unbounded_channel`](super::unbounded_channel).
///
/// # Examples
///
/// ```
/// use creel::sync::mpmc;
///
/// let (tx, rx) = mpmc::unbounded_channel();
/// tx.send(1).unwrap();
/// drop(rx);
/// assert!(tx.send(2).is_err());
/// ```
pub struct UnboundedSender<T> {
    inner: Sender<T>,
}

impl<T> Sender<T> {
    /// The sender that a new channel has counted already.
    pub(super) fn new(chan: Arc<Chan<T>>) -> Self {
        Self { chan }
    }

    /// Sends the value, waiting for room if there is none.
    ///
    /// # Errors
    /// Gives the value back if the channel is closed or all receivers are gone.
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, the value was not sent and is dropped with
    /// it, and its turn goes to the next sender.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpmc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, rx) = mpmc::channel(1);
    /// tx.send(1).await.unwrap();
    /// assert_eq!(rx.recv().await, Some(1));
    /// # });
    /// ```
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        Site::here().of(async move { Send::new(&self.chan, value).await.map_err(SendError) })
    }

    /// Sends the value if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`] if not, [`TrySendError::Closed`] if the channel is closed or all
    /// receivers are gone; both hold the value.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.chan.try_send(value).map_err(|(refused, value)| match refused {
            Refused::Full => TrySendError::Full(value),
            Refused::Closed => TrySendError::Closed(value),
        })
    }

    /// Lets nothing more be sent, by anybody. What is in the channel can still be received.
    pub fn close(&self) {
        self.chan.close();
    }

    /// Whether the channel is closed or all receivers are gone, so that sending would fail.
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// How many values are in the channel.
    pub fn len(&self) -> usize {
        self.chan.len()
    }

    /// Whether there is no value in the channel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values the channel holds at most.
    pub fn capacity(&self) -> usize {
        self.chan.capacity()
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.chan.senders()
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.chan.receivers()
    }

    /// Whether both senders are of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }
}

impl<T> UnboundedSender<T> {
    /// The sender that a new channel has counted already.
    pub(super) fn new(chan: Arc<Chan<T>>) -> Self {
        Self { inner: Sender::new(chan) }
    }

    /// Sends the value. It never waits.
    ///
    /// # Errors
    /// Gives the value back if the channel is closed or all receivers are gone.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.inner.chan.try_send(value).map_err(|(_, value)| SendError(value))
    }

    /// Lets nothing more be sent, by anybody. What is in the channel can still be received.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Whether the channel is closed or all receivers are gone, so that sending would fail.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// How many values are in the channel.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is no value in the channel.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.inner.sender_count()
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// Whether both senders are of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.chan.add_sender();
        Self { chan: self.chan.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.chan.remove_sender();
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("chan", &self.chan).finish()
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender").field("chan", &self.inner.chan).finish()
    }
}
