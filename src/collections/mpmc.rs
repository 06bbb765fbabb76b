//! A bounded queue for many who put in and many who take, in one allocation.
//!
//! The algorithm is Dmitry Vyukov's bounded MPMC queue (1024cores.net, 2010): each slot carries a
//! stamp that says whose turn it is, so that only those who want the same slot at the same time meet.
//!
//! # Positions and stamps
//!
//! A *position* is a lap and an index into the slots, in one word: `lap * one_lap + index`. Both
//! `head` (the next to take) and `tail` (the next to fill) are positions, and move by
//! compare-and-swap. The stamp of a slot is
//!
//! - its position, when it waits to be filled in that lap;
//! - its position + 1, when it holds the value of that lap;
//! - its position + `one_lap`, which is its position in the next lap, when that was taken.
//!
//! `one_lap` is a power of two above the capacity. So any capacity will do, also one (where a
//! filled slot must not look like a free one of the next lap), and positions may wrap.
//!
//! # Who may touch what
//!
//! A slot's value belongs to the one who moved `tail` over it until it sets the stamp, then to the
//! one who moves `head` over it until that sets the stamp. Both read the stamp by Acquire before
//! they move, and set it by Release: that alone hands values and slots over, so the positions
//! themselves need no order.

use super::{Padded, drop_each, pause};
use crate::atomic::{AtomicUsize, Ordering, UnsafeCell, fence};
use alloc::boxed::Box;
use core::fmt;
use core::mem::MaybeUninit;
use core::panic::{RefUnwindSafe, UnwindSafe};

/// A bounded queue, first in first out, for any number of threads at both ends.
///
/// It never waits for room or for a value. *Progress:* threads at different slots do not disturb
/// each other, and one that loses a race for a position lost it to one that got it. But a thread
/// put to sleep between its claim and its stamp, a few instructions, holds up whoever comes to
/// that very slot: they spin, then yield. So neither end belongs into an interrupt handler or a
/// signal handler that may have interrupted the other.
///
/// A `push` that fails found the queue full at some moment during the call, a `pop` that fails
/// found it empty; operations are linearizable, together with those of other queues.
///
/// # Examples
/// ```
/// use creel::collections::mpmc::Queue;
///
/// let queue = Queue::new(2);
/// assert_eq!(queue.push('a'), Ok(()));
/// assert_eq!(queue.push('b'), Ok(()));
/// assert_eq!(queue.push('c'), Err('c'));
/// assert_eq!(queue.force_push('c'), Some('a'));
/// assert_eq!(queue.pop(), Some('b'));
/// assert_eq!(queue.pop(), Some('c'));
/// assert_eq!(queue.pop(), None);
/// ```
pub struct Queue<T> {
    head: Padded<AtomicUsize>,
    tail: Padded<AtomicUsize>,
    slots: Box<[Slot<T>]>,
    /// A power of two above the number of slots.
    one_lap: usize,
}

struct Slot<T> {
    stamp: AtomicUsize,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: each value goes from one thread to one other, which `T: Send` allows.
unsafe impl<T: Send> Send for Queue<T> {}
// SAFETY: as above; nobody gets a reference to a value that is inside.
unsafe impl<T: Send> Sync for Queue<T> {}
impl<T> UnwindSafe for Queue<T> {}
impl<T> RefUnwindSafe for Queue<T> {}

impl<T> Queue<T> {
    /// A queue for at most `capacity` values, for which it allocates the room at once.
    ///
    /// # Panics
    /// If `capacity` is zero, or more than a quarter of the address space.
    pub fn new(capacity: usize) -> Self {
        assert!(capacity != 0, "a queue needs a capacity of at least one");
        assert!(capacity <= usize::MAX / 4, "a capacity of {capacity} is too large");
        let slot = |index| Slot {
            stamp: AtomicUsize::new(index),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        };
        Self {
            head: Padded(AtomicUsize::new(0)),
            tail: Padded(AtomicUsize::new(0)),
            slots: (0..capacity).map(slot).collect(),
            one_lap: (capacity + 1).next_power_of_two(),
        }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// Gives the value back if the queue is full.
    #[inline]
    pub fn push(&self, value: T) -> Result<(), T> {
        let mut turns = 0;
        // Relaxed: the stamp says whether the position is still good.
        let mut tail = self.tail.0.load(Ordering::Relaxed);
        loop {
            let slot = self.slot(tail);
            // Acquire pairs with the Release in `pop`: who took the last value is done with it.
            let stamp = slot.stamp.load(Ordering::Acquire);
            if stamp == tail {
                match Self::advance(&self.tail.0, tail, self.next(tail)) {
                    Ok(_) => {
                        // SAFETY: the slot is empty, and ours since `tail` moved over it.
                        slot.value.with_mut(|it| unsafe { (*it).write(value) });
                        // Release hands the value to the Acquire in `pop`.
                        slot.stamp.store(tail.wrapping_add(1), Ordering::Release);
                        return Ok(());
                    }
                    Err(now) => tail = now,
                }
            } else {
                if stamp.wrapping_add(self.one_lap) == tail.wrapping_add(1) {
                    // Orders what the caller did before with this look: without it two queues
                    // could both seem full, or empty, to two threads that each have just changed
                    // the other one.
                    fence(Ordering::SeqCst);
                    // Relaxed: nothing is read but the position.
                    let head = self.head.0.load(Ordering::Relaxed);
                    if head.wrapping_add(self.one_lap) == tail {
                        return Err(value);
                    }
                }
                // It is being taken, or `tail` has moved on.
                turns += 1;
                pause(turns);
                tail = self.tail.0.load(Ordering::Relaxed);
            }
        }
    }

    /// Appends a value, and takes the oldest one out if there is no room else.
    ///
    /// # Examples
    /// The last two of a series:
    /// ```
    /// let last = creel::collections::mpmc::Queue::new(2);
    /// (1..=5).for_each(|number| drop(last.force_push(number)));
    /// assert_eq!((last.pop(), last.pop(), last.pop()), (Some(4), Some(5), None));
    /// ```
    pub fn force_push(&self, mut value: T) -> Option<T> {
        let mut turns = 0;
        loop {
            match self.push(value) {
                Ok(()) => return None,
                Err(back) => value = back,
            }
            let tail = self.tail.0.load(Ordering::Relaxed);
            // Where `head` is while the queue is full.
            let oldest = tail.wrapping_sub(self.one_lap);
            let slot = self.slot(tail);
            // Acquire pairs with the Release in `push`: the value is there.
            if slot.stamp.load(Ordering::Acquire) == oldest.wrapping_add(1)
                && Self::advance(&self.head.0, oldest, self.next(oldest)).is_ok()
            {
                // Nobody else moves `tail` over this slot before its stamp allows it.
                self.tail.0.store(self.next(tail), Ordering::Relaxed);
                // SAFETY: the slot is filled, and ours since `head` moved over it.
                let before = slot.value.with_mut(|it| unsafe {
                    core::mem::replace(&mut *it, MaybeUninit::new(value)).assume_init()
                });
                // Release, as in `push`.
                slot.stamp.store(tail.wrapping_add(1), Ordering::Release);
                return Some(before);
            }
            // Somebody made room, or filled it before us.
            turns += 1;
            pause(turns);
        }
    }

    /// Takes the oldest value.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        let mut turns = 0;
        // Relaxed: the stamp says whether the position is still good.
        let mut head = self.head.0.load(Ordering::Relaxed);
        loop {
            let slot = self.slot(head);
            // Acquire pairs with the Release in `push_or`: the value is there.
            let stamp = slot.stamp.load(Ordering::Acquire);
            if stamp == head.wrapping_add(1) {
                match Self::advance(&self.head.0, head, self.next(head)) {
                    Ok(_) => {
                        // SAFETY: the slot is filled, and ours since `head` moved over it.
                        let value = slot.value.with(|it| unsafe { (*it).assume_init_read() });
                        // Release hands the empty slot to the Acquire in `push_or`.
                        slot.stamp.store(head.wrapping_add(self.one_lap), Ordering::Release);
                        return Some(value);
                    }
                    Err(now) => head = now,
                }
            } else {
                if stamp == head {
                    // See `push`.
                    fence(Ordering::SeqCst);
                    if self.tail.0.load(Ordering::Relaxed) == head {
                        return None;
                    }
                }
                // It is being filled, or `head` has moved on.
                turns += 1;
                pause(turns);
                head = self.head.0.load(Ordering::Relaxed);
            }
        }
    }

    /// How many values are in it; while others put in and take, how many there were at some moment
    /// of the call.
    pub fn len(&self) -> usize {
        loop {
            // Acquire keeps the looks in this order: while `tail` stood still, `head` was this.
            let tail = self.tail.0.load(Ordering::Acquire);
            let head = self.head.0.load(Ordering::Acquire);
            if self.tail.0.load(Ordering::Acquire) == tail {
                let (from, to) = (self.index(head), self.index(tail));
                return if tail == head {
                    0
                } else if from < to {
                    to - from
                } else {
                    self.slots.len() - from + to
                };
            }
            crate::atomic::spin();
        }
    }

    /// Whether it is empty, at this moment.
    pub fn is_empty(&self) -> bool {
        // Acquire: `head` first, so that `tail` cannot have been there only before it.
        let head = self.head.0.load(Ordering::Acquire);
        self.tail.0.load(Ordering::Acquire) == head
    }

    /// Whether it is full, at this moment.
    pub fn is_full(&self) -> bool {
        // Acquire, as in `is_empty`.
        let tail = self.tail.0.load(Ordering::Acquire);
        self.head.0.load(Ordering::Acquire).wrapping_add(self.one_lap) == tail
    }

    /// How many values it can hold.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Moves `head` or `tail`, unless somebody else did. Relaxed: stamps hand over, not positions.
    #[inline]
    fn advance(position: &AtomicUsize, from: usize, to: usize) -> Result<usize, usize> {
        position.compare_exchange_weak(from, to, Ordering::Relaxed, Ordering::Relaxed)
    }

    #[inline]
    fn index(&self, position: usize) -> usize {
        position & (self.one_lap - 1)
    }

    #[inline]
    fn slot(&self, position: usize) -> &Slot<T> {
        let index = self.index(position);
        debug_assert!(index < self.slots.len());
        // SAFETY: the index of a position is that of a slot, see `next`.
        unsafe { self.slots.get_unchecked(index) }
    }

    /// The position behind `position`.
    #[inline]
    fn next(&self, position: usize) -> usize {
        if self.index(position) + 1 < self.slots.len() {
            position + 1
        } else {
            // The first slot, one lap on.
            (position & !(self.one_lap - 1)).wrapping_add(self.one_lap)
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            drop_each(|| self.pop());
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
