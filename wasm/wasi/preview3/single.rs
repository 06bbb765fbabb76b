//! What never leaves the one thread that a component has.
//!
//! Why unsafe: the futures of the bindings are not `Send`, for they are written for targets with
//! threads too. A stream of creel's is `Send` on every host, so that one program fits all.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;

/// A boxed future of the bindings'.
pub(super) struct Single<T>(Pin<Box<dyn Future<Output = T>>>);

#[cfg(target_feature = "atomics")]
compile_error!("creel's feature `wasip3` relies on components having one thread");

// SAFETY: the target has no threads: the check above sees to it.
unsafe impl<T> Send for Single<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Single<T> {}

impl<T> Single<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Single<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}
