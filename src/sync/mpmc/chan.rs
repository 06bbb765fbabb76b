//! What all ends of an mpmc channel share: a queue, two lists of waiters, and one short lock.
//!
//! # Promises
//!
//! Nothing is handed to a waiter that might be dropped with it. A receiver that is woken has the
//! *promise* of a value, which stays in the queue; a sender that is woken has the *grant* of a
//! place, which stays free. The waiter that is dropped instead of polled passes it on. So:
//!
//! 1. `promised` values of the queue belong to receivers that were woken, `granted` places to
//!    senders that were woken.
//! 2. While receivers wait, every value is promised. While senders wait, every place is taken or
//!    granted. Hence who comes new and finds a free value or place overtakes nobody.
//! 3. A channel has ended for good when it is closed or has no sender, and its queue is empty.
//!    A promise that may still be passed on keeps it going.

// Why unsafe: the handles of two wait lists.

use crate::env::coop;
use crate::env::dump::Wait;
use crate::env::panics::Panics;
use crate::env::wait::{Notice, WaitList, WaitPoint, Waiter, wake_while};
use crate::lock::{Lock, LockGuard};
use alloc::collections::VecDeque;
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

use super::error::TryRecvError;

pub(super) struct Chan<T> {
    state: Lock<State<T>>,
}

pub(super) struct State<T> {
    queue: VecDeque<T>,
    capacity: usize,
    promised: usize,
    granted: usize,
    closed: bool,
    senders: usize,
    receivers: usize,
    /// The slot says whether a place was granted.
    sending: WaitList<Cell<bool>>,
    /// The slot says whether a value was promised.
    receiving: WaitList<Cell<bool>>,
}

impl<T> State<T> {
    fn has_room(&self) -> bool {
        self.queue.len() + self.granted < self.capacity
    }

    fn is_open(&self) -> bool {
        !self.closed && self.senders != 0
    }

    fn has_ended(&self) -> bool {
        !self.is_open() && self.queue.is_empty()
    }

    /// Promises a free value to the receiver that has waited longest.
    fn promise(&mut self) -> Option<Notice> {
        if self.queue.len() == self.promised {
            return None;
        }
        let notice = self.receiving.take_front(|promised| promised.set(true))?;
        self.promised += 1;
        Some(notice)
    }

    /// Grants a free place to the sender that has waited longest.
    fn grant(&mut self) -> Option<Notice> {
        if !self.has_room() {
            return None;
        }
        let notice = self.sending.take_front(|granted| granted.set(true))?;
        self.granted += 1;
        Some(notice)
    }

    /// Puts a value into a place that is free.
    fn push(&mut self, value: T) -> Option<Notice> {
        self.queue.push_back(value);
        self.promise()
    }

    /// Takes a value that is free, or that was promised to the caller and no longer counts so.
    fn pop(&mut self) -> Option<Taken<T>> {
        if self.queue.len() == self.promised {
            return None;
        }
        let value = self.queue.pop_front()?;
        let notice = self.grant();
        Some(Taken { value, notice, last: self.has_ended() })
    }
}

/// A value, and what there is to do when the lock is released.
struct Taken<T> {
    value: T,
    notice: Option<Notice>,
    /// This was the last value ever: the receivers that wait shall know.
    last: bool,
}

fn wake(notice: Option<Notice>) {
    if let Some(notice) = notice {
        notice.wake();
    }
}

/// Why a value could not be sent at once.
pub(super) enum Refused {
    Full,
    Closed,
}

impl<T> Chan<T> {
    /// A channel with one sender and one receiver.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Lock::new(State {
                queue: VecDeque::new(),
                capacity,
                promised: 0,
                granted: 0,
                closed: false,
                senders: 1,
                receivers: 1,
                sending: WaitList::new(),
                receiving: WaitList::new(),
            }),
        }
    }

    pub(super) fn try_send(&self, value: T) -> Result<(), (Refused, T)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((Refused::Closed, value));
        }
        if !state.has_room() {
            return Err((Refused::Full, value));
        }
        let notice = state.push(value);
        drop(state);
        wake(notice);
        Ok(())
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.state.lock();
        match state.pop() {
            Some(taken) => {
                drop(state);
                Ok(self.finish(taken))
            }
            None if state.has_ended() => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Wakes whom a taken value concerns.
    fn finish(&self, taken: Taken<T>) -> T {
        // Named, so that the value is not lost should a waker panic: it is dropped then.
        let Taken { value, notice, last } = taken;
        wake(notice);
        if last {
            wake_while(&Receiving(self), self.state.lock(), |_| true);
        }
        value
    }

    /// Lets nothing more be sent.
    pub(super) fn close(&self) {
        self.close_under(self.state.lock());
    }

    fn close_under(&self, mut state: LockGuard<'_, State<T>>) {
        if core::mem::replace(&mut state.closed, true) {
            return;
        }
        let mut panics = Panics::new();
        panics.guard(|| wake_while(&Sending(self), state, |_| true));
        panics.guard(|| self.wake_if_ended(self.state.lock()));
        panics.resume();
    }

    fn wake_if_ended(&self, state: LockGuard<'_, State<T>>) {
        if state.has_ended() {
            wake_while(&Receiving(self), state, |_| true);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        let state = self.state.lock();
        !state.is_open()
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().queue.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.state.lock().capacity
    }

    pub(super) fn senders(&self) -> usize {
        self.state.lock().senders
    }

    pub(super) fn receivers(&self) -> usize {
        self.state.lock().receivers
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
        self.wake_if_ended(state);
    }

    /// With the last receiver go the values.
    pub(super) fn remove_receiver(&self) {
        let mut state = self.state.lock();
        state.receivers -= 1;
        if state.receivers != 0 {
            return;
        }
        let values = core::mem::take(&mut state.queue);
        let mut panics = Panics::new();
        panics.guard(|| self.close_under(state));
        for value in values {
            panics.guard(|| drop(value));
        }
        panics.resume();
    }
}

/// The list of senders that wait.
pub(super) struct Sending<'a, T>(&'a Chan<T>);

// SAFETY: always the one lock and the one list inside the channel that the reference keeps alive.
unsafe impl<T> WaitPoint for Sending<'_, T> {
    type Guarded = State<T>;
    type Slot = Cell<bool>;

    fn lock(&self) -> &Lock<State<T>> {
        &self.0.state
    }

    fn waiters(state: &mut State<T>) -> &mut WaitList<Cell<bool>> {
        &mut state.sending
    }

    fn wait(&self, _: &Cell<bool>) -> Wait {
        Wait::new("mpmc sender")
    }

    fn forsake(&self, mut state: LockGuard<'_, State<T>>, granted: &Cell<bool>, _: bool) {
        if granted.get() {
            state.granted -= 1;
            let notice = state.grant();
            drop(state);
            wake(notice);
        }
    }
}

/// The list of receivers that wait.
pub(super) struct Receiving<'a, T>(&'a Chan<T>);

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
        Wait::new("mpmc receiver")
    }

    fn forsake(&self, mut state: LockGuard<'_, State<T>>, promised: &Cell<bool>, _: bool) {
        if promised.get() {
            state.promised -= 1;
            let notice = state.promise();
            drop(state);
            wake(notice);
        }
    }
}

pin_project! {
    /// Sends a value, or answers it when the channel is closed.
    #[must_use]
    pub(super) struct Send<'a, T> {
        #[pin]
        waiter: Waiter<Sending<'a, T>>,
        value: Option<T>,
    }
}

impl<'a, T> Send<'a, T> {
    pub(super) fn new(chan: &'a Chan<T>, value: T) -> Self {
        Self { waiter: Waiter::new(Sending(chan), Cell::new(false)), value: Some(value) }
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let receipt = ready!(coop::poll_proceed(cx));
        let this = self.project();
        let value = this.value;
        let answer = ready!(this.waiter.enroll(Some(cx.waker()), |state, granted, _| {
            let granted = granted.take();
            state.granted -= usize::from(granted);
            if state.closed {
                return Some(Err(()));
            }
            if !granted && !state.has_room() {
                return None;
            }
            Some(Ok(value.take().and_then(|value| state.push(value))))
        }));
        receipt.made_progress();
        match answer {
            Ok(notice) => wake(notice),
            Err(()) => {
                if let Some(value) = value.take() {
                    return Poll::Ready(Err(value));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

pin_project! {
    /// Receives values, one after another; `None` is the end.
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
        let this = self.project();
        let chan = this.waiter.point().0;
        let taken = ready!(this.waiter.enroll(Some(cx.waker()), |state, promised, _| {
            state.promised -= usize::from(promised.take());
            match state.pop() {
                Some(taken) => Some(Some(taken)),
                None => state.has_ended().then_some(None),
            }
        }));
        receipt.made_progress();
        Poll::Ready(taken.map(|taken| chan.finish(taken)))
    }
}

impl<T> fmt::Debug for Chan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        let (len, capacity, open) = (state.queue.len(), state.capacity, state.is_open());
        drop(state);
        f.debug_struct("Chan")
            .field("len", &len)
            .field("capacity", &capacity)
            .field("open", &open)
            .finish()
    }
}
