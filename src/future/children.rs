//! The children of a combinator: futures in one allocation, each polled only when it was woken.
//!
//! So a wake costs the same with ten children as with ten thousand. A child is polled at most once
//! a round: one that keeps waking itself does not keep the task from yielding.

use crate::collections::pinned::PinnedSlice;
use crate::env::coop;
use crate::env::dump;
use crate::env::wake_set::WakeSet;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A fixed number of places for futures.
pub(crate) struct Children<F> {
    /// `None` once a child has finished.
    places: PinnedSlice<Option<F>>,
    wakes: WakeSet,
    running: usize,
}

impl<F: Future> Children<F> {
    /// Takes all the futures; each will be polled in the first round, in order.
    pub(crate) fn new<I>(futures: I) -> Self
    where
        I: IntoIterator,
        I::Item: IntoFuture<IntoFuture = F>,
    {
        let places: PinnedSlice<_> =
            futures.into_iter().map(|future| Some(future.into_future())).collect();
        let wakes = WakeSet::new(places.len());
        (0..places.len()).for_each(|index| wakes.wake(index));
        Self { running: places.len(), places, wakes }
    }

    /// Room for `len` futures.
    pub(crate) fn places(len: usize) -> Self {
        let places = (0..len).map(|_| None).collect();
        Self { places, wakes: WakeSet::new(len), running: 0 }
    }

    /// Puts a future in a place that is empty; it will be polled in the next round.
    pub(crate) fn put(&mut self, index: usize, future: F) {
        let mut place = self.places.get(index);
        debug_assert!(place.is_none(), "a future has its place for itself");
        place.set(Some(future));
        self.running += 1;
        self.wakes.wake(index);
    }

    /// How many children there were from the start.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Drops those that have not finished.
    pub(crate) fn clear(&mut self) {
        self.running = 0;
        self.places = PinnedSlice::default();
    }

    /// Polls the children that were woken, and drops each that finishes before `done` gets its
    /// index and output. `Ready` with what `done` breaks with, or with `Continue` when none is left.
    pub(crate) fn poll<B>(
        &mut self,
        cx: &mut Context<'_>,
        done: impl FnMut(usize, F::Output) -> ControlFlow<B>,
    ) -> Poll<ControlFlow<B>> {
        self.poll_by(cx, F::poll, done)
    }

    /// As [`poll`](Self::poll), with something around the poll of each child.
    pub(crate) fn poll_by<T, B>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(Pin<&mut F>, &mut Context<'_>) -> Poll<T>,
        mut done: impl FnMut(usize, T) -> ControlFlow<B>,
    ) -> Poll<ControlFlow<B>> {
        if self.running == 0 {
            return Poll::Ready(ControlFlow::Continue(()));
        }
        if dump::is_asked() {
            // Each child tells what it waits for.
            self.wakes.wake_all_quietly();
        }
        self.wakes.begin(cx.waker());
        loop {
            if !coop::has_budget_remaining() {
                // Most children would only ask for another turn. Those not yet polled keep theirs.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(index) = self.wakes.next() else { return Poll::Pending };
            let mut place = self.places.get(index);
            // A finished child may have been woken before.
            let Some(child) = place.as_mut().as_pin_mut() else { continue };
            let waker = self.wakes.waker(index);
            let Poll::Ready(output) = poll(child, &mut Context::from_waker(&waker)) else {
                continue;
            };
            self.running -= 1;
            place.set(None);
            let flow = done(index, output);
            if flow.is_break() || self.running == 0 {
                return Poll::Ready(flow);
            }
        }
    }
}

impl<F> fmt::Debug for Children<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Children").field("running", &self.running).finish_non_exhaustive()
    }
}
