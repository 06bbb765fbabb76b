//! The receivers of mpsc channels.

use super::wrapper;
use crate::sync::mpsc::{Receiver, UnboundedReceiver};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::Stream;

wrapper! {
    /// The values of a bounded [`mpsc`](crate::sync::mpsc) channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{StreamExt, wrappers::ReceiverStream};
    /// use creel::sync::mpsc;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (tx, rx) = mpsc::channel(4);
    /// creel::spawn(async move {
    ///     for n in 1..=3 {
    ///         tx.send(n).await.unwrap();
    ///     }
    /// });
    /// assert_eq!(ReceiverStream::new(rx).collect::<Vec<_>>().await, [1, 2, 3]);
    /// # }
    /// ```
    ReceiverStream[T](Receiver<T>)
}

impl<T> ReceiverStream<T> {
    /// Lets no more values in; those that are there still come.
    pub fn close(&mut self) {
        self.inner.close();
    }
}

impl<T> Stream for ReceiverStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.inner.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Permits that were reserved before the close may still be used.
        let promised = || self.inner.max_capacity() - self.inner.capacity();
        (self.inner.len(), self.inner.is_closed().then(promised))
    }
}

wrapper! {
    /// The values of an unbounded [`mpsc`](crate::sync::mpsc) channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{StreamExt, wrappers::UnboundedReceiverStream};
    /// use creel::sync::mpsc;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (tx, rx) = mpsc::unbounded_channel();
    /// tx.send("only").unwrap();
    /// drop(tx);
    /// assert_eq!(UnboundedReceiverStream::new(rx).collect::<Vec<_>>().await, ["only"]);
    /// # }
    /// ```
    UnboundedReceiverStream[T](UnboundedReceiver<T>)
}

impl<T> UnboundedReceiverStream<T> {
    /// Lets no more values in; those that are there still come.
    pub fn close(&mut self) {
        self.inner.close();
    }
}

impl<T> Stream for UnboundedReceiverStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.inner.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.inner.len();
        (len, self.inner.is_closed().then_some(len))
    }
}
