use crate::env::dump;
use crate::env::site::Site;
use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::io::{self, ErrorKind};

/// Something done to a stream `S` in one or more polls.
pub trait Operation<S: ?Sized> {
    type Output;

    fn poll(&mut self, stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<Self::Output>;
}

pin_project! {
    /// The future of one operation `O` on the borrowed stream `S`.
    ///
    /// Not `Unpin`, so that an `async fn` may stand in its place some day.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Op<'a, S: ?Sized, O> {
        stream: &'a mut S,
        operation: O,
        site: Site,
        #[pin]
        _pinned: PhantomPinned,
    }
}

impl<'a, S: ?Sized, O: Operation<S>> Op<'a, S, O> {
    #[inline]
    #[track_caller]
    pub(in crate::io) fn new(stream: &'a mut S, operation: O) -> Self {
        Self { stream, operation, site: Site::here(), _pinned: PhantomPinned }
    }
}

impl<S, O> Future for Op<'_, S, O>
where
    S: Unpin + ?Sized,
    O: Operation<S>,
{
    type Output = O::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        let this = self.project();
        dump::within(*this.site, || this.operation.poll(Pin::new(&mut **this.stream), cx))
    }
}

/// Calls `attempt` again as long as the operating system interrupts it.
#[inline]
pub(in crate::io) fn uninterrupted<T>(
    mut attempt: impl FnMut() -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    loop {
        match attempt() {
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
            settled => return settled,
        }
    }
}
