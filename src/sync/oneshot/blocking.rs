//! Waiting for the value with the thread.

use super::{Receiver, error::RecvError};
use crate::sync::block::block_on;

impl<T> Receiver<T> {
    /// Waits for the value with the thread, for code that is not async.
    ///
    /// # Errors
    /// As awaiting the receiver: if the sender is dropped without sending.
    ///
    /// # Panics
    /// Inside a runtime, whose tasks could not run meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// std::thread::spawn(move || tx.send(1));
    /// assert_eq!(rx.blocking_recv(), Ok(1));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        block_on(self)
    }
}
