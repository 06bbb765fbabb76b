//! Tasks inside one future: whoever polls the future drives them.
//!
//! One more [`Executor`](super::executor), with the waker of whoever polled last in the place of a
//! host. A local set is made of one, and so is a scope whose children borrow.

use super::executor::{Blocking, Driving, Executor, ExecutorHandle};
use super::queue::ReadyQueue;
use crate::env::context::{self, Restore};
use crate::env::owner::OwnerRef;
use crate::lock::Lock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::task::{Context, Waker};

/// How many turns the tasks have at most, each time the future is polled.
pub(crate) const TURNS: usize = 61;

/// Dropping it drops the futures of all its tasks.
pub(crate) struct Nest {
    executor: ExecutorHandle,
    poller: Arc<Lock<Option<Waker>>>,
}

impl Nest {
    /// A nest that lets its tasks block the thread or not.
    pub(crate) fn new(blocking: Blocking) -> Self {
        let poller = Arc::new(Lock::new(None::<Waker>));
        let waker = Arc::clone(&poller);
        let wake = Box::new(move || {
            let waker = waker.lock().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        Self::on(poller, wake, blocking)
    }

    /// A nest that calls `wake`, once until it is driven again, when a task becomes ready.
    pub(crate) fn on(
        poller: Arc<Lock<Option<Waker>>>,
        wake: Box<dyn Fn() + Send + Sync>,
        blocking: Blocking,
    ) -> Self {
        let executor = Executor::start(ReadyQueue::default(), None, None, wake, blocking);
        Self { executor, poller }
    }

    /// Who owns its tasks.
    pub(crate) fn owner(&self) -> OwnerRef {
        self.executor.owner()
    }

    /// Takes the nest to drive, with the caller's waker in place. `None` inside one of its tasks.
    pub(crate) fn drive(&self, cx: &Context<'_>) -> Option<Driving<'_>> {
        let old = self.poller.lock().replace(cx.waker().clone());
        drop(old);
        self.drive_hosted()
    }

    /// Takes the nest to drive, where it is not polled. `None` inside one of its tasks.
    pub(crate) fn drive_hosted(&self) -> Option<Driving<'_>> {
        self.executor.drive().ok()
    }

    /// Gives the tasks up to `turns` turns, and makes sure that this poll is not the last.
    pub(crate) fn turn(&self, driving: &Driving<'_>, turns: usize, cx: &Context<'_>) {
        driving.run(turns);
        driving.expect_notice();
        if driving.has_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Polls what `body` polls, and then each task that is ready once. What they start by
    /// `spawn_local` goes where it would go without the nest.
    pub(crate) fn poll_with(&self, cx: &mut Context<'_>, body: impl FnOnce(&mut Context<'_>)) {
        let outside = context::with(|cx| cx.local.get());
        let driving = self.drive(cx).expect("a future is not polled inside of its own poll");
        let _local = Restore::set(|cx| &cx.local, outside);
        body(cx);
        self.turn(&driving, driving.ready().min(TURNS), cx);
    }
}
