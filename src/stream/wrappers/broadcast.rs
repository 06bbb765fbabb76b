//! The messages of a broadcast channel.

use super::errors::BroadcastStreamRecvError;
use super::generated::{Generated, Tray};
use crate::sync::broadcast::Receiver;
use crate::sync::broadcast::error::RecvError;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::{FusedStream, Stream};

/// The messages of a [`broadcast`](crate::sync::broadcast) channel.
///
/// Too slow, it gives an error that says how many messages it missed, and goes on with the oldest
/// that is left. It ends when all senders are gone. The receiver does not come back: make another
/// by `resubscribe` before.
///
/// # Examples
///
/// ```
/// use creel::stream::{StreamExt, wrappers::BroadcastStream};
/// use creel::sync::broadcast;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let (tx, rx) = broadcast::channel(2);
/// for n in 1..=3 {
///     tx.send(n).unwrap();
/// }
/// drop(tx);
///
/// let mut stream = BroadcastStream::new(rx);
/// assert!(stream.next().await.unwrap().is_err(), "the first was overwritten");
/// assert_eq!(stream.next().await, Some(Ok(2)));
/// assert_eq!(stream.next().await, Some(Ok(3)));
/// assert_eq!(stream.next().await, None);
/// # }
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct BroadcastStream<T> {
    inner: Generated<Result<T, BroadcastStreamRecvError>>,
}

impl<T: Clone + Send + 'static> BroadcastStream<T> {
    /// Begins with the next message of the receiver.
    pub fn new(mut receiver: Receiver<T>) -> Self {
        let inner = Generated::new(async move |mut tray: Tray<_>| {
            loop {
                let message = match receiver.recv().await {
                    Ok(message) => Ok(message),
                    Err(RecvError::Lagged(missed)) => Err(BroadcastStreamRecvError::Lagged(missed)),
                    Err(RecvError::Closed) => return,
                };
                tray.give(message).await;
            }
        });
        Self { inner }
    }
}

impl<T> Stream for BroadcastStream<T> {
    type Item = Result<T, BroadcastStreamRecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.inner).poll_next(cx)
    }
}

impl<T> FusedStream for BroadcastStream<T> {
    fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }
}

impl<T: Clone + Send + 'static> From<Receiver<T>> for BroadcastStream<T> {
    fn from(receiver: Receiver<T>) -> Self {
        Self::new(receiver)
    }
}

impl<T> fmt::Debug for BroadcastStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastStream").finish_non_exhaustive()
    }
}
