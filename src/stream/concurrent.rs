//! Several items of a stream at a time.

use super::consume::ITEMS_A_POLL;
use super::part::Fuse;
use crate::future::group::Group;
use alloc::collections::VecDeque;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

pin_project! {
    /// Stream of [`StreamExt::buffer_unordered`](super::StreamExt::buffer_unordered).
    #[must_use = "streams do nothing unless polled"]
    pub struct BufferUnordered<S: Stream> {
        #[pin]
        stream: Fuse<S>,
        running: Group<S::Item>,
        limit: usize,
    }
}

impl<S: Stream<Item: Future>> BufferUnordered<S> {
    pub(super) fn new(stream: S, limit: usize) -> Self {
        Self { stream: Fuse::new(stream), running: Group::new(), limit }
    }
}

impl<S: Stream<Item: Future>> Stream for BufferUnordered<S> {
    type Item = <S::Item as Future>::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let room = *this.limit - this.running.len();
        feed(this.stream.as_mut(), cx, room, |future| this.running.insert(future));
        match ready!(this.running.poll_next(cx)) {
            None if !this.stream.is_done() => Poll::Pending,
            output => Poll::Ready(output),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let running = self.running.len();
        super::add_hints(self.stream.size_hint(), (running, Some(running)))
    }
}

impl<S: Stream<Item: Future>> FusedStream for BufferUnordered<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_done() && self.running.len() == 0
    }
}

pin_project! {
    /// Stream of [`StreamExt::buffered`](super::StreamExt::buffered).
    #[must_use = "streams do nothing unless polled"]
    pub struct Buffered<S: Stream>
    where
        S::Item: Future,
    {
        #[pin]
        stream: Fuse<S>,
        running: Group<Numbered<S::Item>>,
        // From the oldest future on: its output, or `None` while it runs.
        outputs: VecDeque<Option<<S::Item as Future>::Output>>,
        // The number of the oldest.
        oldest: usize,
        limit: usize,
    }
}

pin_project! {
    /// A future that knows its place in the stream.
    #[derive(Debug)]
    struct Numbered<F> {
        #[pin]
        future: F,
        number: usize,
    }
}

impl<F: Future> Future for Numbered<F> {
    type Output = (usize, F::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(cx).map(|output| (*this.number, output))
    }
}

impl<S: Stream<Item: Future>> Buffered<S> {
    pub(super) fn new(stream: S, limit: usize) -> Self {
        let (running, outputs) = (Group::new(), VecDeque::new());
        Self { stream: Fuse::new(stream), running, outputs, oldest: 0, limit }
    }
}

impl<S: Stream<Item: Future>> Stream for Buffered<S> {
    type Item = <S::Item as Future>::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        // Outputs that wait for their turn count: the limit bounds memory, too.
        let room = *this.limit - this.outputs.len();
        feed(this.stream.as_mut(), cx, room, |future| {
            let number = this.oldest.wrapping_add(this.outputs.len());
            this.running.insert(Numbered { future, number });
            this.outputs.push_back(None);
        });
        // Only while the oldest runs: a row of outputs that is there goes out first.
        while let Some(None) = this.outputs.front() {
            let Poll::Ready(Some((number, output))) = this.running.poll_next(cx) else { break };
            this.outputs[number.wrapping_sub(*this.oldest)] = Some(output);
        }
        match this.outputs.front_mut().map(Option::take) {
            Some(None) => Poll::Pending,
            Some(output) => {
                this.outputs.pop_front();
                *this.oldest = this.oldest.wrapping_add(1);
                Poll::Ready(output)
            }
            None if this.stream.is_done() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let begun = self.outputs.len();
        super::add_hints(self.stream.size_hint(), (begun, Some(begun)))
    }
}

impl<S: Stream<Item: Future>> FusedStream for Buffered<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_done() && self.outputs.is_empty()
    }
}

pin_project! {
    /// Future of [`StreamExt::for_each_concurrent`](super::StreamExt::for_each_concurrent).
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the futures that are under way, with the items they took.
    #[must_use = "futures do nothing unless awaited"]
    pub struct ForEachConcurrent<S, Fut, F> {
        #[pin]
        stream: Fuse<S>,
        running: Group<Fut>,
        limit: usize,
        f: F,
    }
}

impl<S, Fut, F> ForEachConcurrent<S, Fut, F> {
    pub(super) fn new(stream: S, limit: usize, f: F) -> Self {
        Self { stream: Fuse::new(stream), running: Group::new(), limit, f }
    }
}

impl<S, Fut, F> Future for ForEachConcurrent<S, Fut, F>
where
    S: Stream,
    Fut: Future<Output = ()>,
    F: FnMut(S::Item) -> Fut,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        for _ in 0..ITEMS_A_POLL {
            let room = *this.limit - this.running.len();
            feed(this.stream.as_mut(), cx, room, |item| this.running.insert((this.f)(item)));
            match this.running.poll_next(cx) {
                // There is room for the next item.
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) if this.stream.is_done() => return Poll::Ready(()),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Begins items as long as there is room and the stream has some; a bounded number of them a poll,
/// for a stream may always be ready.
pub(super) fn feed<S: Stream>(
    mut stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    room: usize,
    mut begin: impl FnMut(S::Item),
) {
    for begun in 0..room {
        if begun == ITEMS_A_POLL {
            cx.waker().wake_by_ref();
            return;
        }
        let Poll::Ready(Some(item)) = stream.as_mut().poll_next(cx) else { return };
        begin(item);
    }
}

macro_rules! debug_running {
    ($([$($generics:tt)*] $name:ty, $shown:literal;)+) => {
        $(impl<$($generics)*> fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct($shown);
                shown.field("running", &self.running.len()).field("limit", &self.limit);
                shown.finish_non_exhaustive()
            }
        })+
    };
}

debug_running! {
    [S: Stream] BufferUnordered<S>, "BufferUnordered";
    [S: Stream<Item: Future>] Buffered<S>, "Buffered";
    [S, Fut, F] ForEachConcurrent<S, Fut, F>, "ForEachConcurrent";
}
