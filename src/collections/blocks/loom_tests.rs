//! Writers, the reader and the reuse of blocks, in every interleaving of a few steps.

use super::{Blocks, Wrap};
use crate::atomic::{Ordering, spin};
use crate::collections::wide::Wide;
use loom::alloc::Track;
use loom::thread;
use std::sync::Arc;
use std::vec::Vec;

#[derive(Debug)]
struct Eight;
impl Wrap for Eight {
    const MASK: u64 = 7;
}

/// The smallest queue: the claim word counts and does nothing else.
struct Queue {
    word: Wide,
    blocks: Blocks<Track<u64>, Eight>,
}

// SAFETY: the models keep one reader.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

impl Queue {
    fn push(&self, value: u64) -> u64 {
        let number = self.claim();
        self.fill(number, value);
        number
    }

    /// As `push`, but sleeps in between. The models would rarely come to that by themselves: they
    /// only look at the last access before a conflicting one.
    fn push_late(&self, value: u64) -> u64 {
        let number = self.claim();
        thread::yield_now();
        self.fill(number, value);
        number
    }

    fn claim(&self) -> u64 {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let (new, acquire) = (word + 1, Ordering::Acquire);
            match self.word.compare_exchange_weak(word, new, acquire, Ordering::Relaxed) {
                Ok(number) => return number & Eight::MASK,
                Err(now) => word = now,
            }
        }
    }

    fn fill(&self, number: u64, value: u64) {
        let given = || self.word.fetch_or(0, Ordering::AcqRel) & Eight::MASK;
        // SAFETY: the number was claimed just now.
        unsafe { self.blocks.write(number, Track::new(value), given) };
    }
}

/// Two writers of `each` values and one reader of all of them.
fn model(each: u64, before: u64, push: fn(&Queue, u64) -> u64) {
    let (blocks, mut reader) = Blocks::new();
    let queue = Arc::new(Queue { word: Wide::new(0), blocks });
    for value in 0..before {
        queue.push(value);
        // SAFETY: the only reader.
        assert_eq!(unsafe { queue.blocks.read(&mut reader) }.unwrap().into_inner(), value);
    }
    let writer = {
        let queue = queue.clone();
        thread::spawn(move || {
            (0..each).map(|value| (push(&queue, value), value)).collect::<Vec<_>>()
        })
    };
    let other = {
        let queue = queue.clone();
        thread::spawn(move || {
            (0..each).map(|value| (queue.push(10 + value), 10 + value)).collect::<Vec<_>>()
        })
    };
    let mut received = Vec::new();
    while received.len() < 2 * each as usize {
        // SAFETY: the only reader.
        match unsafe { queue.blocks.read(&mut reader) } {
            Some(value) => received.push(value.into_inner()),
            None => spin(),
        }
    }
    let mut sent = writer.join().unwrap();
    sent.extend(other.join().unwrap());
    sent.sort_by_key(|(number, _)| number.wrapping_sub(before) & Eight::MASK);
    assert!(sent.iter().map(|(_, value)| value).eq(&received));
    // SAFETY: everybody else is gone.
    unsafe { queue.blocks.free(&mut reader) };
}

/// One preemption is enough where a writer sleeps by itself, and keeps the time short.
fn long(run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(1);
    model.check(run);
}

#[test]
fn loom_two_writers_share_a_block() {
    loom::model(|| model(1, 0, Queue::push));
}

#[test]
fn loom_writers_meet_at_the_end_of_a_block() {
    loom::model(|| model(1, 1, Queue::push));
}

#[test]
fn loom_numbers_wrap_and_blocks_are_reused() {
    loom::model(|| model(1, 7, Queue::push));
}

#[test]
fn loom_writers_go_over_several_blocks() {
    long(|| model(2, 1, Queue::push));
}

#[test]
fn loom_a_writer_sleeps_while_its_block_would_be_left() {
    loom::model(|| model(1, 1, Queue::push_late));
}

#[test]
fn loom_a_writer_sleeps_while_others_go_on() {
    long(|| model(2, 1, Queue::push_late));
}

/// The claim word must hand on that a block was left: else a later writer could go to it by an old
/// `tail`, when the reader has reused it.
#[test]
fn loom_a_block_that_is_reused_is_seen_by_nobody() {
    long(|| {
        let (blocks, mut reader) = Blocks::new();
        let queue = Arc::new(Queue { word: Wide::new(0), blocks });
        (0..2).for_each(|value| {
            queue.push(value);
        });
        let leaves = {
            let queue = queue.clone();
            thread::spawn(move || {
                (2..5).for_each(|value| {
                    queue.push(value);
                })
            })
        };
        let comes_later = {
            let queue = queue.clone();
            thread::spawn(move || queue.push(5))
        };
        let mut sum = 0;
        let mut left = 6;
        while left != 0 {
            // SAFETY: the only reader.
            match unsafe { queue.blocks.read(&mut reader) } {
                Some(value) => (sum, left) = (sum + value.into_inner(), left - 1),
                None => spin(),
            }
        }
        assert_eq!(sum, 15);
        leaves.join().unwrap();
        comes_later.join().unwrap();
        // SAFETY: everybody else is gone.
        unsafe { queue.blocks.free(&mut reader) };
    });
}
