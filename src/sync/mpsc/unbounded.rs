//! The sending end of an unbounded channel.

use super::chan::{CLOSED, Chan, Unbounded};
use super::error::SendError;
use super::reserve::Closed;
use super::tx::{Tx, WeakTx};
use crate::env::site::Site;
use core::fmt;
use core::future::Future;

/// Sends values into an unbounded channel; clone it for each task that sends.
///
/// Sending never waits, so nothing slows a sender down that is faster than the receiver: the
/// channel grows until memory is used up. Prefer a bounded channel where the input is not yours.
///
/// Made by [`unbounded_channel`](super::unbounded_channel).
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// tx.send(1).unwrap();
/// tx.clone().send(2).unwrap();
/// drop(tx);
/// assert_eq!((rx.recv().await, rx.recv().await, rx.recv().await), (Some(1), Some(2), None));
/// # });
/// ```
pub struct UnboundedSender<T> {
    tx: Tx<T, Unbounded>,
}

/// An [`UnboundedSender`] that does not keep the channel open: [`upgrade`](Self::upgrade) it to
/// send.
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// let weak = tx.downgrade();
/// weak.upgrade().unwrap().send(1).unwrap();
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(rx.try_recv(), Ok(1));
/// ```
pub struct WeakUnboundedSender<T> {
    tx: WeakTx<T, Unbounded>,
}

impl<T> UnboundedSender<T> {
    pub(super) fn new(tx: Tx<T, Unbounded>) -> Self {
        Self { tx }
    }

    #[inline]
    fn chan(&self) -> &Chan<T, Unbounded> {
        &self.tx
    }

    /// Sends the value. It never waits.
    ///
    /// Success means that the value was put into the channel; the receiver may still be dropped
    /// without looking at it.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone or has closed the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc::{self, error::SendError};
    ///
    /// let (tx, rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// drop(rx);
    /// assert_eq!(tx.send(2), Err(SendError(2)));
    /// ```
    #[inline]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.chan().try_send(message).map_err(|(_, value)| SendError(value))
    }

    /// Completes when the receiver is dropped or closed.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, rx) = mpsc::unbounded_channel::<()>();
    /// creel::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            Closed::new(self.chan()).await;
        })
    }

    /// Whether the receiver is dropped or closed, so that sending would fail.
    pub fn is_closed(&self) -> bool {
        self.chan().word() & CLOSED != 0
    }

    /// Whether both senders are of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.tx.same_channel(&other.tx)
    }

    /// A sender that does not keep the channel open.
    #[must_use = "a weak sender that is dropped does nothing"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { tx: self.tx.downgrade() }
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan().strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan().weak_count()
    }
}

impl<T> WeakUnboundedSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.tx.upgrade().map(UnboundedSender::new)
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.tx.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.tx.weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { tx: self.tx.clone() }
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { tx: self.tx.clone() }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender").field("chan", self.chan()).finish()
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender").finish_non_exhaustive()
    }
}
