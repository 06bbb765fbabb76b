//! A channel from many senders to one receiver.
//!
//! - [`channel`] makes a *bounded* one: when it is full, senders wait, first come, first served.
//!   That is back-pressure: a fast producer cannot outrun a slow consumer without limit.
//! - [`unbounded_channel`] makes one whose [`UnboundedSender::send`] never waits.
//!
//! # The end of a channel
//!
//! When all senders are gone, the receiver gets what is left and then `None`. When the receiver
//! is dropped or [closed](Receiver::close), sending fails and gives the value back, senders that
//! wait are woken, and [`Sender::closed`] completes. Values that are in the channel when the
//! receiver is dropped are dropped with it.
//!
//! # Cancel safety
//!
//! | | when its future is dropped |
//! |---|---|
//! | [`Receiver::recv`], [`Receiver::recv_many`] | no value is lost |
//! | [`Sender::reserve`] and its kin | nothing is reserved; the turn goes to the next |
//! | [`Sender::send`], [`Sender::send_timeout`] | the value was not sent and is dropped |
//! | [`Sender::closed`] | nothing is lost |
//!
//! # Without async
//!
//! `try_send`, `try_recv`, [`UnboundedSender::send`] and permits work anywhere; an unbounded
//! sender or a `try_send` may be used where waiting is forbidden, in a drop or a callback. The
//! `blocking_` methods wait with the thread, natively.
//!
//! # Memory
//!
//! Values are kept in blocks of 32, which are allocated as the channel fills and reused or freed
//! as it empties: a large capacity costs nothing until it is used, and a steady flow allocates
//! nothing. Waiting allocates nothing.
//!
//! # Examples
//!
//! ```
//! use creel::sync::mpsc;
//!
//! # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (tx, mut rx) = mpsc::channel(4);
//! let producer = creel::spawn(async move {
//!     for line in ["one", "two", "three"] {
//!         tx.send(line).await.unwrap();
//!     }
//! });
//! let mut lines = Vec::new();
//! while let Some(line) = rx.recv().await {
//!     lines.push(line);
//! }
//! producer.await.unwrap();
//! assert_eq!(lines, ["one", "two", "three"]);
//! # });
//! ```

#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod blocking;
mod chan;
pub mod error;
mod permit;
mod receiver;
mod reserve;
mod sender;
mod sleeper;
mod timed;
mod tx;
mod unbounded;

pub use chan::{Bounded, Unbounded};
pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::{Receiver, UnboundedReceiver};
pub use sender::{Sender, WeakSender};
pub use unbounded::{UnboundedSender, WeakUnboundedSender};

#[cfg(not(loom))]
use alloc::sync::Arc;
// The model must see who drops the channel last.
#[cfg(loom)]
use loom::sync::Arc;

use chan::{Chan, MAX_CAPACITY};
use tx::Tx;

/// Makes a channel that holds up to `buffer` values.
///
/// At most 2^29 - 1 values fit into any channel; a larger `buffer` is cut down to that.
///
/// # Panics
/// If `buffer` is 0. For a channel without a buffer see [`rendezvous`](super::rendezvous).
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(2);
/// tx.try_send(1).unwrap();
/// tx.try_send(2).unwrap();
/// assert!(tx.try_send(3).is_err());
/// assert_eq!(rx.try_recv(), Ok(1));
/// ```
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(buffer > 0, "mpsc bounded channel requires buffer > 0");
    let chan = Arc::new(Chan::new(Bounded { capacity: buffer.min(MAX_CAPACITY) }));
    (Sender::new(Tx::first(chan.clone())), Receiver::new(chan))
}

/// Makes a channel without a limit.
///
/// # Examples
///
/// ```
/// use creel::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// (0..1000).for_each(|n| tx.send(n).unwrap());
/// assert_eq!(rx.len(), 1000);
/// assert_eq!(rx.try_recv(), Ok(0));
/// ```
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let chan = Arc::new(Chan::new(Unbounded));
    (UnboundedSender::new(Tx::first(chan.clone())), Receiver::new(chan))
}
