//! The methods of the signals that wait with the thread instead of the task.

use super::block::block_on;
use super::broadcast::{self, error::RecvError};
use super::{Barrier, BarrierWaitResult, Event, Latch, SetOnce, WaitGroup};

impl Barrier {
    /// Arrives, and waits with the thread until all have.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_wait(&self) -> BarrierWaitResult {
        block_on(self.wait())
    }
}

impl Event {
    /// Waits with the thread until the event is set.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_wait(&self) {
        block_on(self.wait());
    }
}

impl Latch {
    /// Waits with the thread until the count is zero.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_wait(&self) {
        block_on(self.wait());
    }
}

impl<T> SetOnce<T> {
    /// Waits for the value with the thread.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_wait(&self) -> &T {
        block_on(self.wait())
    }
}

impl WaitGroup {
    /// Leaves the group, and waits with the thread until all others have left.
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_wait(self) {
        block_on(self.wait());
    }
}

impl<T: Clone> broadcast::Receiver<T> {
    /// [`recv`](Self::recv), waiting with the thread.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    /// On a thread that runs tasks: it would keep them from running. Await there.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        block_on(self.recv())
    }
}
