//! The ticks of an interval.

use super::wrapper;
use crate::time::{Instant, Interval};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::{FusedStream, Stream};

wrapper! {
    /// The ticks of an [`Interval`]; it never ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{StreamExt, wrappers::IntervalStream};
    /// use std::time::Duration;
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let every_ms = creel::time::interval(Duration::from_millis(1));
    /// let ticks: Vec<_> = IntervalStream::new(every_ms).take(3).collect().await;
    /// assert!(ticks.is_sorted());
    /// # }
    /// ```
    IntervalStream(Interval)
}

impl Stream for IntervalStream {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.inner.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl FusedStream for IntervalStream {
    fn is_terminated(&self) -> bool {
        false
    }
}
