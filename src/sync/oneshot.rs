//! A channel for a single value from one task to another: the answer to a request, the result of
//! a job, the end of something.
//!
//! [`channel`] makes the two halves. Sending never waits, so [`Sender::send`] is not async and
//! works everywhere, in a drop or an interrupt handler too. The [`Receiver`] is a future.
//!
//! - A [`Sender`] dropped without sending makes the receiver answer [`RecvError`].
//! - A [`Receiver`] dropped or [closed](Receiver::close) makes `send` give the value back, and
//!   [`Sender::closed`] complete: that is how a sender learns that nobody waits for its work.
//!
//! Both halves together cost one allocation, and waiting costs none.
//!
//! # Examples
//!
//! ```
//! use creel::sync::oneshot;
//!
//! # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (tx, rx) = oneshot::channel();
//! creel::spawn(async move {
//!     tx.send(6 * 7).unwrap();
//! });
//! assert_eq!(rx.await, Ok(42));
//! # });
//! ```

// Why unsafe: what the halves share is freed by the last of them, without a counter.

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
mod cell;

use self::cell::{CLOSED, Link, SENT, VALUE};
use self::error::{RecvError, TryRecvError};
use crate::env::coop;
use crate::env::dump::{self, Wait};
use crate::env::site::Site;
use crate::env::spans::{Op, Resource};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// Makes a channel for one value.
///
/// # Examples
///
/// ```
/// use creel::sync::oneshot;
///
/// let (tx, mut rx) = oneshot::channel();
/// tx.send("here").unwrap();
/// assert_eq!(rx.try_recv(), Ok("here"));
/// ```
#[inline]
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (tx, rx) = Link::pair();
    let resource = Resource::new("Sender|Receiver", "Sync", Site::here());
    let op = resource.op("Receiver::await", "poll_recv");
    (Sender { link: Some(tx) }, Receiver { link: Some(rx), op })
}

/// The half that sends, once.
///
/// # Examples
///
/// A task that stops working when nobody waits for its result any more:
///
/// ```
/// use creel::sync::oneshot;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (mut tx, rx) = oneshot::channel::<u32>();
/// drop(rx);
/// tx.closed().await;
/// assert_eq!(tx.send(1), Err(1));
/// # });
/// ```
pub struct Sender<T> {
    /// `None` only while `send` takes the sender apart.
    link: Option<Link<T>>,
}

// SAFETY: the halves meet in the cell, whose rules give each field one owner at a time; what
// passes through it is the `T`.
unsafe impl<T: Send> Send for Sender<T> {}
// SAFETY: a shared sender only reads the state.
unsafe impl<T: Send> Sync for Sender<T> {}

impl<T> Sender<T> {
    /// Sends the value. It never waits.
    ///
    /// Success means that the value was put into the channel; the receiver may still drop it
    /// unseen.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone or has closed the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// drop(rx);
    /// assert_eq!(tx.send("unsent"), Err("unsent"));
    /// ```
    #[inline]
    pub fn send(mut self, value: T) -> Result<(), T> {
        match self.link.take() {
            Some(link) => link.speak(Some(value)),
            None => Err(value),
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
    /// use creel::sync::oneshot;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (mut tx, rx) = oneshot::channel::<()>();
    /// creel::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            poll_fn(|cx| self.poll_closed(cx)).await;
        })
    }

    /// Whether the receiver is dropped or closed, so that `send` would fail.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.link.as_ref().is_none_or(|link| link.state() & CLOSED != 0)
    }

    /// Polls for what [`closed`](Self::closed) waits for. The last waker given is the one called.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let receipt = ready!(coop::poll_proceed(cx));
        if let Some(link) = &self.link
            && !link.watch_closed(cx.waker())
        {
            let wait = || Wait::new("oneshot sender").detail("for the receiver to close");
            return dump::told(Poll::Pending, || wait().on(link.address()));
        }
        receipt.made_progress();
        Poll::Ready(())
    }
}

impl<T> Drop for Sender<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            // Without a value there is nothing to give back.
            let _ = link.speak(None);
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// The half that receives: a future of the value.
///
/// # Cancel safety
/// The receiver holds the channel, so `&mut receiver` in a `select!` loses nothing when another
/// branch wins. Dropping the receiver itself drops a value that had arrived, and lets the sender
/// know.
///
/// # Panics
/// When polled after it has answered.
///
/// # Examples
///
/// ```
/// use creel::sync::oneshot;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = oneshot::channel::<u32>();
/// drop(tx);
/// assert!(rx.await.is_err());
/// # });
/// ```
#[must_use = "a receiver that is dropped refuses the value"]
pub struct Receiver<T> {
    /// `None` once the receiver has answered.
    link: Option<Link<T>>,
    op: Op,
}

// SAFETY: as for the sender.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: a shared receiver only reads the state.
unsafe impl<T: Send> Sync for Receiver<T> {}

impl<T> Receiver<T> {
    /// Refuses values from now on, without dropping the receiver.
    ///
    /// A value sent before can still be received. Otherwise the sender gets its value back.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// rx.close();
    /// assert_eq!(tx.send(1), Err(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&mut self) {
        if let Some(link) = &self.link {
            link.close();
        }
    }

    /// Whether the receiver has answered, so that polling it would panic.
    #[inline]
    pub fn is_terminated(&self) -> bool {
        self.link.is_none()
    }

    /// Whether there is no value to receive at this moment.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.link.as_ref().is_none_or(|link| link.state() & VALUE == 0)
    }

    /// Takes the value if it is there.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if it may still come, [`TryRecvError::Closed`] if it never will or
    /// was received before.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(link) = &self.link else { return Err(TryRecvError::Closed) };
        if link.state() & (SENT | CLOSED) == 0 {
            return Err(TryRecvError::Empty);
        }
        self.answer().ok_or(TryRecvError::Closed)
    }

    /// The sender has spoken, or the channel is closed: takes what is there and ends the channel.
    #[inline]
    fn answer(&mut self) -> Option<T> {
        self.link.take().and_then(Link::leave)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let link = this.link.as_ref().expect("a oneshot receiver was polled after it had answered");
        ready!(this.op.poll(|| {
            let receipt = ready!(coop::poll_proceed(cx));
            if link.state() & (SENT | CLOSED) == 0 && !link.watch_sent(cx.waker()) {
                let wait = || Wait::new("oneshot receiver").on(link.address());
                return dump::told(Poll::Pending, wait);
            }
            receipt.made_progress();
            Poll::Ready(())
        }));
        Poll::Ready(this.answer().ok_or(RecvError(())))
    }
}

impl<T> Drop for Receiver<T> {
    #[inline]
    fn drop(&mut self) {
        drop(self.answer());
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("terminated", &self.is_terminated())
            .field("empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

/// What can go wrong with a oneshot channel.
pub mod error {
    use core::fmt;

    /// The sender was dropped, or the receiver closed, before a value was sent.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RecvError(pub(super) ());

    /// Why [`Receiver::try_recv`](super::Receiver::try_recv) has no value.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum TryRecvError {
        /// Nothing was sent yet.
        Empty,
        /// No value will come: the sender is gone, the channel closed, or the value received.
        Closed,
    }

    impl fmt::Display for RecvError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("channel closed")
        }
    }

    impl fmt::Display for TryRecvError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::Empty => "channel empty",
                Self::Closed => "channel closed",
            })
        }
    }

    impl core::error::Error for RecvError {}
    impl core::error::Error for TryRecvError {}
}
