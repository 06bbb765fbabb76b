//! Items that are tasks, so that they go on while nobody polls the stream.

use super::concurrent::feed;
use super::part::Fuse;
use crate::scope::TaskGroup;
use crate::task::join_set::resume_panic;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

pin_project! {
    /// Stream of [`StreamExt::spawn_buffered`](super::StreamExt::spawn_buffered) and
    /// [`StreamExt::spawn_buffer_unordered`](super::StreamExt::spawn_buffer_unordered).
    #[must_use = "streams do nothing unless polled"]
    pub struct SpawnBuffered<S: Stream>
    where
        S::Item: Future,
    {
        #[pin]
        stream: Fuse<S>,
        group: TaskGroup<<S::Item as Future>::Output>,
        limit: usize,
    }
}

impl<S: Stream<Item: Future>> SpawnBuffered<S> {
    pub(super) fn new(
        stream: S,
        group: TaskGroup<<S::Item as Future>::Output>,
        limit: usize,
    ) -> Self {
        Self { stream: Fuse::new(stream), group, limit }
    }
}

impl<S> Stream for SpawnBuffered<S>
where
    S: Stream<Item: Future<Output: Send + 'static> + Send + 'static>,
{
    type Item = <S::Item as Future>::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        // Outputs that wait for their turn count: the limit bounds memory, too.
        let room = *this.limit - this.group.len();
        feed(this.stream.as_mut(), cx, room, |future| this.group.spawn(future));
        match ready!(this.group.poll_join_next(cx)) {
            Some(Ok(output)) => Poll::Ready(Some(output)),
            Some(Err(error)) => resume_panic(error),
            None if this.stream.is_done() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let begun = self.group.len();
        super::add_hints(self.stream.size_hint(), (begun, Some(begun)))
    }
}

impl<S> FusedStream for SpawnBuffered<S>
where
    S: Stream<Item: Future<Output: Send + 'static> + Send + 'static>,
{
    fn is_terminated(&self) -> bool {
        self.stream.is_done() && self.group.is_empty()
    }
}

impl<S: Stream<Item: Future>> fmt::Debug for SpawnBuffered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SpawnBuffered");
        shown.field("begun", &self.group.len()).field("limit", &self.limit).finish_non_exhaustive()
    }
}
