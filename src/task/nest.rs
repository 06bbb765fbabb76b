//! Tasks inside one future: whoever polls the future drives them.
//!
//! One more [`Executor`](super::executor), with the wakers of those who poll it in the place of a
//! host. A local set is made of one, and so is a scope whose children borrow.

use super::executor::{Blocking, Driving, Executor, ExecutorHandle};
use super::queue::ReadyQueue;
use crate::env::context::{self, Restore};
use crate::env::dump;
use crate::env::owner::OwnerRef;
use crate::env::panics::Panics;
use crate::lock::Lock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Waker};
use core::{mem, ptr};

/// How many turns the tasks have at most, each time the future is polled.
pub(crate) const TURNS: usize = 61;

/// Dropping it drops the futures of all its tasks.
pub(crate) struct Nest {
    executor: ExecutorHandle,
    pollers: Arc<Lock<Pollers>>,
}

/// The wakers of those who poll a nest: several futures may, and each drives its tasks. All are
/// woken, for a future that is alive need not be polled.
#[derive(Debug, Default)]
pub(crate) struct Pollers {
    /// The usual case, which allocates nothing.
    one: Option<(usize, Waker)>,
    more: Vec<(usize, Waker)>,
}

/// The key of a nest that is polled as a future itself.
pub(crate) const ITSELF: usize = 0;

impl Pollers {
    /// Puts `waker` in the place of the one that was there; answers what is left over.
    fn replace(&mut self, key: usize, waker: Waker) -> Option<Waker> {
        let known = self.one.iter_mut().chain(&mut self.more).find(|(other, _)| *other == key);
        if let Some((_, old)) = known {
            return Some(core::mem::replace(old, waker));
        }
        match &self.one {
            None => self.one = Some((key, waker)),
            Some(_) => self.more.push((key, waker)),
        }
        None
    }

    fn remove(&mut self, key: usize) -> Option<Waker> {
        if let Some((_, waker)) = self.one.take_if(|(other, _)| *other == key) {
            return Some(waker);
        }
        let index = self.more.iter().position(|(other, _)| *other == key)?;
        Some(self.more.swap_remove(index).1)
    }

    fn wake(self) {
        let mut panics = Panics::new();
        for (_, waker) in self.one.into_iter().chain(self.more) {
            panics.guard(|| waker.wake());
        }
        panics.resume();
    }
}

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
        let waker = self.0.pollers.lock().remove(self.key());
        drop(waker);
    }
}

impl Nest {
    /// A nest that lets its tasks block the thread or not.
    pub(crate) fn new(blocking: Blocking) -> Self {
        let pollers = Arc::<Lock<Pollers>>::default();
        let woken = Arc::clone(&pollers);
        let wake = Box::new(move || {
            let pollers = mem::take(&mut *woken.lock());
            pollers.wake();
        });
        Self::on(pollers, wake, blocking)
    }

    /// A nest that calls `wake`, once until it is driven again, when a task becomes ready.
    pub(crate) fn on(
        pollers: Arc<Lock<Pollers>>,
        wake: Box<dyn Fn() + Send + Sync>,
        blocking: Blocking,
    ) -> Self {
        let executor = Executor::start(ReadyQueue::default(), None, None, wake, blocking);
        Self { executor, pollers }
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
        let waker = cx.waker().clone();
        let old = self.pollers.lock().replace(poller, waker);
        drop(old);
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
