//! A channel from many senders to many receivers: each value goes to one of them.
//!
//! [`channel`] makes a bounded one, [`unbounded_channel`] one whose senders never wait. Both ends
//! can be cloned, and work through a shared reference. Senders and receivers are served first
//! come, first served, and a `try_` form never takes what is meant for one that waits.
//!
//! # The end of a channel
//!
//! When all senders are gone, or either side has closed it, the receivers get what is left and
//! then `None`. When all receivers are gone, the channel is closed and what is in it is dropped.
//!
//! # Cancel safety
//!
//! | | when its future is dropped |
//! |---|---|
//! | [`Receiver::recv`], [`Receiver::stream`] | no value is lost: it goes to the next receiver |
//! | [`Sender::send`] | the value was not sent and is dropped; the turn goes to the next |
//!
//! # Examples
//!
//! ```
//! use creel::sync::mpmc;
//!
//! # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (tx, rx) = mpmc::channel(4);
//! let workers = [rx.clone(), rx].map(|rx| {
//!     creel::spawn(async move {
//!         let mut sum = 0;
//!         while let Some(job) = rx.recv().await {
//!             sum += job;
//!         }
//!         sum
//!     })
//! });
//! for job in 1..=10 {
//!     tx.send(job).await.unwrap();
//! }
//! drop(tx);
//! let mut sum = 0;
//! for worker in workers {
//!     sum += worker.await.unwrap();
//! }
//! assert_eq!(sum, 55);
//! # });
//! ```

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
mod chan;
mod receiver;
mod sender;

/// What can go wrong with an mpmc channel: the errors of [`mpsc`](super::mpsc::error).
pub mod error {
    pub use crate::sync::mpsc::error::{SendError, TryRecvError, TrySendError};
}

pub use receiver::{Receiver, Values};
pub use sender::{Sender, UnboundedSender};

use alloc::sync::Arc;
use chan::Chan;

/// Makes a channel that holds up to `capacity` values.
///
/// # Panics
/// If `capacity` is 0. For a channel without a buffer see [`rendezvous`](super::rendezvous).
///
/// # Examples
///
/// ```
/// use creel::sync::mpmc;
///
/// let (tx, rx) = mpmc::channel(1);
/// tx.try_send(1).unwrap();
/// assert!(tx.try_send(2).is_err());
/// assert_eq!(rx.clone().try_recv(), Ok(1));
/// ```
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "an mpmc channel needs a capacity above 0; see sync::rendezvous");
    let chan = Arc::new(Chan::new(capacity));
    (Sender::new(chan.clone()), Receiver::new(chan))
}

/// Makes a channel without a limit.
///
/// # Examples
///
/// ```
/// use creel::sync::mpmc;
///
/// let (tx, rx) = mpmc::unbounded_channel();
/// (0..100).for_each(|n| tx.send(n).unwrap());
/// assert_eq!((rx.len(), rx.capacity()), (100, None));
/// ```
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, Receiver<T>) {
    let chan = Arc::new(Chan::new(usize::MAX));
    (UnboundedSender::new(chan.clone()), Receiver::new(chan))
}
