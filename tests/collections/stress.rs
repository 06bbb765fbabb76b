//! Threads against each other: every value that goes in comes out, once, and in order where an
//! order is promised.

use creel::collections::{Stack, deque, mpmc, mpsc, run_queue, spsc};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many values each producer sends.
const EACH: usize = if cfg!(miri) { 40 } else { 50_000 };

/// A value in a box, so that sanitizers see what is lost, kept or used too long.
type Value = Box<usize>;

fn value(producer: usize, number: usize) -> Value {
    Box::new(producer * EACH + number)
}

/// Checks that one consumer sees the values of each producer in order.
fn in_order(all: &[Value]) {
    let mut last = BTreeMap::new();
    for value in all {
        let (producer, number) = (**value / EACH, **value % EACH);
        let before = last.insert(producer, number);
        assert!(before.is_none_or(|before| before < number), "producer {producer} out of order");
    }
}

fn complete(producers: usize, all: impl IntoIterator<Item = Vec<Value>>) {
    let mut all: Vec<usize> = all.into_iter().flatten().map(|value| *value).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..producers * EACH), "lost or double");
}

/// Runs consumers until they have taken everything that the producers put in.
fn run(
    producers: usize,
    consumers: usize,
    push: impl Fn(Value) + Sync,
    pop: impl Fn() -> Option<Value> + Sync,
) -> Vec<Vec<Value>> {
    let left = AtomicUsize::new(producers * EACH);
    thread::scope(|scope| {
        for producer in 0..producers {
            let push = &push;
            scope.spawn(move || (0..EACH).for_each(|number| push(value(producer, number))));
        }
        let consume = || {
            let mut all = Vec::new();
            while left.load(Ordering::Relaxed) != 0 {
                match pop() {
                    Some(value) => {
                        left.fetch_sub(1, Ordering::Relaxed);
                        all.push(value);
                    }
                    None => thread::yield_now(),
                }
            }
            all
        };
        let threads: Vec<_> = (0..consumers).map(|_| scope.spawn(consume)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_bounded_queue_between_many() {
    for capacity in [1, 3, 64] {
        let queue = mpmc::Queue::new(capacity);
        let push = |mut value| {
            while let Err(back) = queue.push(value) {
                value = back;
                thread::yield_now();
            }
        };
        let all = run(2, 2, push, || queue.pop());
        all.iter().for_each(|all| in_order(all));
        complete(2, all);
    }
}

#[test]
fn a_bounded_queue_that_pushes_out() {
    let queue = mpmc::Queue::new(2);
    let out = Stack::new();
    let push = |value| {
        if let Some(value) = queue.force_push(value) {
            out.push(value);
        }
    };
    complete(2, run(2, 2, push, || queue.pop().or_else(|| out.pop())));
}

#[test]
fn a_queue_in_blocks_from_many() {
    let (producer, mut consumer) = mpsc::queue();
    let all = thread::scope(|scope| {
        for number in 0..3 {
            let producer = producer.clone();
            scope.spawn(move || (0..EACH).for_each(|it| producer.push(value(number, it))));
        }
        drop(producer);
        let mut all = Vec::new();
        loop {
            let last = consumer.is_abandoned();
            match consumer.pop() {
                Some(value) => all.push(value),
                None if last => return all,
                None => thread::yield_now(),
            }
        }
    });
    in_order(&all);
    complete(3, [all]);
}

#[test]
fn a_ring_by_one_and_in_batches() {
    for batch in [1, 7] {
        let (mut producer, mut consumer) = spsc::ring(5);
        let all = thread::scope(|scope| {
            scope.spawn(move || {
                let mut values = (0..EACH).map(|number| value(0, number)).peekable();
                while values.peek().is_some() {
                    if batch == 1 && !producer.is_full() {
                        producer.push(values.next().unwrap()).unwrap();
                    } else if producer.push_many(&mut values.by_ref().take(batch)) == 0 {
                        thread::yield_now();
                    }
                }
            });
            let mut all = Vec::new();
            while !(consumer.is_abandoned() && consumer.is_empty()) {
                let before = all.len();
                if batch == 1 {
                    all.extend(consumer.pop());
                } else {
                    all.extend(consumer.drain().take(batch));
                }
                if all.len() == before {
                    thread::yield_now();
                }
            }
            all
        });
        in_order(&all);
        complete(1, [all]);
    }
}

/// One worker that pushes all and pops some, and two thieves.
fn robbed<S: Sync>(
    stealer: S,
    mut work: impl FnMut(Value) -> Option<Value> + Send,
    rest: impl Fn(&S) -> Vec<Value> + Sync,
) {
    let left = AtomicUsize::new(EACH);
    let all = thread::scope(|scope| {
        let rob = || {
            let mut all = Vec::new();
            while left.load(Ordering::Relaxed) != 0 {
                let stolen = rest(&stealer);
                if stolen.is_empty() {
                    thread::yield_now();
                }
                left.fetch_sub(stolen.len(), Ordering::Relaxed);
                all.extend(stolen);
            }
            all
        };
        let thieves = [scope.spawn(rob), scope.spawn(rob)];
        let mut mine = Vec::new();
        for number in 0..EACH {
            mine.extend(work(value(0, number)));
        }
        left.fetch_sub(mine.len(), Ordering::Relaxed);
        let mut all: Vec<_> = thieves.into_iter().map(|thief| thief.join().unwrap()).collect();
        all.push(mine);
        all
    });
    complete(1, all);
}

#[test]
fn a_deque_that_is_robbed() {
    let (worker, stealer) = deque::deque();
    let mut count = 0;
    let work = move |value| {
        worker.push(value);
        count += 1;
        // Bursts, so that it grows and runs dry.
        if count % 100 < 60 { None } else { worker.pop() }
    };
    robbed(stealer, work, |stealer| stealer.steal().into_iter().collect());
}

#[test]
fn a_deque_that_is_robbed_by_halves() {
    let (worker, stealer) = deque::deque();
    let mut count = 0;
    let work = move |value| {
        worker.push(value);
        count += 1;
        if count % 3 == 0 { worker.pop() } else { None }
    };
    robbed(stealer, work, |stealer| {
        let (mine, _) = deque::deque();
        let first = stealer.steal_into(&mine);
        first.into_iter().chain(std::iter::from_fn(|| mine.pop())).collect()
    });
}

#[test]
fn a_run_queue_that_is_robbed() {
    let (worker, stealer) = run_queue::run_queue(16);
    let mut count = 0;
    let work = move |mut value| {
        count += 1;
        while let Err(back) = worker.push(value) {
            value = back;
            thread::yield_now();
        }
        if count % 3 == 0 { worker.pop() } else { None }
    };
    robbed(stealer, work, |stealer| {
        let (mine, _) = run_queue::run_queue(4);
        let first = stealer.steal_into(&mine);
        first.into_iter().chain(std::iter::from_fn(|| mine.pop())).collect()
    });
}

#[test]
fn a_stack_between_many() {
    let stack = Stack::new();
    complete(2, run(2, 2, |value| stack.push(value), || stack.pop()));
    let work = |value| {
        stack.push(value);
        stack.pop()
    };
    robbed(&stack, work, |stack| stack.take_all().collect());
}
