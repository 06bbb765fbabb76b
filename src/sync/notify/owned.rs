//! The future that keeps its [`Notify`] alive.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::{Notify, Ticket, enable, poll};
use crate::env::dump::Wait;
use crate::env::site::Site;
use crate::lock::{Lock, LockGuard};
use crate::sync::wait::{WaitList, WaitPoint, Waiter};
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

impl Notify {
    /// Like [`notified`](Self::notified), with a future that keeps this alive.
    ///
    /// # Cancel safety
    /// As that of [`notified`](Self::notified).
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::Notify;
    /// use std::sync::Arc;
    ///
    /// #[creel::main]
    /// async fn main() {
    ///     let notify = Arc::new(Notify::new());
    ///     let task = creel::spawn(Arc::clone(&notify).notified_owned());
    ///     notify.notify_one();
    ///     task.await.unwrap();
    /// }
    /// ```
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        let ticket = self.ticket();
        OwnedNotified { waiter: Waiter::new(self, ticket).at(Site::here()) }
    }
}

pin_project! {
    /// Ends when its [`Notify`], which it keeps alive, is notified; made by
    /// [`Notify::notified_owned`].
    ///
    /// # Cancel safety
    /// Dropping it gives up its place in the queue; a permit it was handed goes to the next.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct OwnedNotified {
        #[pin]
        waiter: Waiter<Arc<Notify>>,
    }
}

impl OwnedNotified {
    /// Does what [`Notified::enable`](super::Notified::enable) does.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        enable(self.project().waiter)
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        poll(self.project().waiter, cx)
    }
}

// SAFETY: always the one lock in the `Notify` that the pointer keeps alive, and all it guards is
// the list.
unsafe impl WaitPoint for Arc<Notify> {
    type Guarded = WaitList<Ticket>;
    type Slot = Ticket;

    fn lock(&self) -> &Lock<WaitList<Ticket>> {
        &self.waiters
    }

    fn waiters(waiters: &mut WaitList<Ticket>) -> &mut WaitList<Ticket> {
        waiters
    }

    fn wait(&self, _: &Ticket) -> Wait {
        Wait::new("notify")
    }

    fn forsake(&self, waiters: LockGuard<'_, WaitList<Ticket>>, ticket: &Ticket, _: bool) {
        self.forsaken(waiters, ticket);
    }
}
