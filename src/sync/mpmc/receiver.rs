//! The receiving end, and its values as a stream.

use super::chan::{Chan, Recv};
use super::error::TryRecvError;
use crate::env::site::Site;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use pin_project_lite::pin_project;

/// Receives values; clone it for each task that receives. Each value goes to one of them.
///
/// Made by [`channel`](super::channel) and [`unbounded_channel`](super::unbounded_channel).
///
/// # Examples
///
/// ```
/// use creel::sync::mpmc;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = mpmc::channel(2);
/// let other = rx.clone();
/// tx.send(1).await.unwrap();
/// tx.send(2).await.unwrap();
/// assert_eq!((rx.recv().await, other.recv().await), (Some(1), Some(2)));
/// # });
/// ```
pub struct Receiver<T> {
    chan: Arc<Chan<T>>,
}

impl<T> Receiver<T> {
    /// The receiver that a new channel has counted already.
    pub(super) fn new(chan: Arc<Chan<T>>) -> Self {
        Self { chan }
    }

    /// Waits for a value. `None` means that the channel has ended: it is empty, and it is closed
    /// or all senders are gone.
    ///
    /// # Cancel safety
    /// Safe: if the future is dropped, no value is lost: the next receiver gets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpmc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, rx) = mpmc::channel(2);
    /// tx.send(1).await.unwrap();
    /// drop(tx);
    /// assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
    /// # });
    /// ```
    #[track_caller]
    pub fn recv(&self) -> impl Future<Output = Option<T>> {
        Site::here().of(async move { Recv::new(&self.chan).await })
    }

    /// Takes a value if there is one that no waiting receiver was promised.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if there is none now, [`TryRecvError::Disconnected`] if the channel
    /// has ended.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.chan.try_recv()
    }

    /// The values as a stream, which ends with the channel.
    ///
    /// # Cancel safety
    /// Safe: a stream that is dropped loses no value.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpmc;
    /// use futures_core::Stream;
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, rx) = mpmc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// drop(tx);
    /// let mut values = pin!(rx.stream());
    /// assert_eq!(poll_fn(|cx| values.as_mut().poll_next(cx)).await, Some(1));
    /// assert_eq!(poll_fn(|cx| values.as_mut().poll_next(cx)).await, None);
    /// # });
    /// ```
    pub fn stream(&self) -> Values<'_, T> {
        Values { recv: Recv::new(&self.chan) }
    }

    /// Lets nothing more be sent. What is in the channel can still be received.
    pub fn close(&self) {
        self.chan.close();
    }

    /// Whether the channel is closed or all senders are gone. There may be values in it still.
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

    /// How many values the channel holds at most; `None` if there is no limit.
    pub fn capacity(&self) -> Option<usize> {
        Some(self.chan.capacity()).filter(|capacity| *capacity != usize::MAX)
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.chan.senders()
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.chan.receivers()
    }

    /// Whether both receivers are of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }
}

pin_project! {
    /// The values of a channel as a stream, made by [`Receiver::stream`].
    #[must_use = "streams do nothing unless polled"]
    pub struct Values<'a, T> {
        #[pin]
        recv: Recv<'a, T>,
    }
}

impl<T> Stream for Values<'_, T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.project().recv.poll(cx)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.chan.add_receiver();
        Self { chan: self.chan.clone() }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.chan.remove_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("chan", &self.chan).finish()
    }
}

impl<T> fmt::Debug for Values<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}
