//! The tasks of a set.

use super::wrapper;
use crate::task::{JoinError, JoinSet};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::Stream;

wrapper! {
    /// The outputs of the tasks of a [`JoinSet`], as they end.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{StreamExt, wrappers::JoinSetStream};
    /// use creel::task::JoinSet;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let tasks: JoinSet<u32> = (1..=3).map(|n| async move { n }).collect();
    /// let sum = JoinSetStream::new(tasks).fold(0, |sum, task| sum + task.unwrap()).await;
    /// assert_eq!(sum, 6);
    /// # }
    /// ```
    JoinSetStream[T](JoinSet<T>)
}

impl<T: 'static> Stream for JoinSetStream<T> {
    type Item = Result<T, JoinError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.poll_join_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.inner.len();
        (len, Some(len))
    }
}
