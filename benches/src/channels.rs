//! Channels.

use crate::{Operation, operation, runs};
use futures::{FutureExt, StreamExt};
use std::future::{Future, poll_fn};
use std::task::Poll;

/// How many messages are on their way at a time in the streams.
const BOUND: usize = 64;

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "oneshot: create, send, receive",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for i in 0..n {
                            let (send, receive) = creel::sync::oneshot::channel();
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for i in 0..n {
                            let (send, receive) = tokio::sync::oneshot::channel();
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
                ("mea", || {
                    runs::tokio(|n| async move {
                        for i in 0..n {
                            let (send, receive) = mea::oneshot::channel();
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
                ("futures", || {
                    runs::tokio(|n| async move {
                        for i in 0..n {
                            let (send, receive) = futures::channel::oneshot::channel();
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
            ],
        ),
        operation(
            "oneshot: create, wait, send, receive",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for i in 0..n {
                            let (send, mut receive) = creel::sync::oneshot::channel();
                            pending_once(&mut receive).await;
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for i in 0..n {
                            let (send, mut receive) = tokio::sync::oneshot::channel();
                            pending_once(&mut receive).await;
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
                ("futures", || {
                    runs::creel(|n| async move {
                        for i in 0..n {
                            let (send, mut receive) = futures::channel::oneshot::channel();
                            pending_once(&mut receive).await;
                            send.send(i).unwrap();
                            receive.await.unwrap();
                        }
                    })
                }),
            ],
        ),
        operation(
            "mpsc bounded: try_send + try_recv",
            50_000,
            &[
                ("creel", || {
                    let (send, mut receive) = creel::sync::mpsc::channel(BOUND);
                    Box::new(move |n| {
                        (0..n).for_each(|i| {
                            send.try_send(i).unwrap();
                            receive.try_recv().unwrap();
                        })
                    })
                }),
                ("tokio", || {
                    let (send, mut receive) = tokio::sync::mpsc::channel(BOUND);
                    Box::new(move |n| {
                        (0..n).for_each(|i| {
                            send.try_send(i).unwrap();
                            receive.try_recv().unwrap();
                        })
                    })
                }),
                ("kanal", || {
                    let (send, receive) = kanal::bounded_async(BOUND);
                    Box::new(move |n| {
                        (0..n).for_each(|i| {
                            assert!(send.try_send(i).unwrap());
                            receive.try_recv().unwrap();
                        })
                    })
                }),
                ("async-channel", || {
                    let (send, receive) = async_channel::bounded(BOUND);
                    Box::new(move |n| {
                        (0..n).for_each(|i| {
                            send.try_send(i).unwrap();
                            receive.try_recv().unwrap();
                        })
                    })
                }),
            ],
        ),
        operation(
            "mpsc bounded, 1 to 1, a message",
            50_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (send, mut receive) = creel::sync::mpsc::channel(BOUND);
                        creel::spawn(async move {
                            for i in 0..n {
                                send.send(i).await.unwrap();
                            }
                        });
                        creel::spawn(async move { while receive.recv().await.is_some() {} })
                            .await
                            .unwrap();
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (send, mut receive) = tokio::sync::mpsc::channel(BOUND);
                        tokio::spawn(async move {
                            for i in 0..n {
                                send.send(i).await.unwrap();
                            }
                        });
                        tokio::spawn(async move { while receive.recv().await.is_some() {} })
                            .await
                            .unwrap();
                    })
                }),
                ("kanal", || {
                    runs::creel(|n| async move {
                        let (send, receive) = kanal::bounded_async(BOUND);
                        creel::spawn(async move {
                            for i in 0..n {
                                send.send(i).await.unwrap();
                            }
                        });
                        creel::spawn(async move { while receive.recv().await.is_ok() {} })
                            .await
                            .unwrap();
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        let (send, receive) = async_channel::bounded(BOUND);
                        executor
                            .spawn(async move {
                                for i in 0..n {
                                    send.send(i).await.unwrap();
                                }
                            })
                            .detach();
                        executor.spawn(async move { while receive.recv().await.is_ok() {} }).await;
                    })
                }),
            ],
        ),
        operation(
            "mpsc unbounded, 1 to 1, a message",
            50_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (send, mut receive) = creel::sync::mpsc::unbounded_channel();
                        for i in 0..n {
                            send.send(i).unwrap();
                            if i % 64 == 63 {
                                for _ in 0..64 {
                                    receive.recv().await.unwrap();
                                }
                            }
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
                        for i in 0..n {
                            send.send(i).unwrap();
                            if i % 64 == 63 {
                                for _ in 0..64 {
                                    receive.recv().await.unwrap();
                                }
                            }
                        }
                    })
                }),
                ("futures", || {
                    runs::creel(|n| async move {
                        let (send, mut receive) = futures::channel::mpsc::unbounded();
                        for i in 0..n {
                            send.unbounded_send(i).unwrap();
                            if i % 64 == 63 {
                                for _ in 0..64 {
                                    receive.next().await.unwrap();
                                }
                            }
                        }
                    })
                }),
                ("smol", || {
                    runs::smol(|_, n| async move {
                        let (send, receive) = async_channel::unbounded();
                        for i in 0..n {
                            send.try_send(i).unwrap();
                            if i % 64 == 63 {
                                for _ in 0..64 {
                                    receive.recv().await.unwrap();
                                }
                            }
                        }
                    })
                }),
            ],
        ),
        operation(
            "bounded(1) ping-pong, round trip",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (ask, mut asked) = creel::sync::mpsc::channel(1);
                        let (answer, mut answered) = creel::sync::mpsc::channel(1);
                        creel::spawn(async move {
                            while let Some(i) = asked.recv().await {
                                answer.send(i).await.unwrap();
                            }
                        });
                        creel::spawn(async move {
                            for i in 0..n {
                                ask.send(i).await.unwrap();
                                answered.recv().await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (ask, mut asked) = tokio::sync::mpsc::channel(1);
                        let (answer, mut answered) = tokio::sync::mpsc::channel(1);
                        tokio::spawn(async move {
                            while let Some(i) = asked.recv().await {
                                answer.send(i).await.unwrap();
                            }
                        });
                        tokio::spawn(async move {
                            for i in 0..n {
                                ask.send(i).await.unwrap();
                                answered.recv().await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("smol", || {
                    runs::smol(|executor, n| async move {
                        let (ask, asked) = async_channel::bounded(1);
                        let (answer, answered) = async_channel::bounded(1);
                        executor
                            .spawn(async move {
                                while let Ok(i) = asked.recv().await {
                                    answer.send(i).await.unwrap();
                                }
                            })
                            .detach();
                        executor
                            .spawn(async move {
                                for i in 0..n {
                                    ask.send(i).await.unwrap();
                                    answered.recv().await.unwrap();
                                }
                            })
                            .await;
                    })
                }),
            ],
        ),
        operation(
            "request and oneshot reply",
            20_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (ask, mut asked) = creel::sync::mpsc::channel(16);
                        creel::spawn(async move {
                            while let Some((i, reply)) = asked.recv().await {
                                let reply: creel::sync::oneshot::Sender<u64> = reply;
                                reply.send(i).unwrap();
                            }
                        });
                        creel::spawn(async move {
                            for i in 0..n {
                                let (reply, answer) = creel::sync::oneshot::channel();
                                ask.send((i, reply)).await.unwrap();
                                answer.await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (ask, mut asked) = tokio::sync::mpsc::channel(16);
                        tokio::spawn(async move {
                            while let Some((i, reply)) = asked.recv().await {
                                let reply: tokio::sync::oneshot::Sender<u64> = reply;
                                reply.send(i).unwrap();
                            }
                        });
                        tokio::spawn(async move {
                            for i in 0..n {
                                let (reply, answer) = tokio::sync::oneshot::channel();
                                ask.send((i, reply)).await.unwrap();
                                answer.await.unwrap();
                            }
                        })
                        .await
                        .unwrap();
                    })
                }),
            ],
        ),
        operation(
            "broadcast, 4 receivers, a delivery",
            40_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (send, first) = creel::sync::broadcast::channel(16);
                        let mut receivers =
                            [send.subscribe(), send.subscribe(), send.subscribe(), first];
                        for i in 0..n / 4 {
                            send.send(i).unwrap();
                            for receiver in &mut receivers {
                                receiver.recv().await.unwrap();
                            }
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (send, first) = tokio::sync::broadcast::channel(16);
                        let mut receivers =
                            [send.subscribe(), send.subscribe(), send.subscribe(), first];
                        for i in 0..n / 4 {
                            send.send(i).unwrap();
                            for receiver in &mut receivers {
                                receiver.recv().await.unwrap();
                            }
                        }
                    })
                }),
                ("async-broadcast", || {
                    runs::smol(|_, n| async move {
                        let (send, first) = async_broadcast::broadcast(16);
                        let mut receivers = [first.clone(), first.clone(), first.clone(), first];
                        for i in 0..n / 4 {
                            send.broadcast(i).await.unwrap();
                            for receiver in &mut receivers {
                                receiver.recv().await.unwrap();
                            }
                        }
                    })
                }),
            ],
        ),
        operation(
            "watch: send, changed, read",
            50_000,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        let (send, mut receive) = creel::sync::watch::channel(0);
                        for i in 0..n {
                            send.send(i).unwrap();
                            receive.changed().await.unwrap();
                            assert_eq!(*receive.borrow_and_update(), i);
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        let (send, mut receive) = tokio::sync::watch::channel(0);
                        for i in 0..n {
                            send.send(i).unwrap();
                            receive.changed().await.unwrap();
                            assert_eq!(*receive.borrow_and_update(), i);
                        }
                    })
                }),
            ],
        ),
    ]
}

/// Polls a future that has to wait, once.
async fn pending_once(future: impl Future + Unpin) {
    let mut future = future;
    poll_fn(|cx| {
        assert!(future.poll_unpin(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}
