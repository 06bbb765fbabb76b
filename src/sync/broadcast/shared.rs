//! What senders and receivers share: the ring, its tail, and who waits there.
//!
//! The lock of the tail serialises senders and guards who waits. A receiver that finds its message
//! in the ring takes it without that lock. Slots are seized under the lock or without it; nothing
//! is locked while a slot is seized, so the order is always tail, then slot.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::slot::{Slot, Taken};
use crate::atomic::AtomicUsize;
use crate::env::dump::Wait;
use crate::lock::{Lock, LockGuard};
use crate::sync::Notify;
use crate::sync::wait::{WaitList, WaitPoint, wake_while};
use alloc::boxed::Box;
use core::cell::Cell;
use core::mem::ManuallyDrop;

pub(super) struct Shared<T> {
    /// A power of two of slots; the message at position p lies in slot p modulo that.
    ring: Box<[Slot<T>]>,
    pub(super) tail: Lock<Tail>,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
    /// Told when the last receiver goes.
    pub(super) unheard: Notify,
}

/// The end of the ring where messages come in.
pub(crate) struct Tail {
    /// Where the next message goes.
    pub(super) position: u64,
    pub(super) receivers: usize,
    /// Whether all senders are gone.
    pub(super) closed: bool,
    /// How often the waiters were woken.
    round: u64,
    waiters: WaitList<Began>,
}

/// The round in which a waiter began to wait: rounds that are over wake it, and leave those who
/// came later.
pub(crate) type Began = Cell<Option<u64>>;

/// What a receiver finds at its position.
pub(super) enum Found<'a, T> {
    Message(Loan<'a, T>),
    Lagged(u64),
    Closed,
    Empty,
    /// Another receiver is cloning the message.
    Busy,
}

impl<T> Shared<T> {
    pub(super) fn new(capacity: usize, receivers: usize) -> Self {
        let waiters = WaitList::new();
        Self {
            ring: (0..capacity.next_power_of_two()).map(|_| Slot::new()).collect(),
            tail: Lock::new(Tail { position: 0, receivers, closed: false, round: 0, waiters }),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            unheard: Notify::new(),
        }
    }

    /// How many messages the ring holds.
    #[inline]
    pub(super) fn capacity(&self) -> u64 {
        self.ring.len() as u64
    }

    /// The slot of the message at `position`.
    #[inline]
    pub(super) fn slot(&self, position: u64) -> &Slot<T> {
        // Cutting off high bits does not change the remainder by a power of two.
        &self.ring[position as usize & (self.ring.len() - 1)]
    }

    /// Takes the message at `next`, which then goes on, if it is there and nobody has it.
    #[inline]
    pub(super) fn take(&self, next: &mut u64) -> Option<Loan<'_, T>> {
        let position = *next;
        let (value, last) = match self.slot(position).take(position) {
            Taken::Last(value) => (value, true),
            Taken::Lent(value) => (value, false),
            Taken::Busy | Taken::Absent => return None,
        };
        *next += 1;
        Some(Loan { shared: self, position, last, value: ManuallyDrop::new(value) })
    }

    /// What there is at `next`, which goes on by the message or by what was missed. Under the lock
    /// no sender comes between.
    pub(super) fn find(&self, tail: &Tail, next: &mut u64) -> Found<'_, T> {
        let unread = tail.position - *next;
        if unread == 0 {
            return if tail.closed { Found::Closed } else { Found::Empty };
        }
        if unread > self.capacity() {
            let missed = unread - self.capacity();
            *next += missed;
            return Found::Lagged(missed);
        }
        match self.take(next) {
            Some(loan) => Found::Message(loan),
            None => Found::Busy,
        }
    }

    /// As [`find`](Self::find), for a waiter: nothing, if it has to sleep.
    pub(super) fn find_or_wait(
        &self,
        tail: &Tail,
        next: &mut u64,
        began: &Began,
        woken: bool,
    ) -> Option<Found<'_, T>> {
        loop {
            match self.find(tail, next) {
                Found::Empty => break,
                Found::Busy if self.slot(*next).await_return(*next) => break,
                Found::Busy => {}
                found => return Some(found),
            }
        }
        if woken || began.get().is_none() {
            began.set(Some(tail.round));
        }
        None
    }

    /// Wakes everybody who waits, and nobody who comes later.
    #[inline]
    pub(super) fn wake(&self, mut tail: LockGuard<'_, Tail>) {
        if tail.waiters.is_empty() {
            return;
        }
        tail.round += 1;
        let round = tail.round;
        wake_while(&self, tail, |began| began.get().is_some_and(|began| began < round));
    }
}

// SAFETY: always the one lock and the one list inside what the reference keeps alive.
unsafe impl<T> WaitPoint for &Shared<T> {
    type Guarded = Tail;
    type Slot = Began;

    fn lock(&self) -> &Lock<Tail> {
        &self.tail
    }

    fn waiters(tail: &mut Tail) -> &mut WaitList<Began> {
        &mut tail.waiters
    }

    fn wait(&self, _: &Began) -> Wait {
        Wait::new("broadcast receiver")
    }
}

/// A message that a receiver has taken out of its slot. Dropped, it goes back, if others want it.
pub(super) struct Loan<'a, T> {
    shared: &'a Shared<T>,
    position: u64,
    last: bool,
    value: ManuallyDrop<T>,
}

impl<T: Clone> Loan<'_, T> {
    /// The receiver's own copy.
    #[inline]
    pub(super) fn cloned(self) -> T {
        T::clone(&self.value)
    }
}

impl<T> Drop for Loan<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the field is not used after this.
        let value = unsafe { ManuallyDrop::take(&mut self.value) };
        if !self.last {
            let (_left, awaited) = self.shared.slot(self.position).give_back(self.position, value);
            if awaited {
                self.shared.wake(self.shared.tail.lock());
            }
        }
    }
}
