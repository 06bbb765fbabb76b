//! Each collection against what it should be equal to, operation by operation.

use creel::collections::{Stack, deque, mpmc, mpsc, run_queue, spsc};
use proptest::prelude::*;
use std::collections::VecDeque;

fn cases() -> ProptestConfig {
    let cases = if cfg!(miri) { 4 } else { 256 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// What is done, with a number that the operation may use.
type Script = Vec<(u8, usize)>;

fn script() -> impl Strategy<Value = Script> {
    let length = if cfg!(miri) { 40 } else { 300 };
    prop::collection::vec((0..6_u8, 0..12_usize), 0..length)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_bounded_queue(capacity in 1..9_usize, script in script()) {
        let (queue, mut model) = (mpmc::Queue::new(capacity), VecDeque::new());
        for (operation, number) in script {
            match operation {
                0..=2 if model.len() < capacity => {
                    prop_assert_eq!(queue.push(number), Ok(()));
                    model.push_back(number);
                }
                0..=2 => prop_assert_eq!(queue.push(number), Err(number)),
                3 => {
                    let out = if model.len() == capacity { model.pop_front() } else { None };
                    prop_assert_eq!(queue.force_push(number), out);
                    model.push_back(number);
                }
                _ => prop_assert_eq!(queue.pop(), model.pop_front()),
            }
            prop_assert_eq!(queue.len(), model.len());
            prop_assert_eq!(queue.is_empty(), model.is_empty());
            prop_assert_eq!(queue.is_full(), model.len() == capacity);
        }
    }

    #[test]
    fn a_queue_in_blocks(script in script()) {
        let ((producer, mut consumer), mut model) = (mpsc::queue(), VecDeque::new());
        for (operation, number) in script {
            match operation {
                0..=2 => {
                    (0..number).for_each(|number| producer.push(number));
                    model.extend(0..number);
                }
                _ => (0..number).for_each(|_| assert_eq!(consumer.pop(), model.pop_front())),
            }
            prop_assert_eq!(consumer.len(), model.len());
        }
    }

    #[test]
    fn a_ring(capacity in 1..9_usize, script in script()) {
        let ((mut producer, mut consumer), mut model) = (spsc::ring(capacity), VecDeque::new());
        for (operation, number) in script {
            let room = capacity - model.len();
            match operation {
                0 if room == 0 => prop_assert_eq!(producer.push(number), Err(number)),
                0 => {
                    prop_assert_eq!(producer.push(number), Ok(()));
                    model.push_back(number);
                }
                1 => {
                    let mut values = 0..number;
                    prop_assert_eq!(producer.push_many(&mut values), number.min(room));
                    prop_assert_eq!(values.start, number.min(room), "the others are left");
                    model.extend(0..values.start);
                }
                2 => {
                    let values: Vec<_> = (0..number).collect();
                    prop_assert_eq!(producer.push_slice(&values), number.min(room));
                    model.extend(&values[..number.min(room)]);
                }
                3 => prop_assert_eq!(consumer.pop(), model.pop_front()),
                4 => {
                    let count = number.min(model.len());
                    prop_assert!(consumer.drain().take(number).eq(model.drain(..count)));
                }
                _ => {
                    let mut values = vec![0; number];
                    let count = consumer.pop_slice(&mut values);
                    prop_assert_eq!(count, number.min(model.len()));
                    prop_assert!(model.drain(..count).eq(values[..count].iter().copied()));
                }
            }
            prop_assert_eq!((producer.len(), consumer.len()), (model.len(), model.len()));
        }
    }

    #[test]
    fn a_deque(script in script()) {
        let ((worker, stealer), mut model) = (deque::deque(), VecDeque::new());
        for (operation, number) in script {
            match operation {
                0..=2 => {
                    (0..number).for_each(|number| worker.push(number));
                    model.extend(0..number);
                }
                3 => (0..number).for_each(|_| assert_eq!(worker.pop(), model.pop_back())),
                4 => prop_assert_eq!(stealer.steal(), model.pop_front()),
                _ => {
                    let (thief, _) = deque::deque();
                    let half: Vec<_> = model.drain(..model.len().div_ceil(2)).collect();
                    prop_assert_eq!(stealer.steal_into(&thief), half.first().copied());
                    let kept = std::iter::from_fn(|| thief.pop());
                    prop_assert!(kept.eq(half.into_iter().skip(1).rev()));
                }
            }
            prop_assert_eq!((worker.len(), stealer.len()), (model.len(), model.len()));
        }
    }

    #[test]
    fn a_run_queue(capacity in 1..9_usize, script in script()) {
        let ((worker, stealer), mut model) = (run_queue::run_queue(capacity), VecDeque::new());
        for (operation, number) in script {
            match operation {
                0..=2 if model.len() == worker.capacity() => {
                    prop_assert_eq!(worker.push(number), Err(number));
                }
                0..=2 => {
                    prop_assert_eq!(worker.push(number), Ok(()));
                    model.push_back(number);
                }
                3 => prop_assert_eq!(worker.pop(), model.pop_front()),
                4 => prop_assert_eq!(stealer.steal(), model.pop_front()),
                _ => {
                    let (thief, _) = run_queue::run_queue(4);
                    (0..number.min(4)).for_each(|_| thief.push(99).unwrap());
                    let room = 4 - number.min(4);
                    let count = model.len().div_ceil(2).min(room + 1);
                    let taken: Vec<_> = model.drain(..count).collect();
                    prop_assert_eq!(stealer.steal_into(&thief), taken.first().copied());
                    let kept = std::iter::from_fn(|| thief.pop()).skip(number.min(4));
                    prop_assert!(kept.eq(taken.into_iter().skip(1)));
                }
            }
            prop_assert_eq!((worker.len(), stealer.len()), (model.len(), model.len()));
        }
    }

    #[test]
    fn a_stack(script in script()) {
        let (stack, mut model) = (Stack::new(), Vec::new());
        for (operation, number) in script {
            match operation {
                0..=2 => {
                    stack.push(number);
                    model.push(number);
                }
                3..=4 => prop_assert_eq!(stack.pop(), model.pop()),
                _ => {
                    let taken = stack.take_all().take(number);
                    prop_assert!(taken.eq(model.drain(..).rev().take(number)));
                }
            }
            prop_assert_eq!(stack.is_empty(), model.is_empty());
        }
    }
}
