//! A ring for one who puts in and one who takes, one value or many at a time.
//!
//! Leslie Lamport's ring buffer ("Proving the Correctness of Multiprocess Programs", 1977): one
//! index that only the producer writes, one that only the consumer writes. Each end keeps a copy of
//! the other's index and looks at the original only when the copy leaves no room or no value, so
//! that ends which are apart do not disturb each other; that is Lee, Bu and Chandranmenon's
//! MCRingBuffer ("A Lock-Free, Cache-Efficient Multi-Core Synchronization Mechanism", 2010).
//!
//! The indices count up and wrap with the word; the slots are a power of two, so that they wrap
//! with it. A batch moves the index once.
//!
//! # Who may touch what
//!
//! The slots from `head` to `tail` hold values and are the consumer's, the others the producer's.
//! Each end hands slots over by storing its index with Release, and takes them by loading the
//! other's with Acquire.

use super::{Padded, drop_each};
use crate::atomic::{AtomicUsize, Ordering, UnsafeCell};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::mem::MaybeUninit;
use core::panic::{RefUnwindSafe, UnwindSafe};

/// A ring for at most `capacity` values, for which it allocates the room at once.
///
/// *Progress:* wait-free. Every operation on one value ends after a fixed number of steps, whatever
/// the other end does; so either end may be in an interrupt handler.
///
/// # Panics
/// If `capacity` is zero, or more than a quarter of the address space.
///
/// # Examples
/// ```
/// let (mut producer, mut consumer) = creel::collections::spsc::ring(4);
/// std::thread::spawn(move || {
///     let mut numbers = 1..=100;
///     while !numbers.is_empty() {
///         producer.push_many(&mut numbers);
///         std::thread::yield_now();
///     }
/// });
/// let mut sum = 0;
/// while !consumer.is_abandoned() || !consumer.is_empty() {
///     sum += consumer.drain().sum::<u32>();
///     std::thread::yield_now();
/// }
/// assert_eq!(sum, 5050);
/// ```
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity != 0, "a ring needs a capacity of at least one");
    assert!(capacity <= usize::MAX / 4, "a capacity of {capacity} is too large");
    let slot = |_| UnsafeCell::new(MaybeUninit::uninit());
    let ring = Arc::new(Ring {
        head: Padded(AtomicUsize::new(0)),
        tail: Padded(AtomicUsize::new(0)),
        slots: (0..capacity.next_power_of_two()).map(slot).collect(),
        capacity,
    });
    (Producer { ring: Arc::clone(&ring), tail: 0, head: 0 }, Consumer { ring, head: 0, tail: 0 })
}

struct Ring<T> {
    /// The next slot to be taken. Written by the consumer.
    head: Padded<AtomicUsize>,
    /// The next slot to be filled. Written by the producer.
    tail: Padded<AtomicUsize>,
    slots: Box<[Slot<T>]>,
    /// At most the number of slots.
    capacity: usize,
}

type Slot<T> = UnsafeCell<MaybeUninit<T>>;

// SAFETY: each value goes from one thread to one other, which `T: Send` allows.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as above; nobody gets a reference to a value that is inside.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    #[inline]
    fn slot(&self, position: usize) -> &Slot<T> {
        // SAFETY: there is at least one slot, and the mask is one less than their number.
        unsafe { self.slots.get_unchecked(position & (self.slots.len() - 1)) }
    }

    /// The `count` slots from `position` on: up to the end, and from the start.
    fn slots(&self, position: usize, count: usize) -> [&[Slot<T>]; 2] {
        let start = position & (self.slots.len() - 1);
        let first = count.min(self.slots.len() - start);
        [&self.slots[start..start + first], &self.slots[..count - first]]
    }

    /// How many values are in it. Only exact for whoever has one of its ends.
    fn len(&self) -> usize {
        // Acquire: `head` first, so that it does not pass the `tail` that is read.
        let head = self.head.0.load(Ordering::Acquire);
        self.tail.0.load(Ordering::Acquire).wrapping_sub(head).min(self.capacity)
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        if !core::mem::needs_drop::<T>() {
            return;
        }
        // Relaxed: nobody else is there.
        let tail = self.tail.0.load(Ordering::Relaxed);
        let mut head = self.head.0.load(Ordering::Relaxed);
        drop_each(|| {
            (head != tail).then(|| {
                let slot = self.slot(head);
                head = head.wrapping_add(1);
                // SAFETY: the slots from `head` to `tail` hold values, and `head` moves on.
                slot.with(|it| unsafe { (*it).assume_init_read() })
            })
        });
    }
}

/// The end of a [`ring`] where values go in.
pub struct Producer<T> {
    ring: Arc<Ring<T>>,
    /// What `ring.tail` is, and during a batch will be.
    tail: usize,
    /// What `ring.head` was when we last looked.
    head: usize,
}

/// The end of a [`ring`] where values come out.
pub struct Consumer<T> {
    ring: Arc<Ring<T>>,
    /// What `ring.head` is, and during a batch will be.
    head: usize,
    /// What `ring.tail` was when we last looked.
    tail: usize,
}

impl<T> UnwindSafe for Producer<T> {}
impl<T> RefUnwindSafe for Producer<T> {}
impl<T> UnwindSafe for Consumer<T> {}
impl<T> RefUnwindSafe for Consumer<T> {}

impl<T> Producer<T> {
    /// Appends a value.
    ///
    /// # Errors
    /// Gives the value back if the ring is full.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), T> {
        if self.room(1) == 0 {
            return Err(value);
        }
        // SAFETY: the slots outside of `head..tail` are ours and empty.
        self.ring.slot(self.tail).with_mut(|it| unsafe { (*it).write(value) });
        self.tail = self.tail.wrapping_add(1);
        self.publish();
        Ok(())
    }

    /// Appends values while there is room; answers how many. What does not fit stays in `values`.
    ///
    /// The consumer sees them all at once, at the end, or as many as came before `values` panics.
    pub fn push_many(&mut self, values: &mut impl Iterator<Item = T>) -> usize {
        let room = self.room(self.ring.capacity);
        let batch = PushBatch { start: self.tail, producer: self };
        for _ in 0..room {
            let Some(value) = values.next() else { break };
            let producer = &mut *batch.producer;
            // SAFETY: as in `push`.
            producer.ring.slot(producer.tail).with_mut(|it| unsafe { (*it).write(value) });
            producer.tail = producer.tail.wrapping_add(1);
        }
        batch.producer.tail.wrapping_sub(batch.start)
    }

    /// Appends copies of the first values of a slice, as many as there is room for; answers how
    /// many.
    pub fn push_slice(&mut self, values: &[T]) -> usize
    where
        T: Copy,
    {
        let count = self.room(values.len()).min(values.len());
        let [first, second] = self.ring.slots(self.tail, count);
        let (to_first, to_second) = values[..count].split_at(first.len());
        for (slots, values) in [(first, to_first), (second, to_second)] {
            for (slot, value) in slots.iter().zip(values) {
                // SAFETY: as in `push`.
                slot.with_mut(|it| unsafe { (*it).write(*value) });
            }
        }
        self.tail = self.tail.wrapping_add(count);
        self.publish();
        count
    }

    /// How many values it can hold.
    pub fn capacity(&self) -> usize {
        self.ring.capacity
    }

    /// How many values are in it. The consumer may take some meanwhile, nobody adds any.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether it is empty; it stays so until this end puts something in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is full; the consumer may take some meanwhile.
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// Whether the consumer is gone.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.ring) < 2
    }

    /// How much room there is, exact if it is less than `wanted`.
    #[inline]
    fn room(&mut self, wanted: usize) -> usize {
        let room = self.ring.capacity - self.tail.wrapping_sub(self.head);
        if room >= wanted {
            return room;
        }
        // Acquire pairs with the Release in `Consumer::publish`: the slots are empty.
        self.head = self.ring.head.0.load(Ordering::Acquire);
        self.ring.capacity - self.tail.wrapping_sub(self.head)
    }

    #[inline]
    fn publish(&self) {
        // Release hands the values to the Acquire in `Consumer::available`.
        self.ring.tail.0.store(self.tail, Ordering::Release);
    }
}

/// Publishes what was put in, however it ends.
struct PushBatch<'a, T> {
    start: usize,
    producer: &'a mut Producer<T>,
}

impl<T> Drop for PushBatch<'_, T> {
    fn drop(&mut self) {
        self.producer.publish();
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest value.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.available(1) == 0 {
            return None;
        }
        let value = self.take();
        self.publish();
        Some(value)
    }

    /// Takes what is in the ring now, value by value. The room is given back at once, when the
    /// iterator is dropped.
    ///
    /// # Examples
    /// ```
    /// let (mut producer, mut consumer) = creel::collections::spsc::ring(8);
    /// producer.push_slice(&[1, 2, 3, 4]);
    /// assert!(consumer.drain().take(3).eq([1, 2, 3]));
    /// assert_eq!(consumer.pop(), Some(4));
    /// ```
    pub fn drain(&mut self) -> Drain<'_, T> {
        self.available(self.ring.capacity);
        Drain(self)
    }

    /// Takes values into a slice until it is full or the ring empty; answers how many.
    pub fn pop_slice(&mut self, values: &mut [T]) -> usize
    where
        T: Copy,
    {
        let count = self.available(values.len()).min(values.len());
        let [first, second] = self.ring.slots(self.head, count);
        let (from_first, from_second) = values[..count].split_at_mut(first.len());
        for (slots, values) in [(first, from_first), (second, from_second)] {
            for (slot, value) in slots.iter().zip(values) {
                // SAFETY: as in `take`.
                *value = slot.with(|it| unsafe { (*it).assume_init_read() });
            }
        }
        self.head = self.head.wrapping_add(count);
        self.publish();
        count
    }

    /// How many values it can hold.
    pub fn capacity(&self) -> usize {
        self.ring.capacity
    }

    /// How many values are in it. The producer may add some meanwhile, nobody takes any.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether it is empty; the producer may add something meanwhile.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the producer is gone. Everything that it put in is seen by looks after this.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.ring) < 2 && {
            // Acquire pairs with the Release by which the producer gave its reference up.
            crate::atomic::fence(Ordering::Acquire);
            true
        }
    }

    /// How many values there are to take, exact if it is less than `wanted`.
    #[inline]
    fn available(&mut self, wanted: usize) -> usize {
        let available = self.tail.wrapping_sub(self.head);
        if available >= wanted {
            return available;
        }
        // Acquire pairs with the Release in `Producer::publish`: the values are there.
        self.tail = self.ring.tail.0.load(Ordering::Acquire);
        self.tail.wrapping_sub(self.head)
    }

    /// Takes a value that is there, without giving its room back.
    #[inline]
    fn take(&mut self) -> T {
        // SAFETY: the slots from `head` to `tail` hold values and are ours, and `head` moves on.
        let value = self.ring.slot(self.head).with(|it| unsafe { (*it).assume_init_read() });
        self.head = self.head.wrapping_add(1);
        value
    }

    #[inline]
    fn publish(&self) {
        // Release hands the empty slots to the Acquire in `Producer::room`.
        self.ring.head.0.store(self.head, Ordering::Release);
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // A `Drain` that was forgotten did not.
        self.publish();
    }
}

/// What [`Consumer::drain`] answers: the values of a ring.
pub struct Drain<'a, T>(&'a mut Consumer<T>);

impl<T> Iterator for Drain<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        (self.0.head != self.0.tail).then(|| self.0.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.tail.wrapping_sub(self.0.head);
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Drain<'_, T> {}
impl<T> core::iter::FusedIterator for Drain<'_, T> {}

impl<T> Drop for Drain<'_, T> {
    fn drop(&mut self) {
        self.0.publish();
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, capacity) = (self.len(), self.capacity());
        f.debug_struct("Producer").field("len", &len).field("capacity", &capacity).finish()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, capacity) = (self.len(), self.capacity());
        f.debug_struct("Consumer").field("len", &len).field("capacity", &capacity).finish()
    }
}

impl<T> fmt::Debug for Drain<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.len()).finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
