//! Those who wait for one thing that comes once and stays: a latch that opens, a value that is set.
//!
//! Whoever makes it come does so first and calls [`Crowd::release`] after; a waiter looks once more
//! under the lock before it enlists. So it either sees what came or is woken.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::wait::{WaitList, WaitPoint, Waiter, wake_while};
use crate::env::dump::Wait;
use crate::lock::{Lock, LockGuard};
use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::pin;

/// The waiters of a primitive `N`.
pub(crate) struct Crowd<N> {
    waiters: Lock<WaitList<()>>,
    of: PhantomData<fn() -> N>,
}

/// What dumps call a primitive.
pub(crate) trait Named {
    const NAME: &'static str;
}

impl<N> Crowd<N> {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self { waiters: Lock::new(WaitList::new()), of: PhantomData }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { waiters: Lock::new(WaitList::new()), of: PhantomData }
    }
}

impl<N: Named> Crowd<N> {
    /// Under this lock waiters look for what they wait for.
    pub(crate) fn lock(&self) -> LockGuard<'_, WaitList<()>> {
        self.waiters.lock()
    }

    /// Wakes everybody: what they wait for is there.
    pub(crate) fn release(&self) {
        self.release_from(self.lock());
    }

    /// The same, by who has the lock.
    pub(crate) fn release_from<'a>(&'a self, waiters: LockGuard<'a, WaitList<()>>) {
        wake_while(&self, waiters, |()| true);
    }

    /// Waits until `came` has something.
    pub(crate) async fn wait_for<T>(&self, came: impl Fn() -> Option<T>) -> T {
        let mut waiter = pin!(Waiter::new(self, ()));
        poll_fn(|cx| match came() {
            Some(thing) => core::task::Poll::Ready(thing),
            None => waiter.as_mut().enroll(Some(cx.waker()), |_, (), _| came()),
        })
        .await
    }

    /// Where a handle that keeps the crowd alive lets one wait.
    pub(crate) fn point(&self) -> &Lock<WaitList<()>> {
        &self.waiters
    }
}

// SAFETY: always the one lock and the one list inside the crowd that the reference keeps alive.
unsafe impl<N: Named> WaitPoint for &Crowd<N> {
    type Guarded = WaitList<()>;
    type Slot = ();

    fn lock(&self) -> &Lock<WaitList<()>> {
        &self.waiters
    }

    fn waiters(list: &mut WaitList<()>) -> &mut WaitList<()> {
        list
    }

    fn wait(&self, _: &()) -> Wait {
        Wait::new(N::NAME)
    }
}
