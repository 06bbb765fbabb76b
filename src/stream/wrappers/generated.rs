//! A stream whose items an async block hands out: for what can be waited for but not polled.

use crate::lock::Lock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::stream::{FusedStream, Stream};

/// Allocates when it is made; an item costs nothing.
pub(super) struct Generated<T> {
    /// `None` once it has ended.
    body: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    tray: Tray<T>,
}

/// Where the body puts an item. Body and stream never look at the same time.
pub(super) struct Tray<T>(Arc<Lock<Option<T>>>);

impl<T> Tray<T> {
    /// Hands out an item; goes on when the next is asked for.
    pub(super) async fn give(&mut self, item: T) {
        *self.0.lock() = Some(item);
        let mut given = false;
        poll_fn(|_| match core::mem::replace(&mut given, true) {
            true => Poll::Ready(()),
            // The stream is ready, so nobody needs to be woken.
            false => Poll::Pending,
        })
        .await;
    }
}

impl<T> Generated<T> {
    pub(super) fn new<F>(body: impl FnOnce(Tray<T>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let tray = Arc::new(Lock::new(None));
        Self { body: Some(Box::pin(body(Tray(tray.clone())))), tray: Tray(tray) }
    }
}

// The body is pinned in its box; items only pass through.
impl<T> Unpin for Generated<T> {}

impl<T> Stream for Generated<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        if body.as_mut().poll(cx).is_ready() {
            self.body = None;
            return Poll::Ready(None);
        }
        match self.tray.0.lock().take() {
            None => Poll::Pending,
            item => Poll::Ready(item),
        }
    }
}

impl<T> FusedStream for Generated<T> {
    fn is_terminated(&self) -> bool {
        self.body.is_none()
    }
}
