//! The sending half, and the one that does not keep the channel open.

use super::error::SendError;
use super::receiver::Receiver;
use super::shared::Shared;
use crate::atomic::Ordering;
use crate::env::site::Site;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;

/// Sends to a [broadcast channel](super); clones send to the same one.
///
/// # Examples
///
/// ```
/// use creel::sync::broadcast;
///
/// let tx = broadcast::Sender::new(4);
/// assert!(tx.send("nobody hears it").is_err());
/// let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
/// assert_eq!(tx.send("hello").unwrap(), 2);
/// assert_eq!(one.try_recv(), Ok("hello"));
/// assert_eq!(tx.len(), 1, "the other has not heard it");
/// assert_eq!(other.try_recv(), Ok("hello"));
/// assert!(tx.is_empty());
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel without receivers yet.
    ///
    /// # Panics
    /// If `capacity` is zero or above `usize::MAX / 2`.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self::with_receivers(capacity, 0)
    }

    #[track_caller]
    pub(super) fn with_receivers(capacity: usize, receivers: usize) -> Self {
        assert!(capacity > 0, "broadcast channel capacity cannot be zero");
        assert!(
            capacity <= usize::MAX >> 1,
            "broadcast channel capacity exceeded `usize::MAX / 2`"
        );
        Self { shared: Arc::new(Shared::new(capacity, receivers)) }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.shared
    }

    /// Sends to all receivers there are now, and answers how many that is. Never waits: if the ring
    /// is full, the oldest message gives way.
    ///
    /// That a message was sent does not mean that it will be received: the receivers may lag or be
    /// dropped.
    ///
    /// # Errors
    /// If there is no receiver; the error hands `value` back. A later send may succeed, after
    /// [`subscribe`](Self::subscribe).
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        let mut tail = self.shared.tail.lock();
        let receivers = tail.receivers;
        if receivers == 0 {
            return Err(SendError(value));
        }
        let position = tail.position;
        tail.position += 1;
        let _old = self.shared.slot(position).put(position, receivers, value);
        self.shared.wake(tail);
        Ok(receivers)
    }

    /// A receiver of what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::another(&self.shared)
    }

    /// A handle that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<()>(1);
    /// let weak = tx.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(tx);
    /// assert!(weak.upgrade().is_none() && rx.is_closed());
    /// ```
    #[must_use = "a weak sender does not keep the channel open"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::another(&self.shared)
    }

    /// How many messages some receiver has yet to see.
    pub fn len(&self) -> usize {
        let tail = self.shared.tail.lock();
        // Receivers see messages in order, so those that all have seen come first.
        let (mut first, mut end) = (0, self.shared.capacity());
        while first < end {
            let middle = first + (end - first) / 2;
            // From the oldest on: one round before where the next message goes.
            match self.shared.slot(tail.position.wrapping_add(middle)).is_consumed() {
                true => first = middle + 1,
                false => end = middle,
            }
        }
        (self.shared.capacity() - first) as usize
    }

    /// Whether all receivers have seen all messages.
    pub fn is_empty(&self) -> bool {
        let tail = self.shared.tail.lock();
        self.shared.slot(tail.position.wrapping_sub(1)).is_consumed()
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.tail.lock().receivers
    }

    /// Whether both send to the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
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
    /// use creel::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<()>(1);
    /// creel::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert_eq!(tx.receiver_count(), 0);
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            loop {
                // Asked for before the look, so a receiver that goes after it is noticed.
                let unheard = self.shared.unheard.notified();
                if self.receiver_count() == 0 {
                    return;
                }
                unheard.await;
            }
        })
    }

    /// How many senders there are, weak ones not counted.
    pub fn strong_count(&self) -> usize {
        self.shared.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.shared.weak_senders.load(Ordering::Acquire)
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
            let mut tail = self.shared.tail.lock();
            tail.closed = true;
            self.shared.wake(tail);
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Sender")
    }
}

/// Knows a [broadcast channel](super) without keeping it open. Made by [`Sender::downgrade`].
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    fn another(shared: &Arc<Shared<T>>) -> Self {
        // Relaxed: a count is only a count.
        shared.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(shared) }
    }

    /// A sender, unless all senders are gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let one_more = |senders: usize| (senders > 0).then_some(senders + 1);
        // Relaxed: the new sender brings nothing with it, and what it does is under the lock.
        let senders = &self.shared.senders;
        senders.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Sender { shared: Arc::clone(&self.shared) })
    }

    /// How many senders there are, weak ones not counted.
    pub fn strong_count(&self) -> usize {
        self.shared.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.shared.weak_senders.load(Ordering::Acquire)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self::another(&self.shared)
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.shared.weak_senders.fetch_sub(1, Ordering::Release);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::WeakSender")
    }
}
