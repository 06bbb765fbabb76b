//! A channel without a buffer: a value passes from a sender that waits to a receiver, hand to hand.
//!
//! [`Sender::send`] completes when a receiver has taken the value, not before: whoever sends knows
//! that the other side is there. Both ends can be cloned and work through a shared reference.
//! Senders and receivers are served first come, first served.
//!
//! # What cannot get lost
//!
//! The value stays in the sender's future until a receiver takes it *and returns it at once*.
//! So a receiver whose future is dropped has never taken anything, and a sender whose future ends
//! early still has its value, unless it was received: [`Send::withdraw`] gives it back.
//!
//! There is no `try_send` on purpose: a receiver that waits may still give up, so a sender that
//! does not wait itself cannot hand anything over for certain.
//!
//! # The end of a channel
//!
//! When all receivers are gone, or either side has closed it, sending fails and gives the value
//! back; senders that wait get theirs back too. When all senders are gone, or it is closed,
//! receivers get `None`.
//!
//! # Examples
//!
//! ```
//! use creel::sync::rendezvous;
//!
//! # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (tx, rx) = rendezvous::channel();
//! let receiver = creel::spawn(async move { rx.recv().await });
//! tx.send("hand to hand").await.unwrap();
//! // The receiver has it already.
//! assert_eq!(receiver.await.unwrap(), Some("hand to hand"));
//! # });
//! ```

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
mod chan;

/// What can go wrong with a rendezvous: the errors of [`mpsc`](super::mpsc::error).
pub mod error {
    pub use crate::sync::mpsc::error::{SendError, TryRecvError};
}

pub use chan::Send;

use self::error::TryRecvError;
use crate::env::site::Site;
use alloc::sync::Arc;
use chan::{Chan, Recv};
use core::fmt;
use core::future::Future;

/// Makes a channel without a buffer.
///
/// # Examples
///
/// ```
/// use creel::sync::rendezvous;
///
/// let (tx, rx) = rendezvous::channel::<u8>();
/// assert!(rx.try_recv().is_err(), "nobody waits to send");
/// drop(tx);
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let chan = Arc::new(Chan::new());
    (Sender { chan: chan.clone() }, Receiver { chan })
}

/// Hands values to receivers; clone it for each task that sends.
///
/// Made by [`channel`].
///
/// # Examples
///
/// ```
/// use creel::sync::rendezvous;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = rendezvous::channel();
/// let sender = creel::spawn(async move { tx.send(1).await });
/// assert_eq!(rx.recv().await, Some(1));
/// sender.await.unwrap().unwrap();
/// # });
/// ```
pub struct Sender<T> {
    chan: Arc<Chan<T>>,
}

/// Takes values from senders; clone it for each task that receives. Each value goes to one of them.
///
/// Made by [`channel`].
///
/// # Examples
///
/// ```
/// use creel::sync::rendezvous;
///
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = rendezvous::channel::<u8>();
/// drop(tx);
/// assert_eq!(rx.recv().await, None);
/// # });
/// ```
pub struct Receiver<T> {
    chan: Arc<Chan<T>>,
}

impl<T> Sender<T> {
    /// Offers the value and waits until a receiver has taken it.
    ///
    /// # Errors
    /// Gives the value back if the channel is closed or all receivers are gone.
    ///
    /// # Cancel safety
    /// A future that is dropped before it completes drops its value, unless a receiver has taken
    /// it. To know which, and to keep the value, [`withdraw`](Send::withdraw) it first.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::rendezvous::{self, error::SendError};
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, rx) = rendezvous::channel();
    /// drop(rx);
    /// assert_eq!(tx.send(1).await, Err(SendError(1)));
    /// # });
    /// ```
    pub fn send(&self, value: T) -> Send<'_, T> {
        Send::new(&self.chan, value)
    }

    /// Lets no more values pass.
    pub fn close(&self) {
        self.chan.close();
    }

    /// Whether the channel is closed or all receivers are gone, so that sending would fail.
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// Whether both senders are of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }
}

impl<T> Receiver<T> {
    /// Waits for a sender and takes its value. `None` means that none will come: the channel is
    /// closed, or all senders are gone.
    ///
    /// # Cancel safety
    /// Safe: a value is taken only when the future completes; a sender that had called this
    /// receiver calls the next one.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::rendezvous;
    ///
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (tx, rx) = rendezvous::channel();
    /// creel::spawn(async move { tx.send(1).await });
    /// assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
    /// # });
    /// ```
    #[track_caller]
    pub fn recv(&self) -> impl Future<Output = Option<T>> {
        Site::here().of(async move { Recv::new(&self.chan).await })
    }

    /// Takes the value of a sender that waits, if no receiver was called for it.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if there is none, [`TryRecvError::Disconnected`] if none will come.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.chan.try_recv()
    }

    /// Lets no more values pass.
    pub fn close(&self) {
        self.chan.close();
    }

    /// Whether the channel is closed or all senders are gone, so that receiving would fail.
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// Whether both receivers are of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
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

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
