//! Worker and thieves, in every interleaving of a few steps. Two slots, so that the deque grows.

use super::{Stealer, Worker, deque};
use crate::collections::witness::{Witness, numbers};
use loom::thread::{self, JoinHandle};
use std::boxed::Box;
use std::vec::Vec;

type Value = Box<Witness>;

fn value(number: usize) -> Value {
    Box::new(Witness::new(number))
}

fn drain(worker: &Worker<Value>) -> Vec<Value> {
    core::iter::from_fn(|| worker.pop()).collect()
}

fn steal(victim: Stealer<Value>, times: usize) -> JoinHandle<Vec<Value>> {
    thread::spawn(move || (0..times).filter_map(|_| victim.steal()).collect())
}

#[test]
fn loom_worker_and_thief_meet_at_the_last_value() {
    loom::model(|| {
        let (worker, stealer) = deque();
        worker.push(value(0));
        let thief = steal(stealer, 1);
        let mut all = drain(&worker);
        worker.push(value(1));
        all.extend(drain(&worker));
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1]);
    });
}

#[test]
fn loom_a_value_in_a_deque_is_taken_once() {
    loom::model(|| {
        let (worker, stealer) = deque();
        let thief = steal(stealer, 2);
        (0..2).for_each(|number| worker.push(value(number)));
        let mut all = drain(&worker);
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1]);
    });
}

#[test]
fn loom_two_thieves_and_the_worker() {
    loom::model(|| {
        let (worker, stealer) = deque();
        (0..2).for_each(|number| worker.push(value(number)));
        let thieves = [steal(stealer.clone(), 1), steal(stealer, 1)];
        let mut all: Vec<_> = worker.pop().into_iter().collect();
        all.extend(thieves.into_iter().flat_map(|it| it.join().unwrap()));
        all.extend(drain(&worker));
        assert_eq!(numbers(all), [0, 1]);
    });
}

#[test]
fn loom_a_deque_grows_while_it_is_robbed() {
    loom::model(|| {
        let (worker, stealer) = deque();
        (0..2).for_each(|number| worker.push(value(number)));
        let thief = steal(stealer, 2);
        // The third may find the second slot's neighbour free, or has to grow; the fifth grows.
        (2..5).for_each(|number| worker.push(value(number)));
        let mut all = drain(&worker);
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1, 2, 3, 4]);
    });
}

#[test]
fn loom_a_slot_is_written_again_while_a_thief_reads_it() {
    loom::model(|| {
        let (worker, stealer) = deque();
        worker.push(value(0));
        let thief = steal(stealer, 1);
        let mut all = Vec::new();
        for number in 1..=2 {
            all.extend(worker.pop());
            worker.push(value(number));
        }
        all.extend(drain(&worker));
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1, 2]);
    });
}

#[test]
fn loom_what_is_left_is_dropped() {
    loom::model(|| {
        let (worker, stealer) = deque();
        let thief = steal(stealer, 1);
        (0..3).for_each(|number| worker.push(value(number)));
        drop(thief.join().unwrap());
    });
}
