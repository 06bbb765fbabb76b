//! The blocks, used by one thread.

use super::{Blocks, Reader, SLOTS, Wrap};
use core::cell::Cell;
use std::rc::Rc;

#[derive(Debug)]
struct Wide;
impl Wrap for Wide {
    const MASK: u64 = u64::MAX >> 4;
}

/// Wraps every four blocks.
#[derive(Debug)]
struct Narrow;
impl Wrap for Narrow {
    const MASK: u64 = 4 * SLOTS as u64 - 1;
}

struct Queue<T, W: Wrap> {
    given: Cell<u64>,
    blocks: Blocks<T, W>,
    reader: Reader<T>,
}

impl<T, W: Wrap> Queue<T, W> {
    fn new() -> Self {
        let (blocks, reader) = Blocks::new();
        Self { given: Cell::new(0), blocks, reader }
    }

    fn claim(&self) -> u64 {
        self.given.replace((self.given.get() + 1) & W::MASK)
    }

    fn write(&self, number: u64, value: T) {
        // SAFETY: the tests write each number once.
        unsafe { self.blocks.write(number, value, || self.given.get()) };
    }

    fn read(&mut self) -> Option<T> {
        // SAFETY: one thread, one reader.
        unsafe { self.blocks.read(&mut self.reader) }
    }

    fn chain(&self) -> usize {
        let mut blocks = 0;
        let mut block = self.reader.oldest.as_ptr();
        while !block.is_null() {
            blocks += 1;
            // SAFETY: the chain is alive and nobody changes it.
            block = unsafe { (*block).next.load(crate::atomic::Ordering::Relaxed) };
        }
        blocks
    }
}

impl<T, W> Drop for Queue<T, W>
where
    W: Wrap,
{
    fn drop(&mut self) {
        while self.read().is_some() {}
        // SAFETY: nobody else is there.
        unsafe { self.blocks.free(&mut self.reader) };
    }
}

#[test]
fn values_come_in_the_order_of_their_numbers() {
    let mut queue = Queue::<_, Wide>::new();
    let numbers: [u64; 3] = core::array::from_fn(|_| queue.claim());
    queue.write(numbers[2], 'c');
    assert_eq!(queue.read(), None);
    queue.write(numbers[0], 'a');
    assert_eq!(queue.read(), Some('a'));
    assert_eq!(queue.read(), None);
    queue.write(numbers[1], 'b');
    assert_eq!((queue.read(), queue.read(), queue.read()), (Some('b'), Some('c'), None));
}

#[test]
fn a_steady_stream_needs_two_blocks_for_ever() {
    let mut queue = Queue::<_, Narrow>::new();
    for value in 0..SLOTS * 20 {
        queue.write(queue.claim(), value);
        assert_eq!(queue.read(), Some(value));
        assert!(queue.chain() <= 2);
    }
}

#[test]
fn a_burst_is_kept_in_order_and_its_blocks_are_given_back() {
    let mut queue = Queue::<_, Wide>::new();
    for value in 0..SLOTS * 50 {
        queue.write(queue.claim(), value);
    }
    assert_eq!(queue.chain(), 50);
    for value in 0..SLOTS * 50 {
        assert_eq!(queue.read(), Some(value));
    }
    queue.write(queue.claim(), 0);
    assert_eq!(queue.read(), Some(0));
    assert!(queue.chain() <= 2);
}

#[test]
fn a_late_writer_keeps_the_blocks_it_may_look_at() {
    let mut queue = Queue::<_, Wide>::new();
    let late = queue.claim();
    for value in 1..SLOTS * 3 {
        queue.write(queue.claim(), value);
        assert_eq!(queue.read(), None);
    }
    queue.write(late, 0);
    for value in 0..SLOTS * 3 {
        assert_eq!(queue.read(), Some(value));
    }
}

#[test]
fn unread_values_are_dropped_by_reading_them() {
    let value = Rc::new(());
    let queue = Queue::<_, Wide>::new();
    for _ in 0..SLOTS + 1 {
        queue.write(queue.claim(), value.clone());
    }
    drop(queue);
    assert_eq!(Rc::strong_count(&value), 1);
}
