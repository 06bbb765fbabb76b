//! Locks and signals.

use crate::{Operation, operation, runs};
use std::sync::Arc;

/// How many tasks meet at the barrier.
const CROWD: usize = 8;

/// `n` times: take a lock without anybody else, and give it back.
macro_rules! uncontended {
    ($run:ident, $lock:expr, $take:ident) => {
        || {
            runs::$run(move |n| async move {
                let lock = $lock;
                for _ in 0..n {
                    drop(lock.$take().await);
                }
            })
        }
    };
}

/// `n` times in all: 16 tasks queue for a mutex and yield while they hold it.
macro_rules! queue {
    ($run:ident, $runtime:ident, $mutex:expr) => {
        || {
            runs::$run(move |n| async move {
                let mutex = Arc::new($mutex);
                let tasks: Vec<_> = (0..16)
                    .map(|_| {
                        let mutex = mutex.clone();
                        $runtime::spawn(async move {
                            for _ in 0..n / 16 {
                                let guard = mutex.lock().await;
                                $runtime::task::yield_now().await;
                                drop(guard);
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            })
        }
    };
}

macro_rules! notify_ping_pong {
    ($run:ident, $runtime:ident) => {
        || {
            runs::$run(move |n| async move {
                let pair = Arc::new(($runtime::sync::Notify::new(), $runtime::sync::Notify::new()));
                let other = pair.clone();
                $runtime::spawn(async move {
                    for _ in 0..n {
                        other.0.notified().await;
                        other.1.notify_one();
                    }
                });
                $runtime::spawn(async move {
                    for _ in 0..n {
                        pair.0.notify_one();
                        pair.1.notified().await;
                    }
                })
                .await
                .unwrap();
            })
        }
    };
}

macro_rules! meetings {
    ($run:ident, $runtime:ident, $barrier:expr) => {
        || {
            runs::$run(move |n| async move {
                let barrier = Arc::new($barrier);
                let tasks: Vec<_> = (0..CROWD)
                    .map(|_| {
                        let barrier = barrier.clone();
                        $runtime::spawn(async move {
                            for _ in 0..n / CROWD as u64 {
                                barrier.wait().await;
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            })
        }
    };
}

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "mutex, uncontended",
            50_000,
            &[
                ("creel", uncontended!(creel, creel::sync::Mutex::new(0), lock)),
                ("tokio", uncontended!(tokio, tokio::sync::Mutex::new(0), lock)),
                ("async-lock", uncontended!(creel, async_lock::Mutex::new(0), lock)),
                ("futures", uncontended!(creel, futures::lock::Mutex::new(0), lock)),
            ],
        ),
        operation(
            "mutex, queue of 16",
            32_000,
            &[
                ("creel", queue!(creel, creel, creel::sync::Mutex::new(0))),
                ("tokio", queue!(tokio, tokio, tokio::sync::Mutex::new(0))),
                ("async-lock", queue!(creel, creel, async_lock::Mutex::new(0))),
                ("futures", queue!(creel, creel, futures::lock::Mutex::new(0))),
            ],
        ),
        operation(
            "rwlock, uncontended read",
            50_000,
            &[
                ("creel", uncontended!(creel, creel::sync::RwLock::new(0), read)),
                ("tokio", uncontended!(tokio, tokio::sync::RwLock::new(0), read)),
                ("async-lock", uncontended!(creel, async_lock::RwLock::new(0), read)),
            ],
        ),
        operation(
            "semaphore, uncontended",
            50_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let semaphore = creel::sync::Semaphore::new(10);
                        for _ in 0..n {
                            drop(semaphore.acquire().await.unwrap());
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let semaphore = tokio::sync::Semaphore::new(10);
                        for _ in 0..n {
                            drop(semaphore.acquire().await.unwrap());
                        }
                    })
                }),
                ("async-lock", uncontended!(creel, async_lock::Semaphore::new(10), acquire)),
            ],
        ),
        operation(
            "notify ping-pong, round trip",
            20_000,
            &[
                ("creel", notify_ping_pong!(creel, creel)),
                ("tokio", notify_ping_pong!(tokio, tokio)),
            ],
        ),
        operation(
            "barrier of 8, a task",
            32_000,
            &[
                ("creel", meetings!(creel, creel, creel::sync::Barrier::new(CROWD))),
                ("tokio", meetings!(tokio, tokio, tokio::sync::Barrier::new(CROWD))),
                ("mea", meetings!(creel, creel, mea::barrier::Barrier::new(CROWD as u32))),
                ("async-lock", meetings!(creel, creel, async_lock::Barrier::new(CROWD))),
            ],
        ),
    ]
}
