//! Waiting with the thread instead of the task.

use super::promise::{Promise, PromiseError};
use crate::sync::block::block_on;

impl<T, E> Promise<T, E> {
    /// [`get`](Self::get), waiting with the thread.
    ///
    /// # Errors
    ///
    /// That the promise was rejected, or will never be settled.
    ///
    /// # Panics
    ///
    /// On a thread that runs tasks: it would keep them from running. Await there.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::future::Deferred;
    ///
    /// let deferred = Deferred::<_>::new();
    /// let promise = deferred.promise();
    /// std::thread::spawn(move || deferred.resolve(7));
    /// assert_eq!(promise.blocking_get(), Ok(&7));
    /// ```
    #[track_caller]
    pub fn blocking_get(&self) -> Result<&T, &PromiseError<E>> {
        block_on(self.get())
    }
}
