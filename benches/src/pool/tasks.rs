//! Starting, waiting, yielding.

use super::{Creel, Pool, Smol, Tokio, on_each, operation};
use crate::{Operation, Run};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Thread};

pub fn operations() -> Vec<Operation> {
    let storm = |name, run: [fn() -> Run; 3]| {
        operation(name, 40_000, &[("creel", run[0]), ("tokio", run[1]), ("smol", run[2])])
    };
    vec![
        on_each!("spawn + join", 50_000, spawn_and_join),
        operation(
            "pool: spawn + join from outside",
            2_000,
            &[
                ("creel", spawn_and_join_outside::<Creel>),
                ("tokio", spawn_and_join_outside::<Tokio>),
                ("smol", spawn_and_join_outside::<Smol>),
            ],
        ),
        operation(
            "pool: spawn + join in block_on",
            20_000,
            &[
                ("creel", spawn_and_join_in_block_on::<Creel>),
                ("tokio", spawn_and_join_in_block_on::<Tokio>),
                ("smol", spawn_and_join_in_block_on::<Smol>),
            ],
        ),
        on_each!("spawn 1,000, join all", 50_000, spawn_many),
        storm(
            "pool: spawn storm from outside",
            [storm_of::<Creel, 1>, storm_of::<Tokio, 1>, storm_of::<Smol, 1>],
        ),
        storm(
            "pool: spawn storm from 2 threads outside",
            [storm_of::<Creel, 2>, storm_of::<Tokio, 2>, storm_of::<Smol, 2>],
        ),
        storm(
            "pool: spawn storm from 4 threads outside",
            [storm_of::<Creel, 4>, storm_of::<Tokio, 4>, storm_of::<Smol, 4>],
        ),
        on_each!("chained spawn", 50_000, chain),
        on_each!("skynet, 100,000 leaves, a leaf", LEAVES, skynet),
        on_each!("binary fan-out, a task", FAN_OUT, fan_out),
        on_each!("yield, one task alone", 100_000, yield_alone),
        on_each!("yield, 1,000 tasks in turn", 200_000, yield_in_turn),
        on_each!("spawn_blocking, round trip", 1_000, block),
    ]
}

async fn spawn_and_join<P: Pool>(n: u64) {
    for i in 0..n {
        P::spawn(async move { i }).await;
    }
}

/// As `main` does.
fn spawn_and_join_in_block_on<P: Pool>() -> Run {
    Box::new(|n| {
        P::block_on(async move {
            for i in 0..n {
                P::submit(async move { i }).await;
            }
        });
    })
}

fn spawn_and_join_outside<P: Pool>() -> Run {
    Box::new(|n| {
        for i in 0..n {
            futures_lite::future::block_on(P::submit(async move { i }));
        }
    })
}

async fn spawn_many<P: Pool>(n: u64) {
    for _ in 0..n / 1_000 {
        let tasks: Vec<_> = (0..1_000).map(|i| P::spawn(async move { i })).collect();
        for task in tasks {
            task.await;
        }
    }
}

/// Wakes a thread when so many tasks have run.
struct Countdown {
    left: AtomicU64,
    waits: Thread,
}

impl Countdown {
    fn new(left: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(left), waits: thread::current() })
    }

    fn count(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waits.unpark();
        }
    }

    fn wait(&self) {
        while self.left.load(Ordering::Acquire) > 0 {
            thread::park();
        }
    }
}

/// So many threads start tasks at once.
fn storm_of<P: Pool, const THREADS: u64>() -> Run {
    Box::new(|n| {
        let countdown = Countdown::new(n / THREADS * THREADS);
        let submit = || {
            for _ in 0..n / THREADS {
                let countdown = countdown.clone();
                P::detach(async move { countdown.count() });
            }
        };
        thread::scope(|scope| {
            (1..THREADS).for_each(|_| drop(scope.spawn(submit)));
            submit();
        });
        countdown.wait();
    })
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Each task starts the next; the last one ends the wait.
async fn chain<P: Pool>(n: u64) {
    fn link<P: Pool>(left: u64, done: futures::channel::oneshot::Sender<()>) -> Boxed<()> {
        Box::pin(async move {
            if left == 0 {
                return done.send(()).unwrap();
            }
            P::detach(link::<P>(left - 1, done));
        })
    }
    let (done, ended) = futures::channel::oneshot::channel();
    P::detach(link::<P>(n, done));
    ended.await.unwrap();
}

const LEAVES: u64 = 100_000;

/// Ten children each, down to the leaves.
async fn skynet<P: Pool>(n: u64) {
    fn node<P: Pool>(number: u64, size: u64) -> Boxed<u64> {
        Box::pin(async move {
            if size == 1 {
                return number;
            }
            let below = size / 10;
            let start = |child| P::spawn(node::<P>(number + child * below, below));
            let children: Vec<_> = (0..10).map(start).collect();
            let mut sum = 0;
            for child in children {
                sum += child.await;
            }
            sum
        })
    }
    for _ in 0..n / LEAVES {
        assert_eq!(node::<P>(0, LEAVES).await, LEAVES * (LEAVES - 1) / 2);
    }
}

const DEPTH: u32 = 14;
/// How many tasks that makes.
const FAN_OUT: u64 = (2 << DEPTH) - 1;

/// Every task starts two, and gives way before it ends.
async fn fan_out<P: Pool>(n: u64) {
    fn node<P: Pool>(depth: u32) -> Boxed<u64> {
        Box::pin(async move {
            if depth == 0 {
                P::yield_now().await;
                return 1;
            }
            let children = [(); 2].map(|()| P::spawn(node::<P>(depth - 1)));
            let mut sum = 1;
            for child in children {
                sum += child.await;
            }
            sum
        })
    }
    for _ in 0..n / FAN_OUT {
        assert_eq!(node::<P>(DEPTH).await, FAN_OUT);
    }
}

async fn yield_alone<P: Pool>(n: u64) {
    for _ in 0..n {
        P::yield_now().await;
    }
}

async fn yield_in_turn<P: Pool>(n: u64) {
    let give_way = move |_| {
        P::spawn(async move {
            for _ in 0..n / 1_000 {
                P::yield_now().await;
            }
        })
    };
    let tasks: Vec<_> = (0..1_000).map(give_way).collect();
    for task in tasks {
        task.await;
    }
}

async fn block<P: Pool>(n: u64) {
    for _ in 0..n {
        P::spawn_blocking(|| ()).await;
    }
}
