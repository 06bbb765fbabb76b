//! Timers.

use crate::{Operation, Run, operation, runs};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// Polls a future once and drops it.
pub async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Longer than any measurement.
pub const LONG: Duration = Duration::from_secs(60);

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "timer: create, poll, cancel",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n {
                            poll_once(creel::time::sleep(LONG)).await;
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for _ in 0..n {
                            poll_once(tokio::time::sleep(LONG)).await;
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|_, n| async move {
                        for _ in 0..n {
                            poll_once(async_io::Timer::after(LONG)).await;
                        }
                    })
                }),
            ],
        ),
        operation("10,000 timers armed, then dropped, a timer", 20_000, &armed::<10_000>()),
        operation("1 M timers armed, then dropped, a timer", 1_000_000, &armed::<1_000_000>()),
    ]
}

/// Peers that arm so many timers, or all that are asked for if those are fewer, and drop them.
fn armed<const MANY: u64>() -> [(&'static str, fn() -> Run); 3] {
    [
        ("creel", || {
            runs::creel(|n| async move {
                for _ in 0..(n / MANY).max(1) {
                    let mut timers: Vec<_> =
                        durations(n.min(MANY)).map(|it| Box::pin(creel::time::sleep(it))).collect();
                    for timer in &mut timers {
                        poll_once(timer).await;
                    }
                }
            })
        }),
        ("tokio", || {
            runs::tokio(|n| async move {
                for _ in 0..(n / MANY).max(1) {
                    let mut timers: Vec<_> =
                        durations(n.min(MANY)).map(|it| Box::pin(tokio::time::sleep(it))).collect();
                    for timer in &mut timers {
                        poll_once(timer).await;
                    }
                }
            })
        }),
        ("smol", || {
            runs::smol(|_, n| async move {
                for _ in 0..(n / MANY).max(1) {
                    let mut timers: Vec<_> = durations(n.min(MANY))
                        .map(|it| Box::pin(async_io::Timer::after(it)))
                        .collect();
                    for timer in &mut timers {
                        poll_once(timer).await;
                    }
                }
            })
        }),
    ]
}

fn durations(count: u64) -> impl Iterator<Item = Duration> {
    (0..count).map(|i| LONG + Duration::from_micros(i))
}

/// What a timer takes in the future that waits with it.
pub fn bytes_of_a_timer() -> Vec<(&'static str, usize)> {
    vec![
        ("creel", size_of::<creel::time::Sleep>()),
        ("tokio", size_of::<tokio::time::Sleep>()),
        ("smol", size_of::<async_io::Timer>()),
    ]
}

const NAP: Duration = Duration::from_millis(1);
const NAPS: usize = 300;

/// By how much a sleep of a millisecond is late, in microseconds, the median of many.
pub fn lateness() -> Vec<(&'static str, f64)> {
    async fn measure<F: Future>(sleep: impl Fn() -> F) -> f64 {
        let mut late = Vec::new();
        for _ in 0..NAPS {
            let start = Instant::now();
            sleep().await;
            late.push(start.elapsed() - NAP);
        }
        late.sort();
        late[NAPS / 2].as_nanos() as f64 / 1e3
    }
    let creel = creel::runtime::Builder::new_current_thread().build().unwrap();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    vec![
        ("creel", creel.block_on(measure(|| creel::time::sleep(NAP)))),
        ("tokio", tokio.block_on(measure(|| tokio::time::sleep(NAP)))),
        ("smol", async_io::block_on(measure(|| async_io::Timer::after(NAP)))),
    ]
}
