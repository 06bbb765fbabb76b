//! Streams and the clock: timeouts, a speed limit, chunks.

use super::part::Fuse;
use crate::time::{Duration, Interval, Sleep, sleep};
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::Stream;
use pin_project_lite::pin_project;

/// A stream gave no item in time; an item of [`StreamExt::timeout`](super::StreamExt::timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream gave no item in time")
    }
}

impl core::error::Error for Elapsed {}

#[cfg(feature = "std")]
impl From<Elapsed> for std::io::Error {
    fn from(_: Elapsed) -> Self {
        std::io::ErrorKind::TimedOut.into()
    }
}

pin_project! {
    /// Stream of [`StreamExt::timeout`](super::StreamExt::timeout).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Timeout<S> {
        #[pin]
        stream: Fuse<S>,
        // `None` once it has elapsed, until the next item.
        #[pin]
        deadline: Option<Sleep>,
        duration: Duration,
    }
}

impl<S> Timeout<S> {
    pub(super) fn new(stream: S, duration: Duration) -> Self {
        Self { stream: Fuse::new(stream), deadline: Some(sleep(duration)), duration }
    }
}

impl<S: Stream> Stream for Timeout<S> {
    type Item = Result<S::Item, Elapsed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Poll::Ready(item) = this.stream.poll_next(cx) {
            if item.is_some() {
                this.deadline.set(Some(sleep(*this.duration)));
            }
            return Poll::Ready(item.map(Ok));
        }
        let Some(deadline) = this.deadline.as_mut().as_pin_mut() else { return Poll::Pending };
        ready!(deadline.poll(cx));
        this.deadline.set(None);
        Poll::Ready(Some(Err(Elapsed)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // At most one timeout before each item and one before the end.
        let (low, high) = self.stream.size_hint();
        (low, high.and_then(|high| high.checked_mul(2)?.checked_add(1)))
    }
}

pin_project! {
    /// Stream of [`StreamExt::timeout_repeating`](super::StreamExt::timeout_repeating).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct TimeoutRepeating<S> {
        #[pin]
        stream: Fuse<S>,
        interval: Interval,
    }
}

impl<S> TimeoutRepeating<S> {
    pub(super) fn new(stream: S, interval: Interval) -> Self {
        Self { stream: Fuse::new(stream), interval }
    }
}

impl<S: Stream> Stream for TimeoutRepeating<S> {
    type Item = Result<S::Item, Elapsed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if let Poll::Ready(item) = this.stream.poll_next(cx) {
            if item.is_some() {
                this.interval.reset();
            }
            return Poll::Ready(item.map(Ok));
        }
        ready!(this.interval.poll_tick(cx));
        Poll::Ready(Some(Err(Elapsed)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.stream.size_hint().0, None)
    }
}

pin_project! {
    /// Stream of [`StreamExt::throttle`](super::StreamExt::throttle).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Throttle<S> {
        #[pin]
        stream: S,
        // What is left of the pause behind an item.
        #[pin]
        pause: Option<Sleep>,
        duration: Duration,
    }
}

impl<S> Throttle<S> {
    pub(super) fn new(stream: S, duration: Duration) -> Self {
        Self { stream, pause: None, duration }
    }

    /// The stream below.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream below, to be changed. Items taken from it directly are not counted.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream below.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for Throttle<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        if let Some(pause) = this.pause.as_mut().as_pin_mut() {
            ready!(pause.poll(cx));
            this.pause.set(None);
        }
        let item = ready!(this.stream.poll_next(cx));
        if item.is_some() && !this.duration.is_zero() {
            this.pause.set(Some(sleep(*this.duration)));
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

pin_project! {
    /// Stream of [`StreamExt::chunks_timeout`](super::StreamExt::chunks_timeout).
    #[must_use = "streams do nothing unless polled"]
    pub struct ChunksTimeout<S: Stream> {
        #[pin]
        stream: Fuse<S>,
        // Runs from the first item of a chunk.
        #[pin]
        deadline: Option<Sleep>,
        duration: Duration,
        items: Vec<S::Item>,
        max_size: usize,
    }
}

impl<S: Stream> ChunksTimeout<S> {
    pub(super) fn new(stream: S, max_size: usize, duration: Duration) -> Self {
        let (stream, items) = (Fuse::new(stream), Vec::new());
        Self { stream, deadline: None, duration, items, max_size }
    }

    /// Takes the items of the chunk that is not yet complete.
    pub fn into_remainder(self: Pin<&mut Self>) -> Vec<S::Item> {
        take(self.project().items)
    }
}

impl<S: Stream> Stream for ChunksTimeout<S> {
    type Item = Vec<S::Item>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Vec<S::Item>>> {
        let mut this = self.project();
        while let Poll::Ready(item) = this.stream.as_mut().poll_next(cx) {
            let Some(item) = item else {
                let rest = take(this.items);
                return Poll::Ready((!rest.is_empty()).then_some(rest));
            };
            if this.items.is_empty() {
                this.deadline.set(Some(sleep(*this.duration)));
            }
            this.items.push(item);
            if this.items.len() >= *this.max_size {
                return Poll::Ready(Some(take(this.items)));
            }
        }
        match this.deadline.as_mut().as_pin_mut() {
            Some(deadline) if !this.items.is_empty() => {
                ready!(deadline.poll(cx));
                this.deadline.set(None);
                Poll::Ready(Some(take(this.items)))
            }
            _ => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let begun = usize::from(!self.items.is_empty());
        let (low, high) = self.stream.size_hint();
        super::add_hints((low / self.max_size, high), (begun, Some(begun)))
    }
}

impl<S: Stream + fmt::Debug> fmt::Debug for ChunksTimeout<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ChunksTimeout");
        shown.field("stream", &self.stream).field("begun", &self.items.len());
        shown.finish_non_exhaustive()
    }
}
