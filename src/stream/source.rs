//! Where streams begin.

use super::Stream;
use crate::env::coop;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::FusedStream;

/// A stream of what an iterator gives.
///
/// Each item counts against the budget of the task, so an endless iterator lets others run.
///
/// # Examples
///
/// ```
/// use creel::stream::{self, StreamExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut stream = stream::iter([1, 2]);
/// assert_eq!(stream.next().await, Some(1));
/// assert_eq!(stream.next().await, Some(2));
/// assert_eq!(stream.next().await, None);
/// # }
/// ```
pub fn iter<I: IntoIterator>(items: I) -> Iter<I::IntoIter> {
    Iter { items: items.into_iter() }
}

/// Stream of [`iter`].
#[derive(Clone, Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Iter<I> {
    items: I,
}

// The iterator is never pinned.
impl<I> Unpin for Iter<I> {}

impl<I: Iterator> Stream for Iter<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let item = self.items.next();
        receipt.made_progress();
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

/// A stream without items.
///
/// # Examples
///
/// ```
/// use creel::stream::{self, StreamExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(stream::empty::<u8>().next().await, None);
/// # }
/// ```
pub const fn empty<T>() -> Empty<T> {
    Empty(PhantomData)
}

/// Stream of [`empty`].
#[derive(Clone, Copy, Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Empty<T>(PhantomData<fn() -> T>);

impl<T> Stream for Empty<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

impl<T> FusedStream for Empty<T> {
    fn is_terminated(&self) -> bool {
        true
    }
}

/// A stream of one item.
///
/// # Examples
///
/// ```
/// use creel::stream::{self, StreamExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let items: Vec<u8> = stream::once(1).chain(stream::once(2)).collect().await;
/// assert_eq!(items, [1, 2]);
/// # }
/// ```
pub fn once<T>(item: T) -> Once<T> {
    Once { item: Some(item) }
}

/// Stream of [`once`].
#[derive(Clone, Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Once<T> {
    item: Option<T>,
}

impl<T> Unpin for Once<T> {}

impl<T> Stream for Once<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.item.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.item.is_some());
        (left, Some(left))
    }
}

impl<T> FusedStream for Once<T> {
    fn is_terminated(&self) -> bool {
        self.item.is_none()
    }
}

/// A stream that neither gives an item nor ends.
///
/// # Examples
///
/// ```
/// use creel::stream::{self, StreamExt};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let item = creel::select! {
///     item = async { stream::pending::<u8>().next().await } => item,
///     () = async {} => Some(1),
/// };
/// assert_eq!(item, Some(1));
/// # }
/// ```
pub const fn pending<T>() -> Pending<T> {
    Pending(PhantomData)
}

/// Stream of [`pending`].
#[derive(Clone, Copy, Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Pending<T>(PhantomData<fn() -> T>);

impl<T> Stream for Pending<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Pending
    }
}

impl<T> FusedStream for Pending<T> {
    fn is_terminated(&self) -> bool {
        true
    }
}
