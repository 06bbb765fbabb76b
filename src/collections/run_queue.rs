//! A bounded queue of one worker, from which others take half at a time: oldest first for all.
//!
//! The design is that of the run queue of the Go scheduler (Dmitry Vyukov's, `runtime/proc.go`).
//! `tail` is written by the worker alone; `head` moves by compare-and-swap, by whoever takes. A
//! thief copies values first and claims them after, by moving `head`: if it was too late its
//! copies are void. So a slot may be overwritten while it is read, and slots are atomics, see
//! [`Word`].
//!
//! `head` and `tail` count up for ever; on 64-bit targets they do not come round. On 32-bit ones a
//! thief would have to sleep between copy and claim for exactly a multiple of 2^32 values.

use super::Word;
use crate::atomic::{AtomicPtr, AtomicUsize, Ordering};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr;

/// A queue for at least `capacity` values (rounded up to a power of two), for which it allocates
/// the room at once. One [`Worker`] has it, and [`Stealer`]s, which can be cloned, rob it.
///
/// *Progress:* lock-free. `push` is wait-free; whoever loses a race to take lost it to one that
/// took.
///
/// # Panics
/// If `capacity` is zero, or more than a quarter of the address space.
///
/// # Examples
/// ```
/// use creel::collections::run_queue::run_queue;
///
/// let (worker, stealer) = run_queue(8);
/// for number in 1..=5 {
///     worker.push(Box::new(number)).expect("there is room");
/// }
/// assert_eq!(worker.pop().as_deref(), Some(&1));
///
/// let (thief, _) = run_queue(8);
/// // Half of the four that are left: the first to work on, the others to keep.
/// assert_eq!(stealer.steal_into(&thief).as_deref(), Some(&2));
/// assert_eq!((thief.len(), worker.len()), (1, 2));
/// ```
pub fn run_queue<T: Word>(capacity: usize) -> (Worker<T>, Stealer<T>) {
    let ring = Arc::new(Ring::new(capacity));
    let stealer = Stealer { ring: Arc::clone(&ring) };
    (Worker { ring, _alone: PhantomData }, stealer)
}

/// The queue itself, for whoever sees to it that only one thread at a time acts as its worker.
#[derive(Debug)]
pub(crate) struct Ring<T: Word> {
    head: AtomicUsize,
    tail: AtomicUsize,
    /// A power of two of them.
    slots: Box<[AtomicPtr<()>]>,
    _values: PhantomData<T>,
}

// SAFETY: each value goes from one thread to one other, which `T: Send` allows.
unsafe impl<T: Word + Send> Send for Ring<T> {}
// SAFETY: as above; nobody gets a reference to a value that is inside.
unsafe impl<T: Word + Send> Sync for Ring<T> {}

impl<T: Word> Ring<T> {
    /// # Panics
    /// As [`run_queue`].
    pub(crate) fn new(capacity: usize) -> Self {
        assert!(capacity != 0, "a queue needs a capacity of at least one");
        assert!(capacity <= usize::MAX / 4, "a capacity of {capacity} is too large");
        let slot = |_| AtomicPtr::new(ptr::null_mut());
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            slots: (0..capacity.next_power_of_two()).map(slot).collect(),
            _values: PhantomData,
        }
    }

    #[inline]
    fn slot(&self, position: usize) -> &AtomicPtr<()> {
        // SAFETY: there is at least one slot, and the mask is one less than their number.
        unsafe { self.slots.get_unchecked(position & (self.slots.len() - 1)) }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// How many values are in it, roughly if others take.
    pub(crate) fn len(&self) -> usize {
        let tail = self.tail.load(Ordering::Acquire);
        // `head` may have passed the `tail` that was read before it.
        (tail.wrapping_sub(self.head.load(Ordering::Acquire)) as isize).max(0) as usize
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The end that belongs to the worker.
    ///
    /// # Safety
    /// The caller is the queue's worker: no other thread uses this end while it does.
    #[inline]
    pub(crate) unsafe fn own(&self) -> Own<'_, T> {
        Own(self)
    }

    /// Takes the oldest value. For any thread.
    pub(crate) fn steal(&self) -> Option<T> {
        self.take(0, |_, _| {}).map(|(first, _)| first)
    }

    /// Takes the oldest value, and of the others so many that it is half of all, or `room`, which
    /// `keep` gets with their numbers; it may get others in vain before. Answers how many.
    fn take(&self, room: usize, keep: impl Fn(usize, *mut ())) -> Option<(T, usize)> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            // Acquire pairs with the Release in `push`.
            let available = self.tail.load(Ordering::Acquire).wrapping_sub(head);
            if available == 0 {
                return None;
            }
            if available > self.capacity() {
                // `head` is stale: it moved before `tail` was read.
                head = self.head.load(Ordering::Acquire);
                continue;
            }
            let more = ((available - 1) / 2).min(room);
            for offset in 0..more {
                keep(offset, self.slot(head.wrapping_add(offset + 1)).load(Ordering::Relaxed));
            }
            let first = self.slot(head).load(Ordering::Relaxed);
            match self.claim(head, more + 1) {
                // SAFETY: the claim makes the words ours.
                Ok(_) => return Some((unsafe { T::from_word(first) }, more)),
                Err(now) => head = now,
            }
        }
    }

    /// Moves `head`, unless somebody else did: that makes the values before it ours.
    #[inline]
    fn claim(&self, head: usize, count: usize) -> Result<usize, usize> {
        // Release: a later `push` that sees the new `head` may write the slots after our reads.
        // Acquire, also on failure: `tail` is looked at again after it.
        self.head.compare_exchange_weak(
            head,
            head.wrapping_add(count),
            Ordering::AcqRel,
            Ordering::Acquire,
        )
    }
}

impl<T: Word> Drop for Ring<T> {
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            // SAFETY: nobody else is there.
            let own = unsafe { self.own() };
            super::drop_each(|| own.pop());
        }
    }
}

/// What only the worker of a queue does.
pub(crate) struct Own<'a, T: Word>(&'a Ring<T>);

impl<T: Word> Own<'_, T> {
    /// Appends a value; gives it back if the queue is full.
    #[inline]
    pub(crate) fn push(&self, value: T) -> Result<(), T> {
        let ring = self.0;
        // Relaxed: only the worker writes it.
        let tail = ring.tail.load(Ordering::Relaxed);
        // Acquire: thieves are done with the slots before `head`.
        if tail.wrapping_sub(ring.head.load(Ordering::Acquire)) == ring.capacity() {
            return Err(value);
        }
        ring.slot(tail).store(value.into_word(), Ordering::Relaxed);
        // Release hands slot and value to the Acquire of whoever takes it.
        ring.tail.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the oldest value.
    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        let ring = self.0;
        let mut head = ring.head.load(Ordering::Acquire);
        loop {
            // Relaxed: only the worker writes `tail`.
            if head == ring.tail.load(Ordering::Relaxed) {
                return None;
            }
            let word = ring.slot(head).load(Ordering::Relaxed);
            match ring.claim(head, 1) {
                // SAFETY: the claim makes the word ours.
                Ok(_) => return Some(unsafe { T::from_word(word) }),
                Err(now) => head = now,
            }
        }
    }

    /// Takes half of the values of another queue, the larger half, or as many as there is room for
    /// in this one; answers the oldest of them, and how many the others are, which are here. From
    /// itself it takes one.
    pub(crate) fn steal_from(&self, other: &Ring<T>) -> Option<(T, usize)> {
        let ring = self.0;
        if ptr::eq(ring, other) {
            return self.pop().map(|value| (value, 0));
        }
        // Relaxed: only the worker writes it.
        let tail = ring.tail.load(Ordering::Relaxed);
        // Acquire: see `push`.
        let room = ring.capacity() - tail.wrapping_sub(ring.head.load(Ordering::Acquire));
        let taken = other.take(room, |offset, word| {
            ring.slot(tail.wrapping_add(offset)).store(word, Ordering::Relaxed);
        });
        let (first, more) = taken?;
        if more != 0 {
            // Release: see `push`.
            ring.tail.store(tail.wrapping_add(more), Ordering::Release);
        }
        Some((first, more))
    }
}

/// The one end of a [`run_queue`] that puts in. It takes as well.
pub struct Worker<T: Word> {
    ring: Arc<Ring<T>>,
    /// Not `Sync`: one thread at a time is the worker.
    _alone: PhantomData<Cell<()>>,
}

/// An end of a [`run_queue`] that only takes, from any thread.
pub struct Stealer<T: Word> {
    ring: Arc<Ring<T>>,
}

impl<T: Word> UnwindSafe for Worker<T> {}
impl<T: Word> RefUnwindSafe for Worker<T> {}
impl<T: Word> UnwindSafe for Stealer<T> {}
impl<T: Word> RefUnwindSafe for Stealer<T> {}

impl<T: Word> Worker<T> {
    /// Appends a value.
    ///
    /// # Errors
    /// Gives the value back if the queue is full.
    #[inline]
    pub fn push(&self, value: T) -> Result<(), T> {
        self.own().push(value)
    }

    /// Takes the oldest value.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        self.own().pop()
    }

    #[inline]
    fn own(&self) -> Own<'_, T> {
        // SAFETY: there is one `Worker`, on one thread at a time.
        unsafe { self.ring.own() }
    }

    /// How many values are in it; thieves may take some meanwhile.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether it is empty; it stays so until this end puts something in.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// How many values it can hold.
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// One more end that takes.
    pub fn stealer(&self) -> Stealer<T> {
        Stealer { ring: Arc::clone(&self.ring) }
    }
}

impl<T: Word> Stealer<T> {
    /// Takes the oldest value.
    pub fn steal(&self) -> Option<T> {
        self.ring.steal()
    }

    /// Takes half of the values, the larger half, or as many as there is room for in `to`; answers
    /// the oldest of them, the others are in `to`. From the queue of `to` itself it takes one.
    pub fn steal_into(&self, to: &Worker<T>) -> Option<T> {
        to.own().steal_from(&self.ring).map(|(value, _)| value)
    }

    /// How many values there are to take, at some moment of the call.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether there is nothing to take, at some moment of the call.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }
}

impl<T: Word> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Self { ring: Arc::clone(&self.ring) }
    }
}

impl<T: Word> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, capacity) = (self.len(), self.capacity());
        f.debug_struct("Worker").field("len", &len).field("capacity", &capacity).finish()
    }
}

impl<T: Word> fmt::Debug for Stealer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stealer").field("len", &self.len()).finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
