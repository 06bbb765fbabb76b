//! Tasks inside one future: whoever polls the future drives them.
//!
//! One more [`Executor`](super::executor), with the wakers of those who poll it in the place of a
//! host. A local set is made of one, and so is a scope whose children borrow.

use super::executor::{Blocking, Driving, Executor, ExecutorHandle, Wake};
use super::observer::Watch;
use super::pollers::Pollers;
use super::queue::ReadyQueue;
use crate::env::context::{self, Restore};
use crate::env::dump;
use crate::env::owner::OwnerRef;
use crate::lock::Lock;
use alloc::boxed::Box;
use core::ptr;
use core::task::Context;

/// How many turns the tasks have at most, each time the future is polled.
pub(crate) const TURNS: usize = 61;

/// Dropping it drops the futures of all its tasks.
pub(crate) struct Nest {
    executor: ExecutorHandle,
}

/// The key of a nest that is polled as a future itself.
pub(crate) const ITSELF: usize = 0;

/// One of several futures that poll a nest, for as long as it may wait.
pub(crate) struct Poller<'a>(&'a Nest);

impl Poller<'_> {
    /// An address that no other poller has: a poller stays where it is.
    pub(crate) fn key(&self) -> usize {
        ptr::from_ref(self).addr()
    }
}

impl Drop for Poller<'_> {
    fn drop(&mut self) {
        let waker = self.0.executor.pollers().map(|pollers| pollers.lock().remove(self.key()));
        drop(waker);
    }
}

impl Nest {
    /// A nest that lets its tasks block the thread or not.
    pub(crate) fn new(blocking: Blocking) -> Self {
        Self::with(Wake::Pollers(Lock::default(), Pollers::wake), blocking)
    }

    /// A nest that calls `wake`, once until it is driven again, when a task becomes ready.
    pub(crate) fn hosted(wake: Box<dyn Fn() + Send + Sync>, blocking: Blocking) -> Self {
        Self::with(Wake::Hook(wake), blocking)
    }

    fn with(wake: Wake, blocking: Blocking) -> Self {
        Self {
            executor: Executor::start(
                ReadyQueue::default(),
                None,
                None,
                wake,
                blocking,
                Watch::none(),
            ),
        }
    }

    /// One of several that poll it.
    pub(crate) fn poller(&self) -> Poller<'_> {
        Poller(self)
    }

    /// Who owns its tasks.
    pub(crate) fn owner(&self) -> OwnerRef {
        self.executor.owner()
    }

    /// Takes the nest to drive, with the caller's waker in place. `None` inside one of its tasks.
    pub(crate) fn drive(&self, poller: usize, cx: &Context<'_>) -> Option<Driving<'_>> {
        if let Some(pollers) = self.executor.pollers() {
            let waker = cx.waker().clone();
            let old = pollers.lock().replace(poller, waker);
            drop(old);
        }
        self.drive_hosted()
    }

    /// Takes the nest to drive, where it is not polled. `None` inside one of its tasks.
    pub(crate) fn drive_hosted(&self) -> Option<Driving<'_>> {
        self.executor.drive().ok()
    }

    /// Gives the tasks up to `turns` turns, and makes sure that this poll is not the last.
    pub(crate) fn turn(&self, driving: &Driving<'_>, turns: usize, cx: &Context<'_>) {
        dump::unasked(|| driving.run(turns));
        #[cfg(feature = "dump")]
        super::dump::show_nest(&self.owner());
        driving.expect_notice();
        if driving.has_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Polls what `body` polls, and then each task that is ready once. What they start by
    /// `spawn_local` goes where it would go without the nest.
    pub(crate) fn poll_with(&self, cx: &mut Context<'_>, body: impl FnOnce(&mut Context<'_>)) {
        let outside = context::with(|cx| cx.local.get());
        let driving =
            self.drive(ITSELF, cx).expect("a future is not polled inside of its own poll");
        let _local = Restore::set(|cx| &cx.local, outside);
        body(cx);
        self.turn(&driving, driving.ready().min(TURNS), cx);
    }
}
