//! Children of a scope, started and joined.

use crate::{Operation, operation, runs};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

const CHILDREN: u64 = 100;

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "scope of 100 children that borrow, a child",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let outside = vec![1_u64; CHILDREN as usize];
                        for _ in 0..n / CHILDREN {
                            let sum = creel::scope(async |s| {
                                let children: Vec<_> = outside
                                    .iter()
                                    .map(|one| s.spawn(async move { *one }))
                                    .collect();
                                let mut sum = 0;
                                for child in children {
                                    sum += child.await.unwrap();
                                }
                                sum
                            });
                            assert_eq!(sum.await, CHILDREN);
                        }
                    })
                }),
                ("moro", || {
                    runs::creel(|n| async move {
                        let outside = vec![1_u64; CHILDREN as usize];
                        for _ in 0..n / CHILDREN {
                            let sum = moro::async_scope!(|s| {
                                let children: Vec<_> = outside
                                    .iter()
                                    .map(|one| s.spawn(async move { *one }))
                                    .collect();
                                let mut sum = 0;
                                for child in children {
                                    sum += child.await;
                                }
                                sum
                            });
                            assert_eq!(sum.await, CHILDREN);
                        }
                    })
                }),
                ("FuturesUnordered", || {
                    runs::creel(|n| async move {
                        let outside = vec![1_u64; CHILDREN as usize];
                        for _ in 0..n / CHILDREN {
                            let mut children: FuturesUnordered<_> =
                                outside.iter().map(|one| async move { *one }).collect();
                            let mut sum = 0;
                            while let Some(one) = children.next().await {
                                sum += one;
                            }
                            assert_eq!(sum, CHILDREN);
                        }
                    })
                }),
            ],
        ),
        operation(
            "scope of 100 tasks, a task",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n / CHILDREN {
                            let sum = creel::scope::parallel(async |s| {
                                let children: Vec<_> =
                                    (0..CHILDREN).map(|i| s.spawn(async move { i })).collect();
                                let mut sum = 0;
                                for child in children {
                                    sum += child.await.unwrap();
                                }
                                sum
                            });
                            assert_eq!(sum.await, CHILDREN * (CHILDREN - 1) / 2);
                        }
                    })
                }),
                ("creel's JoinSet", || {
                    runs::creel(|n| async move {
                        for _ in 0..n / CHILDREN {
                            let mut set = creel::task::JoinSet::new();
                            (0..CHILDREN).for_each(|i| drop(set.spawn(async move { i })));
                            while let Some(joined) = set.join_next().await {
                                joined.unwrap();
                            }
                        }
                    })
                }),
                ("tokio's JoinSet", || {
                    runs::tokio(|n| async move {
                        for _ in 0..n / CHILDREN {
                            let mut set = tokio::task::JoinSet::new();
                            (0..CHILDREN).for_each(|i| drop(set.spawn(async move { i })));
                            while let Some(joined) = set.join_next().await {
                                joined.unwrap();
                            }
                        }
                    })
                }),
            ],
        ),
        operation(
            "scope of one child",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for i in 0..n {
                            creel::scope(async |s| s.spawn(async { i }).await.unwrap()).await;
                        }
                    })
                }),
                ("moro", || {
                    runs::creel(|n| async move {
                        for i in 0..n {
                            moro::async_scope!(|s| s.spawn(async { i }).await).await;
                        }
                    })
                }),
                ("tokio's JoinSet", || {
                    runs::tokio(|n| async move {
                        for i in 0..n {
                            let mut set = tokio::task::JoinSet::new();
                            set.spawn(async move { i });
                            set.join_next().await.unwrap().unwrap();
                        }
                    })
                }),
            ],
        ),
    ]
}
