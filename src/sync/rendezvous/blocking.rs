//! Handing over with the thread, for code that is not async.

use super::error::SendError;
use super::{Receiver, Sender};
use crate::sync::block::block_on;

impl<T> Sender<T> {
    /// [`send`](Self::send), waiting with the thread.
    ///
    /// # Errors
    /// Gives the value back if the channel is closed or all receivers are gone.
    ///
    /// # Panics
    /// Inside a runtime, whose tasks could not run meanwhile.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }
}

impl<T> Receiver<T> {
    /// [`recv`](Self::recv), waiting with the thread.
    ///
    /// # Panics
    /// Inside a runtime, whose tasks could not run meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::rendezvous;
    ///
    /// let (tx, rx) = rendezvous::channel();
    /// let sender = std::thread::spawn(move || tx.blocking_send(1));
    /// assert_eq!(rx.blocking_recv(), Some(1));
    /// sender.join().unwrap().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_recv(&self) -> Option<T> {
        block_on(self.recv())
    }
}
