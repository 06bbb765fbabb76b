//! Two streams as one, and the end of a stream as an item.

use super::add_hints;
use super::part::Fuse;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

pin_project! {
    /// Stream of [`StreamExt::chain`](super::StreamExt::chain).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Chain<A, B> {
        #[pin]
        first: Fuse<A>,
        #[pin]
        second: B,
    }
}

impl<A, B> Chain<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Self { first: Fuse::new(first), second }
    }
}

impl<A: Stream, B: Stream<Item = A::Item>> Stream for Chain<A, B> {
    type Item = A::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        let this = self.project();
        match ready!(this.first.poll_next(cx)) {
            None => this.second.poll_next(cx),
            item => Poll::Ready(item),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        add_hints(self.first.size_hint(), self.second.size_hint())
    }
}

impl<A: Stream, B: FusedStream<Item = A::Item>> FusedStream for Chain<A, B> {
    fn is_terminated(&self) -> bool {
        self.first.is_done() && self.second.is_terminated()
    }
}

pin_project! {
    /// Stream of [`StreamExt::merge`](super::StreamExt::merge).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Merge<A, B> {
        #[pin]
        first: Fuse<A>,
        #[pin]
        second: Fuse<B>,
        // Whose turn it is to be polled first.
        second_leads: bool,
    }
}

impl<A, B> Merge<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Self { first: Fuse::new(first), second: Fuse::new(second), second_leads: false }
    }
}

impl<A: Stream, B: Stream<Item = A::Item>> Stream for Merge<A, B> {
    type Item = A::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        let this = self.project();
        *this.second_leads = !*this.second_leads;
        match this.second_leads {
            true => poll_either(this.first, this.second, cx),
            false => poll_either(this.second, this.first, cx),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        add_hints(self.first.size_hint(), self.second.size_hint())
    }
}

impl<A: Stream, B: Stream<Item = A::Item>> FusedStream for Merge<A, B> {
    fn is_terminated(&self) -> bool {
        self.first.is_done() && self.second.is_done()
    }
}

/// Ready with an item of either, or when both have ended.
fn poll_either<A: Stream>(
    leader: Pin<&mut A>,
    other: Pin<&mut impl Stream<Item = A::Item>>,
    cx: &mut Context<'_>,
) -> Poll<Option<A::Item>> {
    let led = leader.poll_next(cx);
    if let Poll::Ready(Some(_)) = led {
        return led;
    }
    match other.poll_next(cx) {
        Poll::Ready(None) => led,
        item => item,
    }
}

pin_project! {
    /// Gives `Some` with each item of a stream, then one `None` when that has ended, then ends
    /// itself: so whoever merges many streams hears which of them ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::stream::{self, StreamExt, StreamNotifyClose};
    ///
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut stream = StreamNotifyClose::new(stream::iter([1]));
    /// assert_eq!(stream.next().await, Some(Some(1)));
    /// assert_eq!(stream.next().await, Some(None));
    /// assert_eq!(stream.next().await, None);
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct StreamNotifyClose<S> {
        // `None` once it has ended.
        #[pin]
        stream: Option<S>,
    }
}

impl<S> StreamNotifyClose<S> {
    /// Wraps a stream.
    pub fn new(stream: S) -> Self {
        Self { stream: Some(stream) }
    }

    /// The stream, unless it has ended.
    pub fn into_inner(self) -> Option<S> {
        self.stream
    }
}

impl<S: Stream> Stream for StreamNotifyClose<S> {
    type Item = Option<S::Item>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Option<S::Item>>> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let item = ready!(stream.poll_next(cx));
        if item.is_none() {
            this.stream.set(None);
        }
        Poll::Ready(Some(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.stream {
            Some(stream) => add_hints(stream.size_hint(), (1, Some(1))),
            None => (0, Some(0)),
        }
    }
}

impl<S: Stream> FusedStream for StreamNotifyClose<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_none()
    }
}
