//! Every receiver gets every message, each at its own pace.
//!
//! Messages lie in a ring of fixed size. A receiver that is slower than the ring is long loses the
//! oldest ones: it is told how many ([`RecvError::Lagged`](error::RecvError::Lagged)) and goes on
//! with the oldest that is left. So a slow receiver never holds up a sender, which never waits.
//!
//! Each receiver gets a clone. `T::clone` runs under no lock: a slow or panicking one harms nobody,
//! except that the other receivers of the same message wait for it, since `T` need not be `Sync`.
//! A message is dropped when all receivers it was sent to have seen it, are gone, or have lagged.
//!
//! # Examples
//!
//! ```
//! # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use creel::sync::broadcast;
//!
//! let (tx, mut one) = broadcast::channel(16);
//! let mut other = tx.subscribe();
//! let task = creel::spawn(async move { other.recv().await });
//! tx.send("hello").unwrap();
//! assert_eq!(one.recv().await, Ok("hello"));
//! assert_eq!(task.await.unwrap(), Ok("hello"));
//! # });
//! ```
//!
//! A receiver that lags:
//!
//! ```
//! use creel::sync::broadcast::{self, error::TryRecvError};
//!
//! let (tx, mut rx) = broadcast::channel(2);
//! for n in 1..=5 {
//!     tx.send(n).unwrap();
//! }
//! assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(3)));
//! assert_eq!(rx.try_recv(), Ok(4));
//! ```

pub mod error;
mod receiver;
mod sender;
// Ring, tail and waiters.
mod shared;
// One place of the ring, and how a message is lent.
mod slot;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};

/// A channel that keeps the last `capacity` messages, rounded up to a power of two, with one sender
/// and one receiver.
///
/// # Panics
/// If `capacity` is zero or above `usize::MAX / 2`.
///
/// # Examples
///
/// ```
/// use creel::sync::broadcast;
///
/// let (tx, mut rx) = broadcast::channel(8);
/// assert_eq!(tx.send(1).unwrap(), 1, "so many receivers will see it");
/// assert_eq!(rx.try_recv(), Ok(1));
/// ```
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::with_receivers(capacity, 1);
    let receiver = Receiver::first(sender.shared());
    (sender, receiver)
}
