//! Starting, waiting, yielding, waking.

use crate::{Operation, operation, runs};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "spawn + join",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for i in 0..n {
                            creel::spawn(async move { i }).await.unwrap();
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for i in 0..n {
                            tokio::spawn(async move { i }).await.unwrap();
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        for i in 0..n {
                            executor.spawn(async move { i }).await;
                        }
                    })
                }),
            ],
        ),
        operation(
            "spawn 1,000, join all",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n / 1_000 {
                            let tasks: Vec<_> =
                                (0..1_000).map(|i| creel::spawn(async move { i })).collect();
                            for task in tasks {
                                task.await.unwrap();
                            }
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for _ in 0..n / 1_000 {
                            let tasks: Vec<_> =
                                (0..1_000).map(|i| tokio::spawn(async move { i })).collect();
                            for task in tasks {
                                task.await.unwrap();
                            }
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        for _ in 0..n / 1_000 {
                            let tasks: Vec<_> =
                                (0..1_000).map(|i| executor.spawn(async move { i })).collect();
                            for task in tasks {
                                task.await;
                            }
                        }
                    })
                }),
            ],
        ),
        operation(
            "chained spawn: each task starts the next",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (last, ended) = futures::channel::oneshot::channel();
                        creel_chain(n, last);
                        ended.await.unwrap();
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (last, ended) = futures::channel::oneshot::channel();
                        tokio_chain(n, last);
                        ended.await.unwrap();
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        let (last, ended) = futures::channel::oneshot::channel();
                        smol_chain(executor, n, last);
                        ended.await.unwrap();
                    })
                }),
            ],
        ),
        operation(
            "skynet of 1 M leaves, a leaf",
            1_000_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n / skynet_leaves(n) {
                            let leaves = skynet_leaves(n);
                            assert_eq!(creel_skynet(0, leaves).await, leaves * (leaves - 1) / 2);
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for _ in 0..n / skynet_leaves(n) {
                            let leaves = skynet_leaves(n);
                            assert_eq!(tokio_skynet(0, leaves).await, leaves * (leaves - 1) / 2);
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        for _ in 0..n / skynet_leaves(n) {
                            let leaves = skynet_leaves(n);
                            let sum = smol_skynet(executor.clone(), 0, leaves).await;
                            assert_eq!(sum, leaves * (leaves - 1) / 2);
                        }
                    })
                }),
            ],
        ),
        operation(
            "yield, one task alone",
            50_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        creel::spawn(async move {
                            for _ in 0..n {
                                creel::task::yield_now().await;
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        tokio::spawn(async move {
                            for _ in 0..n {
                                tokio::task::yield_now().await;
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        executor
                            .spawn(async move {
                                for _ in 0..n {
                                    futures_lite::future::yield_now().await;
                                }
                            })
                            .await;
                    })
                }),
            ],
        ),
        operation(
            "yield, 1,000 tasks in turn",
            200_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let tasks: Vec<_> = (0..1_000)
                            .map(|_| {
                                creel::spawn(async move {
                                    for _ in 0..n / 1_000 {
                                        creel::task::yield_now().await;
                                    }
                                })
                            })
                            .collect();
                        for task in tasks {
                            task.await.unwrap();
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let tasks: Vec<_> = (0..1_000)
                            .map(|_| {
                                tokio::spawn(async move {
                                    for _ in 0..n / 1_000 {
                                        tokio::task::yield_now().await;
                                    }
                                })
                            })
                            .collect();
                        for task in tasks {
                            task.await.unwrap();
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        let tasks: Vec<_> = (0..1_000)
                            .map(|_| {
                                executor.spawn(async move {
                                    for _ in 0..n / 1_000 {
                                        futures_lite::future::yield_now().await;
                                    }
                                })
                            })
                            .collect();
                        for task in tasks {
                            task.await;
                        }
                    })
                }),
            ],
        ),
        operation(
            "wake ping-pong of two tasks, round trip",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let table = Table::new();
                        let other = creel::task::spawn_local(table.side(1, n));
                        creel::task::spawn_local(table.side(0, n)).await.unwrap();
                        other.await.unwrap();
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let set = tokio::task::LocalSet::new();
                        set.run_until(async move {
                            let table = Table::new();
                            let other = tokio::task::spawn_local(table.side(1, n));
                            tokio::task::spawn_local(table.side(0, n)).await.unwrap();
                            other.await.unwrap();
                        })
                        .await;
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        let table = Table::new();
                        let other = executor.spawn(table.side(1, n));
                        executor.spawn(table.side(0, n)).await;
                        other.await;
                    })
                }),
            ],
        ),
        operation(
            "block_on of a ready future",
            20_000,
            &[
                ("creel", || {
                    let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
                    Box::new(move |n| (0..n).for_each(|_| runtime.block_on(async {})))
                }),
                ("tokio", || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    Box::new(move |n| (0..n).for_each(|_| runtime.block_on(async {})))
                }),
                ("smol", || {
                    Box::new(|n| (0..n).for_each(|_| futures_lite::future::block_on(async {})))
                }),
            ],
        ),
    ]
}

type Last = futures::channel::oneshot::Sender<()>;

fn creel_chain(left: u64, last: Last) {
    creel::spawn(async move {
        match left {
            0 => last.send(()).unwrap(),
            _ => creel_chain(left - 1, last),
        }
    });
}

fn tokio_chain(left: u64, last: Last) {
    tokio::spawn(async move {
        match left {
            0 => last.send(()).unwrap(),
            _ => tokio_chain(left - 1, last),
        }
    });
}

fn smol_chain(executor: runs::Smol, left: u64, last: Last) {
    let on = executor.clone();
    let next = async move {
        match left {
            0 => last.send(()).unwrap(),
            _ => smol_chain(executor, left - 1, last),
        }
    };
    on.spawn(next).detach();
}

/// How large a tree is; for the short runs that count instructions, a smaller one.
fn skynet_leaves(count: u64) -> u64 {
    if count < 1_000_000 { 100_000 } else { 1_000_000 }
}

const BRANCHES: u64 = 10;

/// Ten tasks, each of which starts ten, and so on; the leaves give their numbers, the others the sum.
fn creel_skynet(number: u64, leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return number;
        }
        let each = leaves / BRANCHES;
        let below = core::array::from_fn::<_, { BRANCHES as usize }, _>(|i| {
            creel::spawn(creel_skynet(number + i as u64 * each, each))
        });
        let mut sum = 0;
        for task in below {
            sum += task.await.unwrap();
        }
        sum
    })
}

fn tokio_skynet(number: u64, leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return number;
        }
        let each = leaves / BRANCHES;
        let below = core::array::from_fn::<_, { BRANCHES as usize }, _>(|i| {
            tokio::spawn(tokio_skynet(number + i as u64 * each, each))
        });
        let mut sum = 0;
        for task in below {
            sum += task.await.unwrap();
        }
        sum
    })
}

fn smol_skynet(
    executor: runs::Smol,
    number: u64,
    leaves: u64,
) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move {
        if leaves == 1 {
            return number;
        }
        let each = leaves / BRANCHES;
        let below = core::array::from_fn::<_, { BRANCHES as usize }, _>(|i| {
            executor.spawn(smol_skynet(executor.clone(), number + i as u64 * each, each))
        });
        let mut sum = 0;
        for task in below {
            sum += task.await;
        }
        sum
    })
}

/// Two sides that wake each other in turn.
struct Table(Rc<(Cell<u64>, [RefCell<Option<Waker>>; 2])>);

impl Table {
    fn new() -> Self {
        Self(Rc::default())
    }

    /// The side that moves when the count of moves is of its parity, `rounds` times.
    fn side(&self, parity: u64, rounds: u64) -> impl Future<Output = ()> + 'static {
        let shared = self.0.clone();
        let mut left = rounds;
        poll_fn(move |cx| {
            let (moves, wakers) = &*shared;
            while moves.get() % 2 == parity {
                moves.set(moves.get() + 1);
                if let Some(other) = wakers[1 - parity as usize].borrow().as_ref() {
                    other.wake_by_ref();
                }
                left -= 1;
                if left == 0 {
                    return Poll::Ready(());
                }
            }
            let mut waker = wakers[parity as usize].borrow_mut();
            match &mut *waker {
                Some(waker) => waker.clone_from(cx.waker()),
                None => *waker = Some(cx.waker().clone()),
            }
            Poll::Pending
        })
    }
}
