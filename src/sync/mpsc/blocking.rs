//! Sending and receiving with the thread, for code that is not async.

use super::chan::Flow;
use super::error::SendError;
use super::{Receiver, Sender};
use crate::sync::block::block_on;
use std::vec::Vec;

impl<T> Sender<T> {
    /// [`send`](Self::send), waiting with the thread.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone or has closed the channel.
    ///
    /// # Panics
    /// Inside a runtime, whose tasks could not run meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let sender = std::thread::spawn(move || {
    ///     (0..3).for_each(|n| tx.blocking_send(n).unwrap());
    /// });
    /// assert_eq!(std::iter::from_fn(|| rx.blocking_recv()).sum::<u32>(), 3);
    /// sender.join().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }
}

impl<T, F: Flow> Receiver<T, F> {
    /// [`recv`](Self::recv), waiting with the thread.
    ///
    /// # Panics
    /// Inside a runtime, whose tasks could not run meanwhile.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        block_on(self.recv())
    }

    /// [`recv_many`](Self::recv_many), waiting with the thread.
    ///
    /// # Panics
    /// Inside a runtime, whose tasks could not run meanwhile.
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        block_on(self.recv_many(buffer, limit))
    }
}
