//! The values of a watch channel.

use super::generated::Generated;
use crate::sync::watch::Receiver;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::{FusedStream, Stream};

/// The values of a [`watch`](crate::sync::watch) channel: always the latest, so values that are
/// replaced before the stream is polled are never seen.
///
/// It ends when all senders are gone. The receiver does not come back: clone it before.
///
/// # Examples
///
/// ```
/// use creel::stream::{StreamExt, wrappers::WatchStream};
/// use creel::sync::watch;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let (tx, rx) = watch::channel("first");
/// let mut stream = WatchStream::new(rx);
/// assert_eq!(stream.next().await, Some("first"));
/// tx.send("second").unwrap();
/// assert_eq!(stream.next().await, Some("second"));
/// drop(tx);
/// assert_eq!(stream.next().await, None);
/// # }
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct WatchStream<T> {
    inner: Generated<T>,
}

impl<T: Clone + Send + Sync + 'static> WatchStream<T> {
    /// Begins with the value that is there.
    pub fn new(mut receiver: Receiver<T>) -> Self {
        receiver.mark_changed();
        Self::from_changes(receiver)
    }

    /// Begins with the next value that the receiver has not seen.
    pub fn from_changes(mut receiver: Receiver<T>) -> Self {
        let inner = Generated::new(async move |mut tray: super::generated::Tray<T>| {
            while receiver.changed().await.is_ok() {
                let value = receiver.borrow_and_update().clone();
                tray.give(value).await;
            }
        });
        Self { inner }
    }
}

impl<T> Stream for WatchStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.inner).poll_next(cx)
    }
}

impl<T> FusedStream for WatchStream<T> {
    fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }
}

impl<T: Clone + Send + Sync + 'static> From<Receiver<T>> for WatchStream<T> {
    fn from(receiver: Receiver<T>) -> Self {
        Self::new(receiver)
    }
}

impl<T> fmt::Debug for WatchStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchStream").finish_non_exhaustive()
    }
}
