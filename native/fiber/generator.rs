//! Functions that hand out items: as an iterator, and as a stream if they wait meanwhile.

use super::coroutine::{Body, Coroutine, Items, Turn};
use super::stack;
use core::fmt;
use core::iter::FusedIterator;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use futures_core::stream::{FusedStream, Stream};

/// Hands items out of the function of an [`iter`] or a [`stream()`].
pub struct Yielder<'a, I> {
    items: &'a Items<I>,
}

impl<I> Yielder<'_, I> {
    /// Hands `item` out; returns when the next one is wanted. If none ever is, the stack unwinds
    /// from here.
    ///
    /// # Panics
    /// Where [`wait`](super::wait) does.
    #[track_caller]
    #[inline(always)]
    pub fn give(&self, item: I) {
        self.items.give(item);
    }
}

impl<I> fmt::Debug for Yielder<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yielder").finish_non_exhaustive()
    }
}

struct Giving<F>(F);

impl<I: 'static, F: FnOnce(Yielder<'_, I>) + 'static> Body<I, ()> for Giving<F> {
    fn run(self, items: Items<I>) {
        (self.0)(Yielder { items: &items });
    }
}

/// The items that `function` gives, as an iterator. The function runs on a stack of its own,
/// whenever an item is asked for; it needs no runtime, and cannot [`wait`](super::wait).
///
/// # Examples
/// ```
/// use creel::fiber::{self, Yielder};
///
/// fn walk(depth: u32, names: &Yielder<'_, String>) {
///     names.give(format!("level {depth}"));
///     if depth < 2 {
///         walk(depth + 1, names);
///     }
/// }
///
/// let names: Vec<String> = fiber::iter(|names| walk(0, &names)).collect();
/// assert_eq!(names, ["level 0", "level 1", "level 2"]);
/// ```
pub fn iter<I, F>(function: F) -> Iter<I, F>
where
    I: 'static,
    F: FnOnce(Yielder<'_, I>) + 'static,
{
    Iter { coroutine: Coroutine::new(Giving(function), None, stack::DEFAULT_SIZE) }
}

/// The items that `function` gives, as a stream. The function may [`wait`](super::wait) between
/// them.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// use creel::stream::StreamExt;
/// use creel::{fiber, time};
///
/// let squares = fiber::stream(|squares| {
///     for number in 1..=3 {
///         fiber::wait(time::sleep(time::Duration::from_millis(1)));
///         squares.give(number * number);
///     }
/// });
/// assert_eq!(squares.collect::<Vec<u32>>().await, [1, 4, 9]);
/// # }
/// ```
pub fn stream<I, F>(function: F) -> FiberStream<I, F>
where
    I: 'static,
    F: FnOnce(Yielder<'_, I>) + 'static,
{
    FiberStream { coroutine: Coroutine::new(Giving(function), None, stack::DEFAULT_SIZE) }
}

/// The answer of [`iter`].
#[must_use = "the function does not run unless items are asked for"]
pub struct Iter<I: 'static, F> {
    coroutine: Coroutine<I, (), Giving<F>>,
}

impl<I, F: FnOnce(Yielder<'_, I>) + 'static> Iterator for Iter<I, F> {
    type Item = I;

    #[inline(always)]
    fn next(&mut self) -> Option<I> {
        match next(&mut self.coroutine, None) {
            Poll::Ready(item) => item,
            Poll::Pending => unreachable!("without a waker it does not wait"),
        }
    }
}

impl<I, F: FnOnce(Yielder<'_, I>) + 'static> FusedIterator for Iter<I, F> {}

/// The answer of [`stream()`].
#[must_use = "the function does not run unless the stream is polled"]
pub struct FiberStream<I: 'static, F> {
    coroutine: Coroutine<I, (), Giving<F>>,
}

// The function is moved to its stack before it runs.
impl<I, F> Unpin for FiberStream<I, F> {}

impl<I, F: FnOnce(Yielder<'_, I>) + 'static> Stream for FiberStream<I, F> {
    type Item = I;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I>> {
        next(&mut self.coroutine, Some(cx.waker()))
    }
}

impl<I, F: FnOnce(Yielder<'_, I>) + 'static> FusedStream for FiberStream<I, F> {
    fn is_terminated(&self) -> bool {
        self.coroutine.has_ended()
    }
}

/// The next item; none after the end.
#[inline(always)]
fn next<I, B: Body<I, ()>>(
    coroutine: &mut Coroutine<I, (), B>,
    waker: Option<&Waker>,
) -> Poll<Option<I>> {
    if coroutine.has_ended() {
        return Poll::Ready(None);
    }
    match coroutine.resume(waker) {
        Turn::Waits => Poll::Pending,
        Turn::Item(item) => Poll::Ready(Some(item)),
        Turn::Ended(()) => Poll::Ready(None),
    }
}

impl<I, F> fmt::Debug for Iter<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("ended", &self.coroutine.has_ended()).finish_non_exhaustive()
    }
}

impl<I, F> fmt::Debug for FiberStream<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = self.coroutine.has_ended();
        f.debug_struct("FiberStream").field("ended", &ended).finish_non_exhaustive()
    }
}
