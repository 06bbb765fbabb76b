//! Sending with a limit to the wait: the one place where a channel knows the time.

use super::Sender;
use super::error::SendTimeoutError;
use crate::env::site::Site;
use crate::time::timeout;
use core::future::Future;
use core::time::Duration;

impl<T> Sender<T> {
    /// [`send`](Self::send), but waits for room no longer than `duration`.
    ///
    /// # Errors
    /// [`SendTimeoutError`] with the value if the time is up, or if the receiver is gone or has
    /// closed the channel.
    ///
    /// # Panics
    /// Outside a runtime, as it needs a timer.
    ///
    /// # Cancel safety
    /// As for `send`.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::mpsc::{self, error::SendTimeoutError};
    /// use std::time::Duration;
    ///
    /// # creel::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (tx, _rx) = mpsc::channel(1);
    /// tx.send(1).await.unwrap();
    /// let late = tx.send_timeout(2, Duration::from_millis(5)).await;
    /// assert_eq!(late, Err(SendTimeoutError::Timeout(2)));
    /// # });
    /// ```
    #[track_caller]
    pub fn send_timeout(
        &self,
        value: T,
        duration: Duration,
    ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        Site::here().of(async move {
            match timeout(duration, self.reserve()).await {
                Ok(Ok(permit)) => {
                    permit.send(value);
                    Ok(())
                }
                Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
                Err(_) => Err(SendTimeoutError::Timeout(value)),
            }
        })
    }
}
