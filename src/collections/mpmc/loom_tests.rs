//! The bounded queue, in every interleaving of a few steps.

use super::Queue;
use crate::atomic::spin;
use crate::collections::witness::{Witness, numbers};
use loom::thread;
use std::sync::Arc;
use std::vec::Vec;

fn push(queue: &Queue<Witness>, number: usize) {
    let mut value = Witness::new(number);
    while let Err(back) = queue.push(value) {
        value = back;
        spin();
    }
}

fn pop(queue: &Queue<Witness>) -> Witness {
    loop {
        match queue.pop() {
            Some(value) => return value,
            None => spin(),
        }
    }
}

#[test]
fn loom_two_producers_share_a_queue() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(2));
        let threads = [1, 2].map(|number| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || push(&queue, number))
        });
        assert_eq!(numbers([pop(&queue), pop(&queue)]), [1, 2]);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(queue.pop().is_none());
    });
}

#[test]
fn loom_two_producers_want_the_only_place() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(1));
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.push(Witness::new(1)))
        };
        let mine = queue.push(Witness::new(2));
        let lost = [mine.err(), other.join().unwrap().err()];
        assert_eq!(lost.iter().flatten().count(), 1, "one fits");
        assert_eq!(numbers(lost.into_iter().flatten().chain(queue.pop())), [1, 2]);
    });
}

#[test]
fn loom_two_consumers_share_a_queue() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(2));
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop())
        };
        push(&queue, 1);
        push(&queue, 2);
        let mine = queue.pop();
        let all: Vec<_> =
            other.join().unwrap().into_iter().chain(mine).chain(queue.pop()).collect();
        // Whoever pops after both pushes finds something.
        assert_eq!(numbers(all), [1, 2]);
    });
}

#[test]
fn loom_a_slot_is_used_again_and_again() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(1));
        let producer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || (1..=3).for_each(|number| push(&queue, number)))
        };
        for number in 1..=3 {
            assert_eq!(pop(&queue).take(), number);
        }
        producer.join().unwrap();
    });
}

#[test]
fn loom_who_is_pushed_out_is_given_to_one() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(1));
        push(&queue, 1);
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop())
        };
        let out = queue.force_push(Witness::new(2));
        let all = [other.join().unwrap(), out, queue.pop()];
        assert_eq!(numbers(all.into_iter().flatten()), [1, 2]);
    });
}

#[test]
fn loom_two_push_out() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(1));
        push(&queue, 1);
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.force_push(Witness::new(2)))
        };
        let out = queue.force_push(Witness::new(3));
        let all = [other.join().unwrap(), out, queue.pop()];
        assert_eq!(numbers(all.into_iter().flatten()), [1, 2, 3]);
    });
}

/// Two queues and two threads, each of which fills one and looks at the other.
#[test]
fn loom_not_both_find_the_others_queue_empty() {
    loom::model(|| {
        let queues = Arc::new([Queue::new(1), Queue::new(1)]);
        let other = {
            let queues = Arc::clone(&queues);
            thread::spawn(move || {
                push(&queues[0], 1);
                queues[1].pop()
            })
        };
        push(&queues[1], 2);
        let mine = queues[0].pop();
        assert!(other.join().unwrap().is_some() || mine.is_some());
    });
}
