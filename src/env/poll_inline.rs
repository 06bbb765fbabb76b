//! A function as a future that is compiled into whoever awaits it; [`core::future::poll_fn`] stays a
//! call, which is a third of the work of a send.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A future that is polled by calling `poll`.
#[inline]
pub(crate) fn poll_inline<T, F>(poll: F) -> impl Future<Output = T>
where
    F: FnMut(&mut Context<'_>) -> Poll<T> + Unpin,
{
    PollInline(poll)
}

struct PollInline<F>(F);

impl<T, F: FnMut(&mut Context<'_>) -> Poll<T> + Unpin> Future for PollInline<F> {
    type Output = T;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        (self.0)(cx)
    }
}
