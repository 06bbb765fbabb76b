//! Timers.

use crate::{Operation, operation, runs};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Polls a future once and drops it.
async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

const LONG: Duration = Duration::from_secs(60);

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
        operation(
            "pool of 2: timer: create, poll, cancel, in 2 tasks",
            40_000,
            &[
                ("creel", || {
                    let mut builder = creel::runtime::Builder::new_multi_thread();
                    let runtime = builder.worker_threads(2).build().unwrap();
                    Box::new(move |n| {
                        let tasks = [(); 2].map(|()| {
                            runtime.spawn(async move {
                                for _ in 0..n / 2 {
                                    poll_once(creel::time::sleep(LONG)).await;
                                }
                            })
                        });
                        runtime.block_on(async {
                            for task in tasks {
                                task.await.unwrap();
                            }
                        });
                    })
                }),
                ("tokio", || {
                    let mut builder = tokio::runtime::Builder::new_multi_thread();
                    let runtime = builder.worker_threads(2).enable_time().build().unwrap();
                    Box::new(move |n| {
                        let tasks = [(); 2].map(|()| {
                            runtime.spawn(async move {
                                for _ in 0..n / 2 {
                                    poll_once(tokio::time::sleep(LONG)).await;
                                }
                            })
                        });
                        runtime.block_on(async {
                            for task in tasks {
                                task.await.unwrap();
                            }
                        });
                    })
                }),
            ],
        ),
        operation(
            "10,000 timers armed, then dropped, a timer",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n / 10_000 {
                            let mut timers: Vec<_> = (0..10_000_u64)
                                .map(|i| {
                                    Box::pin(creel::time::sleep(LONG + Duration::from_micros(i)))
                                })
                                .collect();
                            for timer in &mut timers {
                                poll_once(timer).await;
                            }
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for _ in 0..n / 10_000 {
                            let mut timers: Vec<_> = (0..10_000_u64)
                                .map(|i| {
                                    Box::pin(tokio::time::sleep(LONG + Duration::from_micros(i)))
                                })
                                .collect();
                            for timer in &mut timers {
                                poll_once(timer).await;
                            }
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|_, n| async move {
                        for _ in 0..n / 10_000 {
                            let mut timers: Vec<_> = (0..10_000_u64)
                                .map(|i| {
                                    Box::pin(async_io::Timer::after(
                                        LONG + Duration::from_micros(i),
                                    ))
                                })
                                .collect();
                            for timer in &mut timers {
                                poll_once(timer).await;
                            }
                        }
                    })
                }),
            ],
        ),
    ]
}
