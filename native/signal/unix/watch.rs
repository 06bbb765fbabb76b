//! A runtime watches the pipe of the process.
//!
//! No task does: the watch is itself the waker that the reactor calls when there is something in
//! the pipe, and waits again from there.

use super::Hub;
use crate::env::coop::{Budget, with_budget};
use crate::io::Interest;
use crate::io::unix::AsyncFd;
use core::task::{Context, Poll, Waker};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::Wake;

/// See the module. Begins with its first wake, and ends when its runtime does.
#[derive(Debug)]
pub(super) struct Watch {
    hub: &'static Hub,
    /// A descriptor of its own: a reactor knows each only once.
    pipe: AsyncFd<UnixStream>,
}

impl Watch {
    /// For the runtime that this thread is in.
    #[track_caller]
    pub(super) fn new(hub: &'static Hub) -> io::Result<Arc<Self>> {
        let pipe = AsyncFd::with_interest(hub.receiver.try_clone()?, Interest::READABLE)?;
        Ok(Arc::new(Self { hub, pipe }))
    }

    /// Tells what came, until the reactor promises to wake us when there is more.
    fn tell(&self, cx: &mut Context<'_>) {
        // An error means that the runtime is shut down; it forgets us then.
        while let Poll::Ready(Ok(mut ready)) = self.pipe.poll_read_ready(cx) {
            // It would block, which is what it says in the end.
            let _ = ready.try_io(|pipe| self.hub.tell(pipe.get_ref()));
        }
    }
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        // The budget of a task that happens to run here is not ours.
        with_budget(Budget::UNLIMITED, || self.tell(&mut Context::from_waker(&waker)));
    }
}
