//! Futures that take items out of a stream.

use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::stream::Stream;
use pin_project_lite::pin_project;

/// How many items a future takes in one poll before it lets other tasks run. A stream of creel's
/// counts its items against the budget itself; others may always be ready.
pub(super) const ITEMS_A_POLL: usize = 32;

pin_project! {
    /// Future of [`StreamExt::next`](super::StreamExt::next).
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses no item.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Next<'a, S: ?Sized> {
        stream: &'a mut S,
        // Like an `async fn`, which it may become.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, S: ?Sized> Next<'a, S> {
    pub(super) fn new(stream: &'a mut S) -> Self {
        Self { stream, _pin: PhantomPinned }
    }
}

impl<S: Stream + Unpin + ?Sized> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(self.project().stream).poll_next(cx)
    }
}

pin_project! {
    /// Future of [`StreamExt::try_next`](super::StreamExt::try_next).
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses no item.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct TryNext<'a, S: ?Sized> {
        #[pin]
        next: Next<'a, S>,
    }
}

impl<'a, S: ?Sized> TryNext<'a, S> {
    pub(super) fn new(stream: &'a mut S) -> Self {
        Self { next: Next::new(stream) }
    }
}

impl<T, E, S: Stream<Item = Result<T, E>> + Unpin + ?Sized> Future for TryNext<'_, S> {
    type Output = Result<Option<T>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().next.poll(cx).map(Option::transpose)
    }
}

/// Feeds items to `step` until it answers or the stream ends; a bounded number of them a poll.
fn poll_items<S: Stream + ?Sized, R>(
    mut stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    mut step: impl FnMut(Option<S::Item>) -> Option<R>,
) -> Poll<R> {
    for _ in 0..ITEMS_A_POLL {
        if let Some(result) = step(ready!(stream.as_mut().poll_next(cx))) {
            return Poll::Ready(result);
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

pin_project! {
    /// Future of [`StreamExt::all`](super::StreamExt::all).
    ///
    /// # Cancel safety
    ///
    /// Items that were judged are gone; the rest stays in the stream.
    #[must_use = "futures do nothing unless awaited"]
    pub struct All<'a, S: ?Sized, F> {
        stream: &'a mut S,
        f: F,
        #[pin]
        _pin: PhantomPinned,
    }
}

pin_project! {
    /// Future of [`StreamExt::any`](super::StreamExt::any).
    ///
    /// # Cancel safety
    ///
    /// Items that were judged are gone; the rest stays in the stream.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Any<'a, S: ?Sized, F> {
        stream: &'a mut S,
        f: F,
        #[pin]
        _pin: PhantomPinned,
    }
}

macro_rules! judge {
    ($name:ident: $decisive:literal) => {
        impl<'a, S: ?Sized, F> $name<'a, S, F> {
            pub(super) fn new(stream: &'a mut S, f: F) -> Self {
                Self { stream, f, _pin: PhantomPinned }
            }
        }

        impl<S: Stream + Unpin + ?Sized, F: FnMut(S::Item) -> bool> Future for $name<'_, S, F> {
            type Output = bool;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
                let this = self.project();
                poll_items(Pin::new(this.stream), cx, |item| match item {
                    Some(item) => ((this.f)(item) == $decisive).then_some($decisive),
                    None => Some(!$decisive),
                })
            }
        }

        impl<S: ?Sized + core::fmt::Debug, F> core::fmt::Debug for $name<'_, S, F> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                shown.field("stream", &self.stream).finish_non_exhaustive()
            }
        }
    };
}

judge!(All: false);
judge!(Any: true);

pin_project! {
    /// Future of [`StreamExt::fold`](super::StreamExt::fold).
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops what was folded so far.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Fold<S, B, F> {
        #[pin]
        stream: S,
        so_far: Option<B>,
        f: F,
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<S, B, F> Fold<S, B, F> {
    pub(super) fn new(stream: S, init: B, f: F) -> Self {
        Self { stream, so_far: Some(init), f, _pin: PhantomPinned }
    }
}

impl<S: Stream, B, F: FnMut(B, S::Item) -> B> Future for Fold<S, B, F> {
    type Output = B;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B> {
        let this = self.project();
        poll_items(this.stream, cx, |item| {
            let so_far = this.so_far.take().expect("`Fold` was polled after it had completed");
            match item {
                Some(item) => {
                    *this.so_far = Some((this.f)(so_far, item));
                    None
                }
                None => Some(so_far),
            }
        })
    }
}

super::debug_stream! { Fold<S, B, F> }
