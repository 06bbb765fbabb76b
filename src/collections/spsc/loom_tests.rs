//! Both ends of the ring, in every interleaving of a few steps.

use super::ring;
use crate::atomic::spin;
use crate::collections::witness::Witness;
use loom::thread;

#[test]
fn loom_values_come_in_order_through_a_full_ring() {
    for capacity in [1, 2] {
        loom::model(move || {
            let (mut producer, mut consumer) = ring(capacity);
            let other = thread::spawn(move || {
                for number in 1..=3 {
                    let mut value = Witness::new(number);
                    while let Err(back) = producer.push(value) {
                        value = back;
                        spin();
                    }
                }
            });
            for number in 1..=3 {
                let value = loop {
                    match consumer.pop() {
                        Some(value) => break value,
                        None => spin(),
                    }
                };
                assert_eq!(value.take(), number);
            }
            other.join().unwrap();
            assert!(consumer.is_empty());
        });
    }
}

#[test]
fn loom_batches_come_in_order_through_a_full_ring() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring(2);
        let other = thread::spawn(move || {
            let mut values = (1..=3).map(Witness::new);
            let mut left = 3;
            while left != 0 {
                left -= producer.push_many(&mut values);
                spin();
            }
        });
        let mut next = 1;
        while next <= 3 {
            consumer.drain().for_each(|value| {
                assert_eq!(value.take(), next);
                next += 1;
            });
            spin();
        }
        other.join().unwrap();
    });
}

#[test]
fn loom_slices_come_in_order_through_a_full_ring() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring(2);
        let other = thread::spawn(move || {
            let all = [1, 2, 3];
            let mut sent = 0;
            while sent < all.len() {
                sent += producer.push_slice(&all[sent..]);
                spin();
            }
        });
        let mut all = [0; 3];
        let mut received = 0;
        while received < all.len() {
            received += consumer.pop_slice(&mut all[received..]);
            spin();
        }
        assert_eq!(all, [1, 2, 3]);
        other.join().unwrap();
    });
}

#[test]
fn loom_what_is_left_is_dropped_by_the_last_end() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring(2);
        let other = thread::spawn(move || {
            let _ = producer.push(Witness::new(1));
            let _ = producer.push(Witness::new(2));
            producer
        });
        let first = consumer.pop().map(Witness::take);
        assert!(first.is_none_or(|number| number == 1));
        drop(other.join().unwrap());
    });
}
