//! The queue as a whole; the blocks under it have models of their own.

use super::queue;
use crate::atomic::spin;
use crate::collections::witness::{Witness, numbers};
use loom::thread;
use std::vec::Vec;

#[test]
fn loom_each_producer_keeps_its_order() {
    loom::model(|| {
        let (producer, mut consumer) = queue();
        let other = {
            let producer = producer.clone();
            thread::spawn(move || producer.push(Witness::new(10)))
        };
        (1..=2).for_each(|number| producer.push(Witness::new(number)));
        let mut all = Vec::new();
        while all.len() < 3 {
            match consumer.pop() {
                Some(value) => all.push(value.take()),
                None => spin(),
            }
        }
        other.join().unwrap();
        assert!(consumer.is_empty());
        all.retain(|number| *number != 10);
        assert_eq!(all, [1, 2]);
    });
}

#[test]
fn loom_what_is_left_is_dropped() {
    loom::model(|| {
        let (producer, mut consumer) = queue();
        let other = {
            let producer = producer.clone();
            thread::spawn(move || producer.push(Witness::new(1)))
        };
        producer.push(Witness::new(2));
        assert!(numbers(consumer.pop()).len() < 2);
        other.join().unwrap();
    });
}
