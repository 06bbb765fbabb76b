//! Worker and thieves, in every interleaving of a few steps.

use super::{Stealer, Worker, run_queue};
use crate::collections::witness::{Witness, numbers};
use loom::thread::{self, JoinHandle};
use std::boxed::Box;
use std::vec::Vec;

type Value = Box<Witness>;

const CAPACITY: usize = 4;

fn value(number: usize) -> Value {
    Box::new(Witness::new(number))
}

fn drain(worker: &Worker<Value>) -> Vec<Value> {
    core::iter::from_fn(|| worker.pop()).collect()
}

/// A thief steals once; answers all that it has then.
fn steal(victim: Stealer<Value>, before: usize) -> JoinHandle<Vec<Value>> {
    thread::spawn(move || {
        let (mine, _) = run_queue(CAPACITY);
        (0..before).for_each(|number| mine.push(value(100 + number)).unwrap());
        let first = victim.steal_into(&mine);
        first.into_iter().chain(drain(&mine)).collect()
    })
}

#[test]
fn loom_a_value_in_a_queue_is_taken_once_by_its_worker_or_a_thief() {
    loom::model(|| {
        let (worker, stealer) = run_queue(CAPACITY);
        let thief = steal(stealer, 0);
        (0..3).for_each(|number| worker.push(value(number)).unwrap());
        let mut all = drain(&worker);
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1, 2]);
    });
}

#[test]
fn loom_two_thieves_share_a_queue() {
    loom::model(|| {
        let (worker, stealer) = run_queue(CAPACITY);
        (0..2).for_each(|number| worker.push(value(number)).unwrap());
        let thieves = [steal(stealer.clone(), 0), steal(stealer, 0)];
        worker.push(value(2)).unwrap();
        let mut all: Vec<_> = thieves.into_iter().flat_map(|it| it.join().unwrap()).collect();
        all.extend(drain(&worker));
        assert_eq!(numbers(all), [0, 1, 2]);
    });
}

#[test]
fn loom_a_full_queue_is_not_overwritten_while_it_is_robbed() {
    loom::model(|| {
        let (worker, stealer) = run_queue(CAPACITY);
        (0..CAPACITY).for_each(|number| worker.push(value(number)).unwrap());
        let thief = steal(stealer, 0);
        let mut all = Vec::new();
        for number in CAPACITY..CAPACITY + 2 {
            // Either the thief made room, or the worker has to.
            if let Err(back) = worker.push(value(number)) {
                all.push(worker.pop().expect("it was full"));
                worker.push(back).unwrap();
            }
        }
        all.extend(drain(&worker));
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1, 2, 3, 4, 5]);
    });
}

#[test]
fn loom_a_thief_takes_no_more_than_it_has_room_for() {
    loom::model(|| {
        let (worker, stealer) = run_queue(CAPACITY);
        (0..CAPACITY).for_each(|number| worker.push(value(number)).unwrap());
        let thief = steal(stealer, CAPACITY);
        let mut all = drain(&worker);
        all.extend(thief.join().unwrap());
        assert_eq!(numbers(all), [0, 1, 2, 3, 100, 101, 102, 103]);
    });
}
