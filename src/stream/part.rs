//! Parts of a stream: its beginning, its rest, its end.

use super::debug_stream;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

pin_project! {
    /// Stream of [`StreamExt::fuse`](super::StreamExt::fuse).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Fuse<S> {
        // `None` once it has ended.
        #[pin]
        stream: Option<S>,
    }
}

impl<S> Fuse<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream: Some(stream) }
    }

    pub(super) fn is_done(&self) -> bool {
        self.stream.is_none()
    }
}

impl<S: Stream> Stream for Fuse<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let item = ready!(stream.poll_next(cx));
        if item.is_none() {
            this.stream.set(None);
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

impl<S: Stream> FusedStream for Fuse<S> {
    fn is_terminated(&self) -> bool {
        self.is_done()
    }
}

pin_project! {
    /// Stream of [`StreamExt::peekable`](super::StreamExt::peekable).
    #[must_use = "streams do nothing unless polled"]
    pub struct Peekable<S: Stream> {
        #[pin]
        stream: Fuse<S>,
        peeked: Option<S::Item>,
    }
}

impl<S: Stream> Peekable<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream: Fuse::new(stream), peeked: None }
    }

    /// Waits for the next item and leaves it in the stream; `None` at the end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no item.
    pub async fn peek(&mut self) -> Option<&S::Item>
    where
        S: Unpin,
    {
        if self.peeked.is_none() {
            self.peeked = super::StreamExt::next(&mut self.stream).await;
        }
        self.peeked.as_ref()
    }
}

impl<S: Stream> Stream for Peekable<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        match this.peeked.take() {
            None => this.stream.poll_next(cx),
            item => Poll::Ready(item),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let peeked = usize::from(self.peeked.is_some());
        super::add_hints(self.stream.size_hint(), (peeked, Some(peeked)))
    }
}

impl<S: Stream> FusedStream for Peekable<S> {
    fn is_terminated(&self) -> bool {
        self.peeked.is_none() && self.stream.is_terminated()
    }
}

impl<S: Stream + fmt::Debug> fmt::Debug for Peekable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peekable").field("stream", &self.stream).finish_non_exhaustive()
    }
}

pin_project! {
    /// Stream of [`StreamExt::take`](super::StreamExt::take).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Take<S> {
        #[pin]
        stream: S,
        left: usize,
    }
}

impl<S> Take<S> {
    pub(super) fn new(stream: S, left: usize) -> Self {
        Self { stream, left }
    }
}

impl<S: Stream> Stream for Take<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(None);
        }
        let item = ready!(this.stream.poll_next(cx));
        *this.left = if item.is_some() { *this.left - 1 } else { 0 };
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.left == 0 {
            return (0, Some(0));
        }
        let (low, high) = self.stream.size_hint();
        (low.min(self.left), Some(high.map_or(self.left, |high| high.min(self.left))))
    }
}

impl<S: Stream> FusedStream for Take<S> {
    fn is_terminated(&self) -> bool {
        self.left == 0
    }
}

pin_project! {
    /// Stream of [`StreamExt::take_while`](super::StreamExt::take_while).
    #[must_use = "streams do nothing unless polled"]
    pub struct TakeWhile<S, F> {
        #[pin]
        stream: S,
        f: F,
        done: bool,
    }
}

impl<S, F> TakeWhile<S, F> {
    pub(super) fn new(stream: S, f: F) -> Self {
        Self { stream, f, done: false }
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> bool> Stream for TakeWhile<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if *this.done {
            return Poll::Ready(None);
        }
        let item = ready!(this.stream.poll_next(cx)).filter(this.f);
        *this.done = item.is_none();
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, if self.done { Some(0) } else { self.stream.size_hint().1 })
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> bool> FusedStream for TakeWhile<S, F> {
    fn is_terminated(&self) -> bool {
        self.done
    }
}

pin_project! {
    /// Stream of [`StreamExt::skip`](super::StreamExt::skip).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Skip<S> {
        #[pin]
        stream: S,
        left: usize,
    }
}

impl<S> Skip<S> {
    pub(super) fn new(stream: S, left: usize) -> Self {
        Self { stream, left }
    }
}

impl<S: Stream> Stream for Skip<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        while *this.left > 0 {
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(_) => *this.left -= 1,
                None => return Poll::Ready(None),
            }
        }
        this.stream.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (low, high) = self.stream.size_hint();
        (low.saturating_sub(self.left), high.map(|high| high.saturating_sub(self.left)))
    }
}

impl<S: FusedStream> FusedStream for Skip<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

pin_project! {
    /// Stream of [`StreamExt::skip_while`](super::StreamExt::skip_while).
    #[must_use = "streams do nothing unless polled"]
    pub struct SkipWhile<S, F> {
        #[pin]
        stream: S,
        // `None` once an item was let through.
        f: Option<F>,
    }
}

impl<S, F> SkipWhile<S, F> {
    pub(super) fn new(stream: S, f: F) -> Self {
        Self { stream, f: Some(f) }
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> bool> Stream for SkipWhile<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        loop {
            let Some(item) = ready!(this.stream.as_mut().poll_next(cx)) else {
                return Poll::Ready(None);
            };
            if !this.f.as_mut().is_some_and(|f| f(&item)) {
                *this.f = None;
                return Poll::Ready(Some(item));
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (low, high) = self.stream.size_hint();
        (if self.f.is_some() { 0 } else { low }, high)
    }
}

impl<S: FusedStream, F: FnMut(&S::Item) -> bool> FusedStream for SkipWhile<S, F> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

debug_stream! { TakeWhile<S, F> SkipWhile<S, F> }
