//! Waiting at a cell that the waiter keeps alive itself.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::SetOnce;
use crate::env::dump::Wait;
use crate::lock::Lock;
use crate::sync::crowd::Named;
use crate::sync::wait::{WaitList, WaitPoint, Waiter};
use alloc::sync::Arc;
use core::pin::Pin;
use core::task::{Context, Poll};

impl<T> SetOnce<T> {
    /// The value, or `waiter`, which waits at this very cell, is enlisted.
    pub(crate) fn poll_get(
        self: &Arc<Self>,
        waiter: Pin<&mut Waiter<Arc<Self>>>,
        cx: &Context<'_>,
    ) -> Poll<&T> {
        match self.get() {
            Some(value) => Poll::Ready(value),
            None => waiter.enroll(Some(cx.waker()), |_, (), _| self.get()),
        }
    }
}

// SAFETY: the cell, and with it the one lock and the one list, lives as long as the pointer.
unsafe impl<T> WaitPoint for Arc<SetOnce<T>> {
    type Guarded = WaitList<()>;
    type Slot = ();

    fn lock(&self) -> &Lock<WaitList<()>> {
        self.waiters.point()
    }

    fn waiters(list: &mut WaitList<()>) -> &mut WaitList<()> {
        list
    }

    fn wait(&self, _: &()) -> Wait {
        Wait::new(SetOnce::<T>::NAME)
    }
}
