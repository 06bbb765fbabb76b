//! The lock-free collections, where tasks take turns at their ends.

use creel::collections::{Stack, deque, mpmc, mpsc, run_queue, spsc};
use creel::task::yield_now;
use std::sync::Arc;

cases! { "collections":

async fn a_bounded_queue_gives_back_what_does_not_fit() {
    let queue = Arc::new(mpmc::Queue::new(3));
    let taker = {
        let queue = Arc::clone(&queue);
        creel::spawn(async move {
            let mut all = Vec::new();
            while all.len() < 10 {
                match queue.pop() {
                    Some(number) => all.push(number),
                    None => yield_now().await,
                }
            }
            all
        })
    };
    for number in 0..10 {
        while queue.push(number).is_err() {
            yield_now().await;
        }
    }
    assert!(taker.await.unwrap().into_iter().eq(0..10));
}

async fn a_ring_moves_batches() {
    let (mut producer, mut consumer) = spsc::ring(4);
    creel::spawn(async move {
        let mut numbers = 0..10;
        while !numbers.is_empty() {
            producer.push_many(&mut numbers);
            yield_now().await;
        }
    });
    let mut all = Vec::new();
    while !(consumer.is_abandoned() && consumer.is_empty()) {
        all.extend(consumer.drain());
        yield_now().await;
    }
    assert!(all.into_iter().eq(0..10));
}

async fn a_queue_in_blocks_gathers_from_many() {
    let (producer, mut consumer) = mpsc::queue();
    for first in [0, 100, 200] {
        let producer = producer.clone();
        creel::spawn(async move {
            for number in first..first + 50 {
                producer.push(number);
                yield_now().await;
            }
        });
    }
    drop(producer);
    let mut next = [0, 100, 200];
    while !(consumer.is_abandoned() && consumer.is_empty()) {
        while let Some(number) = consumer.pop() {
            assert_eq!(number, next[number / 100], "each producer's own order");
            next[number / 100] += 1;
        }
        yield_now().await;
    }
    assert_eq!(next, [50, 150, 250]);
}

async fn what_a_worker_queues_is_stolen_oldest_first() {
    let (worker, stealer) = deque::deque();
    (0..100_usize).for_each(|number| worker.push(number));
    let thief = creel::spawn(async move { [stealer.steal(), stealer.steal()] });
    assert_eq!(thief.await.unwrap(), [Some(0), Some(1)]);
    assert_eq!(worker.pop(), Some(99));

    let (worker, stealer) = run_queue::run_queue(8);
    (0..8_usize).for_each(|number| worker.push(number).unwrap());
    let thief = creel::spawn(async move {
        let (mine, _) = run_queue::run_queue(8);
        (stealer.steal_into(&mine), mine.len())
    });
    assert_eq!(thief.await.unwrap(), (Some(0), 3));
    assert_eq!(worker.pop(), Some(4));
}

async fn a_stack_gives_the_last_first() {
    let stack = Arc::new(Stack::new());
    for number in 0..3 {
        let stack = Arc::clone(&stack);
        creel::spawn(async move { stack.push(number) }).await.unwrap();
    }
    assert_eq!(stack.pop(), Some(2));
    assert!(stack.take_all().eq([1, 0]));
}

}
