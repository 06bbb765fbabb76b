//! How late something comes, and what it costs.

use super::{Creel, Pool, Smol, Tokio};
use futures::task::AtomicWaker;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

/// Something that is late each time it happens.
pub struct Latency {
    /// What it is.
    pub name: &'static str,
    /// Who is late; creel first.
    pub peers: [(&'static str, Delays); 3],
}

/// The delays of one round, in nanoseconds.
pub type Delays = fn() -> Vec<u64>;

/// All of them, in the order of the table.
pub fn latencies() -> Vec<Latency> {
    vec![
        Latency {
            name: "pool: wake from another thread, everybody sleeps",
            peers: [
                ("creel", wake_sleeping::<Creel>),
                ("tokio", wake_sleeping::<Tokio>),
                ("smol", wake_sleeping::<Smol>),
            ],
        },
        Latency {
            name: "pool: 100,000 timers firing within a second",
            peers: [("creel", fire::<Creel>), ("tokio", fire::<Tokio>), ("smol", fire::<Smol>)],
        },
        Latency {
            name: "pool: sleep of 1 ms",
            peers: [
                ("creel", sleep_briefly::<Creel>),
                ("tokio", sleep_briefly::<Tokio>),
                ("smol", sleep_briefly::<Smol>),
            ],
        },
    ]
}

/// A bell that tells when it was rung.
#[derive(Default)]
struct Bell {
    rings: AtomicUsize,
    heard: AtomicUsize,
    at: AtomicU64,
    waker: AtomicWaker,
}

fn wake_sleeping<P: Pool>() -> Vec<u64> {
    const RINGS: usize = 200;
    let (bell, start) = (Arc::new(Bell::default()), Instant::now());
    let now = move || start.elapsed().as_nanos() as u64;
    let listening = {
        let (bell, mut delays) = (bell.clone(), Vec::with_capacity(RINGS));
        P::submit(poll_fn(move |cx| {
            bell.waker.register(cx.waker());
            while bell.rings.load(Ordering::Acquire) > delays.len() {
                delays.push(now() - bell.at.load(Ordering::Relaxed));
                bell.heard.store(delays.len(), Ordering::Release);
            }
            if delays.len() < RINGS {
                return Poll::Pending;
            }
            Poll::Ready(std::mem::take(&mut delays))
        }))
    };
    for ring in 0..RINGS {
        while bell.heard.load(Ordering::Acquire) < ring {
            thread::yield_now();
        }
        // Long enough for the workers to fall asleep.
        thread::sleep(Duration::from_micros(500));
        bell.at.store(now(), Ordering::Relaxed);
        bell.rings.store(ring + 1, Ordering::Release);
        bell.waker.wake();
    }
    futures_lite::future::block_on(listening)
}

fn fire<P: Pool>() -> Vec<u64> {
    const TIMERS: u64 = 100_000;
    futures_lite::future::block_on(P::submit(async {
        let start = Instant::now() + Duration::from_millis(200);
        let sleepers: Vec<_> = (0..TIMERS)
            .map(|i| {
                let due = start + Duration::from_micros(10 * i);
                P::spawn(async move {
                    P::sleep(due.saturating_duration_since(Instant::now())).await;
                    due.elapsed().as_nanos() as u64
                })
            })
            .collect();
        let mut delays = Vec::with_capacity(sleepers.len());
        for sleeper in sleepers {
            delays.push(sleeper.await);
        }
        delays
    }))
}

fn sleep_briefly<P: Pool>() -> Vec<u64> {
    const TIME: Duration = Duration::from_millis(1);
    futures_lite::future::block_on(P::submit(async {
        let mut delays = Vec::new();
        for _ in 0..50 {
            let due = Instant::now() + TIME;
            P::sleep(TIME).await;
            delays.push(due.elapsed().as_nanos() as u64);
        }
        delays
    }))
}
