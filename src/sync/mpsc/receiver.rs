//! The receiving end, of bounded and unbounded channels alike.

use super::Arc;
use super::chan::{Bounded, CLOSED, Chan, Flow, TX_GONE, Unbounded};
use super::error::TryRecvError;
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::site::Site;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Receives the values of a channel, in the order in which they were sent.
///
/// There is one receiver. Dropping it closes the channel and drops the values that are in it.
///
/// `F` tells [bounded](super::channel) from [unbounded](super::unbounded_channel) channels; write
/// `Receiver<T>` and [`UnboundedReceiver<T>`](UnboundedReceiver).
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::channel(8);
/// creel::spawn(async move {
///     for n in 0..3 {
///         tx.send(n).await.unwrap();
///     }
/// });
/// let mut sum = 0;
/// while let Some(n) = rx.recv().await {
///     sum += n;
/// }
/// assert_eq!(sum, 3);
/// # });
/// ```
pub struct Receiver<T, F: Flow = Bounded> {
    chan: Arc<Chan<T, F>>,
}

/// Receives the values of an [unbounded channel](super::unbounded_channel).
pub type UnboundedReceiver<T> = Receiver<T, Unbounded>;

impl<T, F: Flow> Receiver<T, F> {
    pub(super) fn new(chan: Arc<Chan<T, F>>) -> Self {
        Self { chan }
    }

    /// Waits for the next value. `None` means that the channel has ended: it is empty, and either
    /// all senders are gone, or it was [closed](Self::close) and no permit is outstanding.
    ///
    /// # Cancel safety
    /// Safe: a value is taken only when the future completes, so none is lost when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(8);
    /// tx.send("first").await.unwrap();
    /// drop(tx);
    /// assert_eq!(rx.recv().await, Some("first"));
    /// assert_eq!(rx.recv().await, None);
    /// # });
    /// ```
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        let op = self.chan.resource.op("Receiver::recv", "poll");
        Site::here().of(op.of(Recv { receiver: self, _pin: PhantomPinned }))
    }

    /// Waits for values and appends up to `limit` of them to `buffer`. Answers how many; 0 means
    /// that the channel has ended, or that `limit` is 0.
    ///
    /// It does not wait for more than one value, but takes what is there.
    ///
    /// # Cancel safety
    /// Safe: values are taken only when the future completes, so none is lost when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(8);
    /// for n in 0..3 {
    ///     tx.send(n).await.unwrap();
    /// }
    /// let mut buffer = Vec::new();
    /// assert_eq!(rx.recv_many(&mut buffer, 2).await, 2);
    /// assert_eq!(rx.recv_many(&mut buffer, 2).await, 1);
    /// assert_eq!(buffer, [0, 1, 2]);
    /// # });
    /// ```
    #[track_caller]
    pub fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> impl Future<Output = usize> {
        let op = self.chan.resource.op("Receiver::recv_many", "poll");
        Site::here()
            .of(op.of(async move { poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await }))
    }

    /// Takes the next value if there is one.
    ///
    /// If a sender is just putting it in, this waits the moment until it is there.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if there is none now, [`TryRecvError::Disconnected`] if the channel
    /// has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = mpsc::channel(8);
    /// tx.try_send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        loop {
            if let Some(value) = self.chan.take() {
                return Ok(value);
            }
            let word = self.chan.word();
            if self.chan.len(word) != 0 {
                self.chan.await_next();
            } else if Chan::<T, F>::ended(word) {
                return Err(TryRecvError::Disconnected);
            } else {
                return Err(TryRecvError::Empty);
            }
        }
    }

    /// Lets nothing more be sent, without dropping the receiver.
    ///
    /// What is in the channel can still be received, and so can what is sent by permits that were
    /// given out before. Senders that wait fail.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(8);
    /// tx.try_send("in time").unwrap();
    /// rx.close();
    /// assert!(tx.try_send("late").is_err());
    /// assert_eq!(rx.try_recv(), Ok("in time"));
    /// ```
    pub fn close(&mut self) {
        self.chan.close();
    }

    /// Whether the channel is closed, or all senders are gone. There may be values in it still.
    pub fn is_closed(&self) -> bool {
        self.chan.word() & (CLOSED | TX_GONE) != 0
    }

    /// Whether there is no value in the channel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values are in the channel.
    pub fn len(&self) -> usize {
        self.chan.len(self.chan.word())
    }

    /// Polls for what [`recv`](Self::recv) waits for. The last waker given is the one called.
    #[inline]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll(cx, |chan| chan.take())
    }

    /// Polls for what [`recv_many`](Self::recv_many) waits for. The last waker given is the one
    /// called.
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        let taken = self.poll(cx, |chan| {
            let taken = chan.take_many(limit, |value| buffer.push(value));
            (taken != 0).then_some(taken)
        });
        taken.map(Option::unwrap_or_default)
    }

    /// Takes by `take`, or arranges to be woken. `Ready(None)` is the end.
    #[inline(always)]
    fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&Chan<T, F>) -> Option<R>,
    ) -> Poll<Option<R>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let mut taken = take(&self.chan);
        while taken.is_none() && !ready!(self.poll_empty(cx)) {
            taken = take(&self.chan);
        }
        receipt.made_progress();
        Poll::Ready(taken)
    }

    #[cold]
    fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let wait = || Wait::new("mpsc receiver").on(&raw const *self.chan);
        dump::told(self.chan.poll_empty(cx), wait)
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> Receiver<T> {
    /// How much room there is now: the capacity less the values in the channel and the permits.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::channel(8);
    /// tx.try_send(1).unwrap();
    /// assert_eq!((rx.capacity(), rx.max_capacity(), rx.len()), (7, 8, 1));
    /// ```
    pub fn capacity(&self) -> usize {
        self.chan.flow.room(self.chan.word())
    }

    /// The capacity that the channel was made with.
    pub fn max_capacity(&self) -> usize {
        self.chan.flow.capacity
    }
}

impl<T, F: Flow> Drop for Receiver<T, F> {
    fn drop(&mut self) {
        self.chan.receiver_gone();
    }
}

impl<T, F: Flow> fmt::Debug for Receiver<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("chan", &self.chan).finish()
    }
}

pin_project! {
    /// Receives a value. Where there is one at once, that is compiled into whoever awaits it: a call
    /// would be a third of the work.
    struct Recv<'a, T, F: Flow> {
        receiver: &'a mut Receiver<T, F>,
        // As the future of an `async fn`, so that none comes to depend on more.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<T, F: Flow> Future for Recv<'_, T, F> {
    type Output = Option<T>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.project().receiver.poll(cx, |chan| chan.take())
    }
}
