//! What all ends of a rendezvous share: two lists of waiters and one short lock.
//!
//! A sender that waits is an *offer*: its value lies in the slot of its waiter, where a receiver
//! finds it under the lock. A receiver that waits gets *called* when an offer comes, and takes the
//! oldest one when it is polled.
//!
//! 1. `offers` senders are in their list with a value in the slot. Who takes an offer takes the
//!    sender off the list, so an offer is taken once.
//! 2. `called` receivers were woken and have not been polled since. They come first: others take
//!    an offer only while there are more offers than called receivers.
//! 3. While receivers wait uncalled, there are no more offers than called receivers. Whatever
//!    makes more offers or fewer called receivers, calls the next.
//! 4. A called receiver that finds its offer withdrawn waits again, at the end of the list.

// Why unsafe: the handles of two wait lists.

use super::error::{SendError, TryRecvError};
use crate::env::coop;
use crate::env::dump::Wait;
use crate::env::panics::Panics;
use crate::env::wait::{Notice, WaitList, WaitPoint, Waiter, wake_while};
use crate::lock::{Lock, LockGuard};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

pub(super) struct Chan<T> {
    state: Lock<State<T>>,
}

pub(super) struct State<T> {
    offers: usize,
    called: usize,
    closed: bool,
    senders: usize,
    receivers: usize,
    sending: WaitList<Offer<T>>,
    /// The slot says whether the receiver was called.
    receiving: WaitList<Cell<bool>>,
}

/// What a sender that waits has to give.
pub(super) struct Offer<T> {
    value: Cell<Option<T>>,
    /// Whether it counts in `offers`.
    counted: Cell<bool>,
    taken: Cell<bool>,
}

impl<T> State<T> {
    fn is_open(&self) -> bool {
        !self.closed && self.senders != 0
    }

    /// Calls the receiver that has waited longest, if there is an offer for it.
    fn call(&mut self) -> Option<Notice> {
        if self.offers <= self.called {
            return None;
        }
        let notice = self.receiving.take_front(|called| called.set(true))?;
        self.called += 1;
        Some(notice)
    }

    /// Takes the oldest offer, and with it the duty to tell the sender.
    fn take(&mut self) -> Option<(T, Notice)> {
        let mut value = None;
        let notice = self.sending.take_front(|offer| {
            value = offer.value.take();
            offer.counted.set(false);
            offer.taken.set(true);
        })?;
        self.offers -= 1;
        value.map(|value| (value, notice))
    }
}

fn wake(notice: Option<Notice>) {
    if let Some(notice) = notice {
        notice.wake();
    }
}

impl<T> Chan<T> {
    /// A channel with one sender and one receiver.
    pub(super) fn new() -> Self {
        Self {
            state: Lock::new(State {
                offers: 0,
                called: 0,
                closed: false,
                senders: 1,
                receivers: 1,
                sending: WaitList::new(),
                receiving: WaitList::new(),
            }),
        }
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.state.lock();
        if !state.is_open() {
            return Err(TryRecvError::Disconnected);
        }
        if state.offers <= state.called {
            return Err(TryRecvError::Empty);
        }
        let taken = state.take();
        drop(state);
        let (value, notice) = taken.ok_or(TryRecvError::Empty)?;
        notice.wake();
        Ok(value)
    }

    pub(super) fn close(&self) {
        self.close_under(self.state.lock());
    }

    fn close_under(&self, mut state: LockGuard<'_, State<T>>) {
        if core::mem::replace(&mut state.closed, true) {
            return;
        }
        let mut panics = Panics::new();
        panics.guard(|| wake_while(&Sending(self), state, |_| true));
        panics.guard(|| wake_while(&Receiving(self), self.state.lock(), |_| true));
        panics.resume();
    }

    pub(super) fn is_closed(&self) -> bool {
        !self.state.lock().is_open()
    }

    pub(super) fn add_sender(&self) {
        self.state.lock().senders += 1;
    }

    pub(super) fn add_receiver(&self) {
        self.state.lock().receivers += 1;
    }

    pub(super) fn remove_sender(&self) {
        let mut state = self.state.lock();
        state.senders -= 1;
        if state.senders == 0 {
            wake_while(&Receiving(self), state, |_| true);
        }
    }

    pub(super) fn remove_receiver(&self) {
        let mut state = self.state.lock();
        state.receivers -= 1;
        if state.receivers == 0 {
            self.close_under(state);
        }
    }
}

/// The list of senders that wait.
struct Sending<'a, T>(&'a Chan<T>);

// SAFETY: always the one lock and the one list inside the channel that the reference keeps alive.
unsafe impl<T> WaitPoint for Sending<'_, T> {
    type Guarded = State<T>;
    type Slot = Offer<T>;

    fn lock(&self) -> &Lock<State<T>> {
        &self.0.state
    }

    fn waiters(state: &mut State<T>) -> &mut WaitList<Offer<T>> {
        &mut state.sending
    }

    fn wait(&self, _: &Offer<T>) -> Wait {
        Wait::new("rendezvous sender")
    }

    fn forsake(&self, mut state: LockGuard<'_, State<T>>, offer: &Offer<T>, _: bool) {
        // The value is dropped with the waiter, outside of the lock.
        state.offers -= usize::from(offer.counted.take());
    }
}

/// The list of receivers that wait.
struct Receiving<'a, T>(&'a Chan<T>);

// SAFETY: as for `Sending`.
unsafe impl<T> WaitPoint for Receiving<'_, T> {
    type Guarded = State<T>;
    type Slot = Cell<bool>;

    fn lock(&self) -> &Lock<State<T>> {
        &self.0.state
    }

    fn waiters(state: &mut State<T>) -> &mut WaitList<Cell<bool>> {
        &mut state.receiving
    }

    fn wait(&self, _: &Cell<bool>) -> Wait {
        Wait::new("rendezvous receiver")
    }

    fn forsake(&self, mut state: LockGuard<'_, State<T>>, called: &Cell<bool>, _: bool) {
        if called.get() {
            state.called -= 1;
            let notice = state.call();
            drop(state);
            wake(notice);
        }
    }
}

pin_project! {
    /// Hands a value over; made by [`Sender::send`](super::Sender::send).
    ///
    /// # Cancel safety
    /// A future that is dropped before it completes drops its value, unless a receiver has taken
    /// it: [`withdraw`](Self::withdraw) tells which.
    ///
    /// # Panics
    /// When polled after the value was withdrawn or given back.
    ///
    /// ```
    /// use creel::sync::rendezvous;
    /// use std::pin::pin;
    ///
    /// let (tx, rx) = rendezvous::channel();
    /// let mut send = pin!(tx.send(1));
    /// assert_eq!(send.as_mut().withdraw(), Some(1));
    /// assert!(rx.try_recv().is_err());
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct Send<'a, T> {
        #[pin]
        waiter: Waiter<Sending<'a, T>>,
    }
}

impl<'a, T> Send<'a, T> {
    pub(super) fn new(chan: &'a Chan<T>, value: T) -> Self {
        let offer = Offer {
            value: Cell::new(Some(value)),
            counted: Cell::new(false),
            taken: Cell::new(false),
        };
        Self { waiter: Waiter::new(Sending(chan), offer) }
    }

    /// Takes the value back. `None` means that a receiver has taken it, so that it was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::rendezvous;
    /// use std::pin::pin;
    ///
    /// # creel::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (tx, _rx) = rendezvous::channel();
    /// let mut send = pin!(tx.send("too late"));
    /// let limit = std::time::Duration::from_millis(5);
    /// if creel::time::timeout(limit, send.as_mut()).await.is_err() {
    ///     assert_eq!(send.as_mut().withdraw(), Some("too late"));
    /// }
    /// # });
    /// ```
    pub fn withdraw(self: Pin<&mut Self>) -> Option<T> {
        let answer = self.project().waiter.enroll(None, |state, offer, _| {
            state.offers -= usize::from(offer.counted.take());
            Some(offer.value.take())
        });
        match answer {
            Poll::Ready(value) => value,
            Poll::Pending => None,
        }
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let receipt = ready!(coop::poll_proceed(cx));
        let mut notice = None;
        let answer = self.project().waiter.enroll(Some(cx.waker()), |state, offer, _| {
            if offer.taken.get() {
                return Some(None);
            }
            if state.closed {
                state.offers -= usize::from(offer.counted.take());
                return Some(offer.value.take());
            }
            if !offer.counted.replace(true) {
                state.offers += 1;
                notice = state.call();
            }
            None
        });
        // The offer can be found by now.
        wake(notice);
        let refused = ready!(answer);
        receipt.made_progress();
        Poll::Ready(refused.map_or(Ok(()), |value| Err(SendError(value))))
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").finish_non_exhaustive()
    }
}

pin_project! {
    /// Takes a value; `None` is the end.
    #[must_use]
    pub(super) struct Recv<'a, T> {
        #[pin]
        waiter: Waiter<Receiving<'a, T>>,
    }
}

impl<'a, T> Recv<'a, T> {
    pub(super) fn new(chan: &'a Chan<T>) -> Self {
        Self { waiter: Waiter::new(Receiving(chan), Cell::new(false)) }
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let receipt = ready!(coop::poll_proceed(cx));
        let taken = ready!(self.project().waiter.enroll(Some(cx.waker()), |state, called, _| {
            let called = called.take();
            state.called -= usize::from(called);
            if !state.is_open() {
                return Some(None);
            }
            if called || state.offers > state.called {
                return state.take().map(Some);
            }
            None
        }));
        receipt.made_progress();
        Poll::Ready(taken.map(|(value, notice)| {
            notice.wake();
            value
        }))
    }
}
