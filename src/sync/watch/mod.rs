//! One value that changes, and any number of receivers that want to know the latest.
//!
//! Values in between may go unseen; the last one never does. Each receiver remembers which version
//! it has seen: [`Receiver::changed`] waits for another.
//!
//! - [`Sender`] sets, modifies, or replaces the value; clones are senders to the same channel.
//! - [`Receiver`] borrows it and waits for the next; clones remember on their own.
//! - [`Ref`] is a borrow. While one lives, whoever sends waits *with the thread*: keep it short,
//!   never across an `await`, and never send while holding one.
//!
//! # Examples
//!
//! ```
//! # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use creel::sync::watch;
//!
//! let (tx, mut rx) = watch::channel("idle");
//! let task = creel::spawn(async move {
//!     let mut seen = vec![];
//!     while rx.changed().await.is_ok() {
//!         seen.push(*rx.borrow_and_update());
//!     }
//!     seen
//! });
//! tx.send("busy").unwrap();
//! creel::task::yield_now().await;
//! tx.send("done").unwrap();
//! drop(tx);
//! assert_eq!(task.await.unwrap().last(), Some(&"done"));
//! # });
//! ```

pub mod error;
mod receiver;
mod sender;
mod shared;
mod value;

pub use receiver::{Receiver, Ref};
pub use sender::Sender;

use alloc::sync::Arc;
use shared::Shared;

/// A channel that holds `init`, with one sender and one receiver, who has seen it.
///
/// # Examples
///
/// ```
/// use creel::sync::watch;
///
/// let (tx, rx) = watch::channel(1);
/// assert_eq!(*rx.borrow(), 1);
/// tx.send(2).unwrap();
/// assert_eq!(*rx.borrow(), 2);
/// ```
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(init, 1));
    let receiver = Receiver::first(Arc::clone(&shared));
    (Sender::first(shared), receiver)
}
