//! Lock-free collections: one thread at both ends, and two threads.

use crate::{Operation, Run, operation};
use creel::collections::{Stack, deque, mpmc, mpsc, run_queue, spsc};
use crossbeam_queue::{ArrayQueue, SegQueue};
use std::sync::{Arc, Mutex};
use std::thread;

const CAPACITY: usize = 1024;
/// How many values are moved at a time.
const BATCH: usize = 64;

pub fn operations() -> Vec<Operation> {
    let mut all = queues();
    all.extend(rings());
    all.extend(deques());
    all.extend(stacks());
    all
}

/// Puts one value in and takes it out.
fn pairs(mut pair: impl FnMut(usize) -> usize + 'static) -> Run {
    Box::new(move |n| {
        for i in 0..n as usize {
            assert_eq!(pair(i), i);
        }
    })
}

/// Puts so many values in and takes them out.
fn batches(mut batch: impl FnMut() -> usize + 'static) -> Run {
    Box::new(move |n| {
        for _ in 0..n as usize / BATCH {
            assert_eq!(batch(), BATCH);
        }
    })
}

/// Takes everything; answers how many it was.
fn drain(pop: impl FnMut() -> Option<usize>) -> usize {
    std::iter::from_fn(pop).count()
}

/// Moves values from one thread to another.
fn stream<P, C>(
    start: impl Fn() -> (P, C) + 'static,
    push: fn(&mut P, usize) -> bool,
    pop: fn(&mut C) -> Option<usize>,
) -> Run
where
    P: Send + 'static,
    C: 'static,
{
    Box::new(move |n| {
        let (mut producer, mut consumer) = start();
        let thread = thread::spawn(move || {
            for i in 0..n as usize {
                while !push(&mut producer, i) {
                    thread::yield_now();
                }
            }
        });
        for i in 0..n as usize {
            loop {
                match pop(&mut consumer) {
                    Some(value) => break assert_eq!(value, i),
                    None => thread::yield_now(),
                }
            }
        }
        thread.join().unwrap();
    })
}

fn shared<T>(value: T) -> (Arc<T>, Arc<T>) {
    let value = Arc::new(value);
    (Arc::clone(&value), value)
}

fn queues() -> Vec<Operation> {
    vec![
        operation(
            "mpmc queue: push + pop",
            100_000,
            &[
                ("creel", || {
                    let queue = mpmc::Queue::new(CAPACITY);
                    pairs(move |i| {
                        queue.push(i).unwrap();
                        queue.pop().unwrap()
                    })
                }),
                ("crossbeam", || {
                    let queue = ArrayQueue::new(CAPACITY);
                    pairs(move |i| {
                        queue.push(i).unwrap();
                        queue.pop().unwrap()
                    })
                }),
            ],
        ),
        operation(
            "mpmc queue, two threads, a value",
            200_000,
            &[
                ("creel", || {
                    let start = || shared(mpmc::Queue::new(CAPACITY));
                    stream(start, |queue, i| queue.push(i).is_ok(), |queue| queue.pop())
                }),
                ("crossbeam", || {
                    let start = || shared(ArrayQueue::new(CAPACITY));
                    stream(start, |queue, i| queue.push(i).is_ok(), |queue| queue.pop())
                }),
            ],
        ),
        operation(
            "mpsc queue: push + pop",
            100_000,
            &[
                ("creel", || {
                    let (producer, mut consumer) = mpsc::queue();
                    pairs(move |i| {
                        producer.push(i);
                        consumer.pop().unwrap()
                    })
                }),
                ("crossbeam", || {
                    let queue = SegQueue::new();
                    pairs(move |i| {
                        queue.push(i);
                        queue.pop().unwrap()
                    })
                }),
                ("std", || {
                    let (producer, consumer) = std::sync::mpsc::channel();
                    pairs(move |i| {
                        producer.send(i).unwrap();
                        consumer.try_recv().unwrap()
                    })
                }),
            ],
        ),
        operation(
            "mpsc queue, two threads, a value",
            200_000,
            &[
                ("creel", || {
                    let push = |producer: &mut mpsc::Producer<_>, i| {
                        producer.push(i);
                        true
                    };
                    stream(mpsc::queue, push, |consumer| consumer.pop())
                }),
                ("crossbeam", || {
                    let push = |queue: &mut Arc<SegQueue<_>>, i| {
                        queue.push(i);
                        true
                    };
                    stream(|| shared(SegQueue::new()), push, |queue| queue.pop())
                }),
                ("std", || {
                    let push =
                        |producer: &mut std::sync::mpsc::Sender<_>, i| producer.send(i).is_ok();
                    stream(std::sync::mpsc::channel, push, |consumer| consumer.try_recv().ok())
                }),
            ],
        ),
    ]
}

fn rings() -> Vec<Operation> {
    vec![
        operation(
            "spsc ring: push + pop",
            200_000,
            &[
                ("creel", || {
                    let (mut producer, mut consumer) = spsc::ring(CAPACITY);
                    pairs(move |i| {
                        producer.push(i).unwrap();
                        consumer.pop().unwrap()
                    })
                }),
                ("rtrb", || {
                    let (mut producer, mut consumer) = rtrb::RingBuffer::new(CAPACITY);
                    pairs(move |i| {
                        producer.push(i).unwrap();
                        consumer.pop().unwrap()
                    })
                }),
            ],
        ),
        operation(
            "spsc ring: 64 in and out at once, a value",
            BATCH as u64 * 4_000,
            &[
                ("creel", || {
                    let (mut producer, mut consumer) = spsc::ring(CAPACITY);
                    let (from, mut to) = ([7; BATCH], [0; BATCH]);
                    Box::new(move |n| {
                        for _ in 0..n as usize / BATCH {
                            assert_eq!(producer.push_slice(&from), BATCH);
                            assert_eq!(consumer.pop_slice(&mut to), BATCH);
                        }
                    })
                }),
                ("rtrb", || {
                    let (mut producer, mut consumer) = rtrb::RingBuffer::new(CAPACITY);
                    let (from, mut to) = ([7; BATCH], [0; BATCH]);
                    Box::new(move |n| {
                        for _ in 0..n as usize / BATCH {
                            producer.push_entire_slice(&from).unwrap();
                            consumer.pop_entire_slice(&mut to).unwrap();
                        }
                    })
                }),
            ],
        ),
        operation(
            "spsc ring, two threads, a value",
            400_000,
            &[
                ("creel", || {
                    let start = || spsc::ring(CAPACITY);
                    stream(start, |to, i| to.push(i).is_ok(), |from| from.pop())
                }),
                ("rtrb", || {
                    let start = || rtrb::RingBuffer::new(CAPACITY);
                    stream(start, |to, i| to.push(i).is_ok(), |from| from.pop().ok())
                }),
            ],
        ),
    ]
}

fn deques() -> Vec<Operation> {
    vec![
        operation(
            "run queue: push + pop",
            100_000,
            &[
                ("creel", || {
                    let (worker, _) = run_queue::run_queue(256);
                    pairs(move |i| {
                        worker.push(i).unwrap();
                        worker.pop().unwrap()
                    })
                }),
                ("st3", || {
                    let worker = st3::fifo::Worker::new(256);
                    pairs(move |i| {
                        worker.push(i).unwrap();
                        worker.pop().unwrap()
                    })
                }),
                ("crossbeam", || {
                    let worker = crossbeam_deque::Worker::new_fifo();
                    pairs(move |i| {
                        worker.push(i);
                        worker.pop().unwrap()
                    })
                }),
            ],
        ),
        operation(
            "run queue: push + steal",
            100_000,
            &[
                ("creel", || {
                    let (worker, stealer) = run_queue::run_queue(256);
                    pairs(move |i| {
                        worker.push(i).unwrap();
                        stealer.steal().unwrap()
                    })
                }),
                ("st3", || {
                    let (worker, thief) =
                        (st3::fifo::Worker::new(256), st3::fifo::Worker::new(256));
                    let stealer = worker.stealer();
                    pairs(move |i| {
                        worker.push(i).unwrap();
                        stealer.steal_and_pop(&thief, |count| count).unwrap().0
                    })
                }),
                ("crossbeam", || {
                    let worker = crossbeam_deque::Worker::new_fifo();
                    let stealer = worker.stealer();
                    pairs(move |i| {
                        worker.push(i);
                        stealer.steal().success().unwrap()
                    })
                }),
            ],
        ),
        operation(
            "run queue: 64 in, half of them stolen, all out, a value",
            BATCH as u64 * 2_000,
            &[
                ("creel", || {
                    let (worker, stealer) = run_queue::run_queue(256);
                    let (thief, _) = run_queue::run_queue(256);
                    batches(move || {
                        (0..BATCH).for_each(|i| worker.push(i).unwrap());
                        stealer.steal_into(&thief).unwrap();
                        1 + drain(|| thief.pop()) + drain(|| worker.pop())
                    })
                }),
                ("st3", || {
                    let (worker, thief) =
                        (st3::fifo::Worker::new(256), st3::fifo::Worker::new(256));
                    let stealer = worker.stealer();
                    batches(move || {
                        (0..BATCH).for_each(|i| worker.push(i).unwrap());
                        stealer.steal_and_pop(&thief, |count| count.div_ceil(2)).unwrap();
                        1 + drain(|| thief.pop()) + drain(|| worker.pop())
                    })
                }),
                ("crossbeam", || {
                    let worker = crossbeam_deque::Worker::new_fifo();
                    let (stealer, thief) = (worker.stealer(), crossbeam_deque::Worker::new_fifo());
                    batches(move || {
                        (0..BATCH).for_each(|i| worker.push(i));
                        stealer.steal_batch_and_pop(&thief).success().unwrap();
                        1 + drain(|| thief.pop()) + drain(|| worker.pop())
                    })
                }),
            ],
        ),
        operation(
            "deque: push + pop",
            100_000,
            &[
                ("creel", || {
                    let (worker, _) = deque::deque();
                    pairs(move |i| {
                        worker.push(i);
                        worker.pop().unwrap()
                    })
                }),
                ("st3", || {
                    let worker = st3::lifo::Worker::new(256);
                    pairs(move |i| {
                        worker.push(i).unwrap();
                        worker.pop().unwrap()
                    })
                }),
                ("crossbeam", || {
                    let worker = crossbeam_deque::Worker::new_lifo();
                    pairs(move |i| {
                        worker.push(i);
                        worker.pop().unwrap()
                    })
                }),
            ],
        ),
        operation(
            "deque: 64 in, 64 out, a value",
            BATCH as u64 * 2_000,
            &[
                ("creel", || {
                    let (worker, _) = deque::deque();
                    batches(move || {
                        (0..BATCH).for_each(|i| worker.push(i));
                        drain(|| worker.pop())
                    })
                }),
                ("st3", || {
                    let worker = st3::lifo::Worker::new(256);
                    batches(move || {
                        (0..BATCH).for_each(|i| worker.push(i).unwrap());
                        drain(|| worker.pop())
                    })
                }),
                ("crossbeam", || {
                    let worker = crossbeam_deque::Worker::new_lifo();
                    batches(move || {
                        (0..BATCH).for_each(|i| worker.push(i));
                        drain(|| worker.pop())
                    })
                }),
            ],
        ),
        operation(
            "deque: push + steal",
            100_000,
            &[
                ("creel", || {
                    let (worker, stealer) = deque::deque();
                    pairs(move |i| {
                        worker.push(i);
                        stealer.steal().unwrap()
                    })
                }),
                ("st3", || {
                    let (worker, thief) =
                        (st3::lifo::Worker::new(256), st3::lifo::Worker::new(256));
                    let stealer = worker.stealer();
                    pairs(move |i| {
                        worker.push(i).unwrap();
                        stealer.steal_and_pop(&thief, |count| count).unwrap().0
                    })
                }),
                ("crossbeam", || {
                    let worker = crossbeam_deque::Worker::new_lifo();
                    let stealer = worker.stealer();
                    pairs(move |i| {
                        worker.push(i);
                        stealer.steal().success().unwrap()
                    })
                }),
            ],
        ),
    ]
}

fn stacks() -> Vec<Operation> {
    vec![operation(
        "stack: push + pop",
        100_000,
        &[
            ("creel", || {
                let stack = Stack::new();
                pairs(move |i| {
                    stack.push(i);
                    stack.pop().unwrap()
                })
            }),
            ("Mutex<Vec>", || {
                let stack = Mutex::new(Vec::new());
                pairs(move |i| {
                    stack.lock().unwrap().push(i);
                    stack.lock().unwrap().pop().unwrap()
                })
            }),
        ],
    )]
}
