//! The sending end of a bounded channel.

use super::chan::{Bounded, CLOSED, Chan, Flow, Refused};
use super::error::{SendError, TrySendError};
use super::permit::{OwnedPermit, Permit, PermitIterator};
use super::reserve::{Closed, Reserve};
use super::tx::{Tx, WeakTx};
use crate::env::coop;
use crate::env::site::Site;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Sends values into a bounded channel; clone it for each task that sends.
///
/// The channel stays open for the receiver until the last sender is gone.
///
/// Made by [`channel`](super::channel).
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::channel(1);
/// for worker in 0..3 {
///     let tx = tx.clone();
///     creel::spawn(async move { tx.send(worker).await });
/// }
/// drop(tx);
/// let mut sum = 0;
/// while let Some(worker) = rx.recv().await {
///     sum += worker;
/// }
/// assert_eq!(sum, 3);
/// # });
/// ```
pub struct Sender<T> {
    tx: Tx<T, Bounded>,
}

/// A [`Sender`] that does not keep the channel open: [`upgrade`](Self::upgrade) it to send.
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// let weak = tx.downgrade();
/// weak.upgrade().unwrap().try_send(1).unwrap();
/// drop(tx);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(rx.try_recv(), Ok(1));
/// ```
pub struct WeakSender<T> {
    tx: WeakTx<T, Bounded>,
}

impl<T> Sender<T> {
    pub(super) fn new(tx: Tx<T, Bounded>) -> Self {
        Self { tx }
    }

    #[inline]
    pub(super) fn chan(&self) -> &Chan<T, Bounded> {
        &self.tx
    }

    /// Sends the value, waiting for room if there is none.
    ///
    /// Success means that the value was put into the channel; the receiver may still be dropped
    /// without looking at it.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, the value was not sent and is dropped with
    /// it, and its turn goes to the next sender. To keep the value, [`reserve`](Self::reserve) first.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc::{self, error::SendError};
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(1);
    /// tx.send(1).await.unwrap();
    /// assert_eq!(rx.recv().await, Some(1));
    /// drop(rx);
    /// assert_eq!(tx.send(2).await, Err(SendError(2)));
    /// # });
    /// ```
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let op = self.chan().resource.op("Sender::send", "poll");
        Site::here().of(op.of(Sending { chan: self.chan(), unsent: Some(value), reserve: None }))
    }

    /// Sends the value if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`] if not, [`TrySendError::Closed`] if the receiver is gone or has
    /// closed the channel; both hold the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (tx, _rx) = mpsc::channel(1);
    /// tx.try_send(1).unwrap();
    /// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    /// ```
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.chan().try_send(message).map_err(|(refused, value)| refused.with(value))
    }

    /// Waits for room for one value and takes it, without sending yet.
    ///
    /// # Errors
    /// [`SendError`] if the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, nothing is reserved, and its turn goes to the
    /// next sender. Waiting again starts at the end of the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve().await.unwrap();
    /// assert_eq!(tx.capacity(), 0);
    /// permit.send("made only when there was room for it");
    /// assert!(rx.recv().await.is_some());
    /// # });
    /// ```
    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        Site::here().of(async move {
            Reserve::new(self.chan(), 1).await.map_err(|_| SendError(()))?;
            Ok(Permit::new(self.chan()))
        })
    }

    /// Waits for room for `n` values and takes it, without sending yet.
    ///
    /// # Errors
    /// [`SendError`] if the receiver is gone or has closed the channel, or if `n` is more than the
    /// channel's [`max_capacity`](Self::max_capacity).
    ///
    /// # Cancel safety
    /// As for [`reserve`](Self::reserve): what had been set aside already goes to the next sender.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(2);
    /// for (n, permit) in tx.reserve_many(2).await.unwrap().enumerate() {
    ///     permit.send(n);
    /// }
    /// assert_eq!((rx.recv().await, rx.recv().await), (Some(0), Some(1)));
    /// # });
    /// ```
    #[track_caller]
    pub fn reserve_many(
        &self,
        n: usize,
    ) -> impl Future<Output = Result<PermitIterator<'_, T>, SendError<()>>> {
        Site::here().of(async move {
            if n > self.max_capacity() {
                return Err(SendError(()));
            }
            Reserve::new(self.chan(), n).await.map_err(|_| SendError(()))?;
            Ok(PermitIterator::new(self.chan(), n))
        })
    }

    /// [`reserve`](Self::reserve), with a permit that owns the sender.
    ///
    /// # Errors
    /// [`SendError`] if the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    /// As for `reserve`; the sender is dropped with the future.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve_owned().await.unwrap();
    /// creel::spawn(async move { permit.send("from another task") });
    /// assert!(rx.recv().await.is_some());
    /// # });
    /// ```
    #[track_caller]
    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        Site::here().of(async move {
            Reserve::new(self.chan(), 1).await.map_err(|_| SendError(()))?;
            Ok(OwnedPermit::new(self))
        })
    }

    /// Takes room for one value if there is some now.
    ///
    /// # Errors
    /// [`TrySendError`], without a value.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.chan().try_reserve(1).map_err(|refused| refused.with(()))?;
        Ok(Permit::new(self.chan()))
    }

    /// Takes room for `n` values if there is enough now.
    ///
    /// # Errors
    /// [`TrySendError`], without a value; always `Full` if `n` is more than
    /// [`max_capacity`](Self::max_capacity) and the channel is open.
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.chan().try_reserve(n).map_err(|refused| refused.with(()))?;
        Ok(PermitIterator::new(self.chan(), n))
    }

    /// [`try_reserve`](Self::try_reserve), with a permit that owns the sender.
    ///
    /// # Errors
    /// [`TrySendError`] with the sender.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.chan().try_reserve(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(refused) => Err(refused.with(self)),
        }
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
    /// let (tx, rx) = mpsc::channel::<()>(1);
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

    /// How much room there is now: the capacity less the values in the channel and the permits.
    pub fn capacity(&self) -> usize {
        self.chan().flow.room(self.chan().word())
    }

    /// The capacity that the channel was made with.
    pub fn max_capacity(&self) -> usize {
        self.chan().flow.capacity
    }

    /// A sender that does not keep the channel open.
    #[must_use = "a weak sender that is dropped does nothing"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { tx: self.tx.downgrade() }
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

impl<T> WeakSender<T> {
    /// A sender, unless the last one is gone.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.tx.upgrade().map(Sender::new)
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

impl Refused {
    fn with<T>(self, value: T) -> TrySendError<T> {
        match self {
            Self::Full => TrySendError::Full(value),
            Self::Closed => TrySendError::Closed(value),
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { tx: self.tx.clone() }
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { tx: self.tx.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("chan", self.chan()).finish()
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

/// What is wrong when there is nothing to be sent any more.
#[cold]
fn polled_again() -> ! {
    panic!("the future of a send was polled after it had completed")
}

pin_project! {
    /// Sends a value. Where there is room at once, that is compiled into whoever awaits it.
    struct Sending<'a, T> {
        chan: &'a Chan<T, Bounded>,
        unsent: Option<T>,
        #[pin]
        reserve: Option<Reserve<'a, T>>,
    }
}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.reserve.is_some() {
            return self.poll_reserve(cx);
        }
        let receipt = ready!(coop::poll_proceed(cx));
        let this = self.project();
        let value = this.unsent.take().unwrap_or_else(|| polled_again());
        match this.chan.try_send(value) {
            Ok(()) => {
                receipt.made_progress();
                Poll::Ready(Ok(()))
            }
            Err((Refused::Closed, value)) => Poll::Ready(Err(SendError(value))),
            Err((Refused::Full, value)) => {
                drop(receipt);
                *this.unsent = Some(value);
                let mut reserve = this.reserve;
                reserve.set(Some(Reserve::new(this.chan, 1)));
                Self::wait(reserve, this.unsent, this.chan, cx)
            }
        }
    }
}

impl<'a, T> Sending<'a, T> {
    #[cold]
    fn poll_reserve(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.project();
        Self::wait(this.reserve, this.unsent, this.chan, cx)
    }

    /// Waits for a place, and sends by it.
    #[cold]
    #[inline(never)]
    fn wait(
        mut reserve: Pin<&mut Option<Reserve<'a, T>>>,
        unsent: &mut Option<T>,
        chan: &Chan<T, Bounded>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        let waits = reserve.as_mut().as_pin_mut().unwrap_or_else(|| polled_again());
        let reserved = ready!(waits.poll(cx));
        reserve.set(None);
        let value = unsent.take().unwrap_or_else(|| polled_again());
        Poll::Ready(match reserved {
            Ok(()) => {
                chan.send_reserved(value);
                Ok(())
            }
            Err(_) => Err(SendError(value)),
        })
    }
}
