//! Tasks of a pool that talk to each other, and that want the same lock.

use super::{Creel, Pool, Smol, Tokio, inside, on_each, operation};
use crate::{Operation, Run};
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};

/// How many messages are on their way at a time in the streams.
const BOUND: usize = 64;
/// How many tasks want one lock.
const RIVALS: u64 = 4;

pub fn operations() -> Vec<Operation> {
    vec![
        on_each!("wake ping-pong of two tasks, round trip", 20_000, ping_pong),
        on_each!("wake ping-pong of 4 pairs, round trip", 20_000, ping_pong_pairs),
        operation(
            "pool: wake ping-pong with a thread outside, round trip",
            1_000,
            &[
                ("creel", ping_pong_outside::<Creel>),
                ("tokio", ping_pong_outside::<Tokio>),
                ("smol", ping_pong_outside::<Smol>),
            ],
        ),
        of_all(
            "pool: bounded(1) ping-pong, round trip",
            10_000,
            [
                || inside::<Creel, _>(of_creel::ping_pong),
                || inside::<Tokio, _>(of_tokio::ping_pong),
                || inside::<Smol, _>(of_smol::ping_pong),
            ],
        ),
        of_all(
            "pool: request and oneshot reply",
            10_000,
            [
                || inside::<Creel, _>(of_creel::request),
                || inside::<Tokio, _>(of_tokio::request),
                || inside::<Smol, _>(of_smol::request),
            ],
        ),
        messages(
            "pool: mpsc bounded, 1 to 1, a message",
            [
                || inside::<Creel, _>(|n| of_creel::stream(n, 1)),
                || inside::<Tokio, _>(|n| of_tokio::stream(n, 1)),
                || inside::<Creel, _>(|n| of_kanal::stream::<Creel>(n, 1)),
                || inside::<Smol, _>(|n| of_smol::stream(n, 1)),
            ],
        ),
        messages(
            "pool: mpsc bounded, 4 to 1, a message",
            [
                || inside::<Creel, _>(|n| of_creel::stream(n, 4)),
                || inside::<Tokio, _>(|n| of_tokio::stream(n, 4)),
                || inside::<Creel, _>(|n| of_kanal::stream::<Creel>(n, 4)),
                || inside::<Smol, _>(|n| of_smol::stream(n, 4)),
            ],
        ),
        of_all(
            "pool: mutex, 4 tasks",
            40_000,
            [
                || inside::<Creel, _>(of_creel::mutex),
                || inside::<Tokio, _>(of_tokio::mutex),
                || inside::<Smol, _>(of_smol::mutex),
            ],
        ),
        of_all(
            "pool: rwlock, 3 readers and a writer",
            40_000,
            [
                || inside::<Creel, _>(of_creel::rwlock),
                || inside::<Tokio, _>(of_tokio::rwlock),
                || inside::<Smol, _>(of_smol::rwlock),
            ],
        ),
        of_all(
            "pool: semaphore of 2, 4 tasks",
            40_000,
            [
                || inside::<Creel, _>(of_creel::semaphore),
                || inside::<Tokio, _>(of_tokio::semaphore),
                || inside::<Smol, _>(of_smol::semaphore),
            ],
        ),
    ]
}

fn of_all(name: &'static str, count: u64, run: [fn() -> Run; 3]) -> Operation {
    operation(name, count, &[("creel", run[0]), ("tokio", run[1]), ("smol", run[2])])
}

fn messages(name: &'static str, run: [fn() -> Run; 4]) -> Operation {
    let [creel, tokio, kanal, smol] = run;
    let peers = [("creel", creel), ("tokio", tokio), ("kanal on creel", kanal), ("smol", smol)];
    operation(name, 50_000, &peers)
}

/// Two sides that wake each other in turn. A side leaves its waker at its first poll and keeps it:
/// what is measured is the wake, not how wakers are kept.
#[derive(Default)]
struct Table {
    moves: AtomicU64,
    wakers: [OnceLock<Waker>; 2],
}

impl Table {
    /// The side that moves when the count of moves is of its parity, `rounds` times.
    fn side(self: Arc<Self>, parity: u64, rounds: u64) -> impl Future<Output = ()> + Send {
        let mut left = rounds;
        poll_fn(move |cx| {
            let (own, other) = (&self.wakers[parity as usize], &self.wakers[1 - parity as usize]);
            if own.get().is_none() {
                own.set(cx.waker().clone()).expect("this side's alone");
                // Either this side sees the other's move, or the other sees this side's waker.
                fence(Ordering::SeqCst);
            }
            let moves = self.moves.load(Ordering::Acquire);
            if moves % 2 != parity {
                return Poll::Pending;
            }
            self.moves.store(moves + 1, Ordering::Release);
            if moves < 2 {
                fence(Ordering::SeqCst);
            }
            other.get().into_iter().for_each(Waker::wake_by_ref);
            left -= 1;
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

async fn ping_pong<P: Pool>(n: u64) {
    let table = Arc::new(Table::default());
    let other = P::spawn(table.clone().side(1, n));
    P::spawn(table.side(0, n)).await;
    other.await;
}

async fn ping_pong_pairs<P: Pool>(n: u64) {
    let pairs = [(); 4].map(|()| P::spawn(ping_pong::<P>(n / 4)));
    for pair in pairs {
        pair.await;
    }
}

fn ping_pong_outside<P: Pool>() -> Run {
    Box::new(|n| {
        let table = Arc::new(Table::default());
        let other = P::submit(table.clone().side(1, n));
        futures_lite::future::block_on(table.side(0, n));
        futures_lite::future::block_on(other);
    })
}

/// Programs whose text is the same for creel and for tokio.
macro_rules! of_tokios_names {
    ($module:ident, $peer:ident) => {
        mod $module {
            use super::{BOUND, RIVALS};
            use std::sync::Arc;
            use $peer::spawn;
            use $peer::sync::{Mutex, RwLock, Semaphore, mpsc, oneshot};

            pub async fn ping_pong(n: u64) {
                let (ping, mut pinged) = mpsc::channel(1);
                let (pong, mut ponged) = mpsc::channel(1);
                let other = spawn(async move {
                    while let Some(i) = pinged.recv().await {
                        pong.send(i).await.unwrap();
                    }
                });
                for i in 0..n {
                    ping.send(i).await.unwrap();
                    assert_eq!(ponged.recv().await, Some(i));
                }
                drop(ping);
                other.await.unwrap();
            }

            pub async fn request(n: u64) {
                let (send, mut requests) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(BOUND);
                let server = spawn(async move {
                    while let Some((i, reply)) = requests.recv().await {
                        reply.send(i).unwrap();
                    }
                });
                for i in 0..n {
                    let (reply, answer) = oneshot::channel();
                    send.send((i, reply)).await.unwrap();
                    assert_eq!(answer.await.unwrap(), i);
                }
                drop(send);
                server.await.unwrap();
            }

            pub async fn stream(n: u64, senders: u64) {
                let (send, mut receive) = mpsc::channel(BOUND);
                for _ in 0..senders {
                    let send = send.clone();
                    spawn(async move {
                        for i in 0..n / senders {
                            send.send(i).await.unwrap();
                        }
                    });
                }
                drop(send);
                spawn(async move { while receive.recv().await.is_some() {} }).await.unwrap();
            }

            pub async fn mutex(n: u64) {
                let lock = Arc::new(Mutex::new(0));
                let rivals = [(); RIVALS as usize].map(|()| {
                    let lock = lock.clone();
                    spawn(async move {
                        for _ in 0..n / RIVALS {
                            *lock.lock().await += 1;
                        }
                    })
                });
                for rival in rivals {
                    rival.await.unwrap();
                }
                assert_eq!(*lock.lock().await, n / RIVALS * RIVALS);
            }

            pub async fn rwlock(n: u64) {
                let lock = Arc::new(RwLock::new(0));
                let mut rivals = Vec::new();
                for rival in 0..RIVALS {
                    let lock = lock.clone();
                    rivals.push(spawn(async move {
                        for _ in 0..n / RIVALS {
                            if rival == 0 {
                                *lock.write().await += 1;
                            } else {
                                std::hint::black_box(*lock.read().await);
                            }
                        }
                    }));
                }
                for rival in rivals {
                    rival.await.unwrap();
                }
            }

            pub async fn semaphore(n: u64) {
                let permits = Arc::new(Semaphore::new(2));
                let rivals = [(); RIVALS as usize].map(|()| {
                    let permits = permits.clone();
                    spawn(async move {
                        for _ in 0..n / RIVALS {
                            drop(permits.acquire().await.unwrap());
                        }
                    })
                });
                for rival in rivals {
                    rival.await.unwrap();
                }
            }
        }
    };
}

of_tokios_names!(of_creel, creel);
of_tokios_names!(of_tokio, tokio);

mod of_kanal {
    use super::{BOUND, Pool};

    pub async fn stream<P: Pool>(n: u64, senders: u64) {
        let (send, receive) = kanal::bounded_async(BOUND);
        for _ in 0..senders {
            let send = send.clone();
            P::detach(async move {
                for i in 0..n / senders {
                    send.send(i).await.unwrap();
                }
            });
        }
        drop(send);
        P::spawn(async move { while receive.recv().await.is_ok() {} }).await;
    }
}

mod of_smol {
    use super::{BOUND, Pool, RIVALS, Smol};
    use async_channel::bounded;
    use async_lock::{Mutex, RwLock, Semaphore};
    use std::sync::Arc;

    pub async fn ping_pong(n: u64) {
        let (ping, pinged) = bounded(1);
        let (pong, ponged) = bounded(1);
        let other = Smol::spawn(async move {
            while let Ok(i) = pinged.recv().await {
                pong.send(i).await.unwrap();
            }
        });
        for i in 0..n {
            ping.send(i).await.unwrap();
            assert_eq!(ponged.recv().await, Ok(i));
        }
        drop(ping);
        other.await;
    }

    pub async fn request(n: u64) {
        let (send, requests) = bounded::<(u64, async_channel::Sender<u64>)>(BOUND);
        let server = Smol::spawn(async move {
            while let Ok((i, reply)) = requests.recv().await {
                reply.send(i).await.unwrap();
            }
        });
        for i in 0..n {
            let (reply, answer) = bounded(1);
            send.send((i, reply)).await.unwrap();
            assert_eq!(answer.recv().await, Ok(i));
        }
        drop(send);
        server.await;
    }

    pub async fn stream(n: u64, senders: u64) {
        let (send, receive) = bounded(BOUND);
        for _ in 0..senders {
            let send = send.clone();
            Smol::detach(async move {
                for i in 0..n / senders {
                    send.send(i).await.unwrap();
                }
            });
        }
        drop(send);
        Smol::spawn(async move { while receive.recv().await.is_ok() {} }).await;
    }

    pub async fn mutex(n: u64) {
        let lock = Arc::new(Mutex::new(0));
        let rivals = [(); RIVALS as usize].map(|()| {
            let lock = lock.clone();
            Smol::spawn(async move {
                for _ in 0..n / RIVALS {
                    *lock.lock().await += 1;
                }
            })
        });
        for rival in rivals {
            rival.await;
        }
        assert_eq!(*lock.lock().await, n / RIVALS * RIVALS);
    }

    pub async fn rwlock(n: u64) {
        let lock = Arc::new(RwLock::new(0));
        let mut rivals = Vec::new();
        for rival in 0..RIVALS {
            let lock = lock.clone();
            rivals.push(Smol::spawn(async move {
                for _ in 0..n / RIVALS {
                    if rival == 0 {
                        *lock.write().await += 1;
                    } else {
                        std::hint::black_box(*lock.read().await);
                    }
                }
            }));
        }
        for rival in rivals {
            rival.await;
        }
    }

    pub async fn semaphore(n: u64) {
        let permits = Arc::new(Semaphore::new(2));
        let rivals = [(); RIVALS as usize].map(|()| {
            let permits = permits.clone();
            Smol::spawn(async move {
                for _ in 0..n / RIVALS {
                    drop(permits.acquire().await);
                }
            })
        });
        for rival in rivals {
            rival.await;
        }
    }
}
