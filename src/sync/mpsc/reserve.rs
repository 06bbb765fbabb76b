//! How senders wait: for capacity, and for the receiver to close.
//!
//! A sender that finds too little room takes what there is and waits for the rest at the back of
//! the list, so that a demand for many places is not overtaken for ever by demands for one. What
//! is freed from then on goes to the oldest waiter, by [`grant`](Chan::grant).
//!
//! Closing wakes all waiters. Each of them finds `CLOSED` when it is polled, and gives back what
//! had been set aside for it; until then the channel has not ended.

// Why unsafe: the handles of two wait lists.

use super::chan::{Bounded, CLOSED, Chan, Flow, Refused, TX_WAITING};
use crate::atomic::Ordering;
use crate::env::coop;
use crate::env::dump::Wait;
use crate::env::panics::Panics;
use crate::env::wait::{WaitList, WaitPoint, Waiter, WakeList, wake_while};
use crate::lock::{Lock, LockGuard};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Who waits at a channel, besides the receiver.
#[derive(Debug)]
pub(super) struct Waiting {
    senders: WaitList<Demand>,
    watchers: WaitList<()>,
}

impl Waiting {
    pub(super) const fn new() -> Self {
        Self { senders: WaitList::new(), watchers: WaitList::new() }
    }
}

/// What a waiting sender wants.
#[derive(Debug)]
pub(super) struct Demand {
    places: usize,
    missing: Cell<usize>,
}

impl Demand {
    fn held(&self) -> usize {
        self.places - self.missing.get()
    }
}

/// The list of senders that wait for capacity.
pub(super) struct Places<'a, T, F: Flow>(&'a Chan<T, F>);

// SAFETY: always the one lock and the one list inside the channel that the reference keeps alive.
unsafe impl<T, F: Flow> WaitPoint for Places<'_, T, F> {
    type Guarded = Waiting;
    type Slot = Demand;

    fn lock(&self) -> &Lock<Waiting> {
        &self.0.waiting
    }

    fn waiters(waiting: &mut Waiting) -> &mut WaitList<Demand> {
        &mut waiting.senders
    }

    fn wait(&self, _: &Demand) -> Wait {
        Wait::new("mpsc sender").detail("for room")
    }

    fn forsake(&self, waiting: LockGuard<'_, Waiting>, demand: &Demand, _notified: bool) {
        if waiting.senders.is_empty() {
            // Under the lock, like every change of this flag.
            self.0.word.fetch_and(!TX_WAITING, Ordering::Relaxed);
        }
        drop(waiting);
        self.0.release(demand.held());
    }
}

/// The list of those who wait for the receiver to close.
pub(super) struct Closing<'a, T, F: Flow>(&'a Chan<T, F>);

// SAFETY: as for `Places`.
unsafe impl<T, F: Flow> WaitPoint for Closing<'_, T, F> {
    type Guarded = Waiting;
    type Slot = ();

    fn lock(&self) -> &Lock<Waiting> {
        &self.0.waiting
    }

    fn waiters(waiting: &mut Waiting) -> &mut WaitList<()> {
        &mut waiting.watchers
    }

    fn wait(&self, _: &()) -> Wait {
        Wait::new("mpsc sender").detail("for the receiver to close")
    }
}

pin_project! {
    /// Waits for places. On success they are the caller's, who releases or fills them.
    #[must_use]
    pub(super) struct Reserve<'a, T> {
        #[pin]
        waiter: Waiter<Places<'a, T, Bounded>>,
        places: usize,
    }
}

impl<'a, T> Reserve<'a, T> {
    pub(super) fn new(chan: &'a Chan<T, Bounded>, places: usize) -> Self {
        let demand = Demand { places, missing: Cell::new(places) };
        Self { waiter: Waiter::new(Places(chan), demand), places }
    }
}

impl<T> Future for Reserve<'_, T> {
    type Output = Result<(), Refused>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let receipt = ready!(coop::poll_proceed(cx));
        let this = self.project();
        let chan = this.waiter.point().0;
        if !this.waiter.is_enlisted() {
            match chan.try_reserve(*this.places) {
                Err(Refused::Full) => {}
                answer => {
                    receipt.made_progress();
                    return Poll::Ready(answer);
                }
            }
        }
        let answer = ready!(this.waiter.enroll(Some(cx.waker()), |waiting, demand, notified| {
            chan.settle(waiting, demand, notified)
        }));
        receipt.made_progress();
        Poll::Ready(match answer {
            Ok(()) => Ok(()),
            Err(held) => {
                chan.release(held);
                Err(Refused::Closed)
            }
        })
    }
}

pin_project! {
    /// Waits for the receiver to close.
    #[must_use]
    pub(super) struct Closed<'a, T, F: Flow> {
        #[pin]
        waiter: Waiter<Closing<'a, T, F>>,
    }
}

impl<'a, T, F: Flow> Closed<'a, T, F> {
    pub(super) fn new(chan: &'a Chan<T, F>) -> Self {
        Self { waiter: Waiter::new(Closing(chan), ()) }
    }
}

impl<T, F: Flow> Future for Closed<'_, T, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let receipt = ready!(coop::poll_proceed(cx));
        let this = self.project();
        let chan = this.waiter.point().0;
        let closed = |_: &mut Waiting, _: &(), _| (chan.word() & CLOSED != 0).then_some(());
        ready!(this.waiter.enroll(Some(cx.waker()), closed));
        receipt.made_progress();
        Poll::Ready(())
    }
}

impl<T, F: Flow> Chan<T, F> {
    /// Under the lock: whether the demand is met, or can be. If the channel is closed, answers
    /// how many places were set aside.
    fn settle(
        &self,
        waiting: &mut Waiting,
        demand: &Demand,
        notified: bool,
    ) -> Option<Result<(), usize>> {
        if self.word() & CLOSED != 0 {
            return Some(Err(demand.held()));
        }
        // Those that wait already come first, and this one may be among them.
        if !notified && waiting.senders.is_empty() {
            match self.reserve_some(demand.missing.get()) {
                Ok(some) => demand.missing.set(demand.missing.get() - some),
                Err(_) => return Some(Err(demand.held())),
            }
        }
        (demand.missing.get() == 0).then_some(Ok(()))
    }

    /// Gives free places to the senders that wait, oldest first. All of them are woken, also if a
    /// waker panics.
    pub(super) fn grant(&self) {
        let mut panics = Panics::new();
        loop {
            let mut wakers = WakeList::new();
            let more = self.grant_under(&mut self.waiting.lock(), &mut wakers);
            panics.guard(|| wakers.wake_all());
            if !more {
                break;
            }
        }
        panics.resume();
    }

    /// Under the lock. Answers whether the batch is full.
    fn grant_under(&self, waiting: &mut Waiting, wakers: &mut WakeList) -> bool {
        while let Some(missing) = waiting.senders.with_front(|demand| demand.missing.get()) {
            // On a closed channel everybody is being woken, and needs no more places.
            let Ok(some) = self.reserve_some(missing) else { return false };
            if some < missing {
                waiting.senders.with_front(|demand| demand.missing.set(missing - some));
                return false;
            }
            if let Some(notice) = waiting.senders.take_front(|demand| demand.missing.set(0)) {
                wakers.push(notice);
            }
            if wakers.is_full() {
                return true;
            }
        }
        // Under the lock, like every change of this flag.
        self.word.fetch_and(!TX_WAITING, Ordering::Relaxed);
        false
    }

    /// The channel was closed: everybody who waits to send, or for this, is woken.
    pub(super) fn wake_all(&self) {
        let mut panics = Panics::new();
        panics.guard(|| wake_while(&Places(self), self.waiting.lock(), |_| true));
        panics.guard(|| wake_while(&Closing(self), self.waiting.lock(), |()| true));
        panics.resume();
    }
}

impl<T, F: Flow> fmt::Debug for Chan<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        f.debug_struct("Chan")
            .field("flow", &self.flow)
            .field("closed", &(word & CLOSED != 0))
            .finish_non_exhaustive()
    }
}
