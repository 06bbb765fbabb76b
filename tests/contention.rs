//! Channels, locks and timers between the workers of a pool, where they really meet. A stress test by
//! itself; `cargo xtask test watched/thread` runs it under ThreadSanitizer.
#![cfg(not(target_family = "wasm"))]

use creel::runtime::{Builder, Runtime};
use creel::sync::{Barrier, Mutex, Notify, RwLock, Semaphore};
use creel::sync::{broadcast, mpmc, mpsc, oneshot, rendezvous, watch};
use creel::task::JoinSet;
use creel::time::{sleep, timeout};
use std::sync::Arc;
use std::time::Duration;

const TASKS: usize = 4;
const EACH: usize = 500;

fn pool() -> Runtime {
    Builder::new_multi_thread().worker_threads(TASKS).enable_all().build().unwrap()
}

/// Starts a future for each number, on the pool, and waits for all.
async fn all<F>(start: impl Fn(usize) -> F) -> usize
where
    F: Future<Output = usize> + Send + 'static,
{
    let set: JoinSet<usize> = (0..TASKS).map(start).collect();
    set.join_all().await.into_iter().sum()
}

#[test]
fn mpsc_channels() {
    pool().block_on(async {
        let (bounded, mut inbox) = mpsc::channel(3);
        let (unbounded, mut post) = mpsc::unbounded_channel();
        let senders = all(move |_| {
            let (bounded, unbounded) = (bounded.clone(), unbounded.clone());
            async move {
                for number in 0..EACH {
                    bounded.send(Box::new(number)).await.unwrap();
                    unbounded.send(Box::new(number)).unwrap();
                }
                0
            }
        });
        let receivers = creel::spawn(async move {
            let mut sum = 0;
            while let Some(number) = inbox.recv().await {
                sum += *number;
            }
            while let Some(number) = post.recv().await {
                sum += *number;
            }
            sum
        });
        senders.await;
        assert_eq!(receivers.await.unwrap(), TASKS * EACH * (EACH - 1));
    });
}

#[test]
fn channels_with_many_receivers() {
    pool().block_on(async {
        let (sender, receiver) = mpmc::channel::<Box<usize>>(2);
        let (meeting, guest) = rendezvous::channel::<Box<usize>>();
        let receivers = creel::spawn(all(move |_| {
            let (receiver, guest) = (receiver.clone(), guest.clone());
            async move {
                let mut sum = 0;
                while let Some(number) = receiver.recv().await {
                    sum += *number;
                }
                while let Some(number) = guest.recv().await {
                    sum += *number;
                }
                sum
            }
        }));
        all(move |_| {
            let (sender, meeting) = (sender.clone(), meeting.clone());
            async move {
                for number in 0..EACH {
                    sender.send(Box::new(number)).await.unwrap();
                }
                drop(sender);
                for number in 0..EACH {
                    meeting.send(Box::new(number)).await.unwrap();
                }
                0
            }
        })
        .await;
        assert_eq!(receivers.await.unwrap(), TASKS * EACH * (EACH - 1));
    });
}

#[test]
fn one_value_to_many() {
    pool().block_on(async {
        let (news, _) = broadcast::channel::<Box<usize>>(EACH);
        let (latest, _) = watch::channel(Box::new(0));
        let ready = Arc::new(Barrier::new(TASKS + 1));
        let receivers = creel::spawn(all({
            let (news, latest, ready) = (news.clone(), latest.clone(), ready.clone());
            move |_| {
                let (mut news, mut latest) = (news.subscribe(), latest.subscribe());
                let ready = ready.clone();
                async move {
                    ready.wait().await;
                    let mut sum = 0;
                    for _ in 0..EACH {
                        sum += *news.recv().await.unwrap();
                    }
                    latest.wait_for(|number| **number == EACH).await.unwrap();
                    sum
                }
            }
        }));
        ready.wait().await;
        for number in 0..EACH {
            news.send(Box::new(number)).unwrap();
            latest.send_replace(Box::new(number + 1));
        }
        assert_eq!(receivers.await.unwrap(), TASKS * EACH * (EACH - 1) / 2);
    });
}

#[test]
fn requests_and_replies() {
    pool().block_on(async {
        let (requests, mut inbox) = mpsc::channel::<(usize, oneshot::Sender<Box<usize>>)>(2);
        let server = creel::spawn(async move {
            while let Some((number, reply)) = inbox.recv().await {
                // Some have given up.
                let _ = reply.send(Box::new(number));
            }
        });
        let sum = all(move |_| {
            let requests = requests.clone();
            async move {
                let mut sum = 0;
                for number in 0..EACH {
                    let (reply, answer) = oneshot::channel();
                    requests.send((number, reply)).await.unwrap();
                    if number % 5 != 0 {
                        sum += *answer.await.unwrap();
                    }
                }
                sum
            }
        });
        assert_eq!(sum.await, TASKS * (0..EACH).filter(|number| number % 5 != 0).sum::<usize>());
        server.await.unwrap();
    });
}

#[test]
fn locks() {
    pool().block_on(async {
        let shared = Arc::new((Mutex::new(0), RwLock::new(0), Semaphore::new(2)));
        let rounds = all({
            let shared = shared.clone();
            move |_| {
                let shared = shared.clone();
                async move {
                    for number in 0..EACH {
                        let _permit = shared.2.acquire().await.unwrap();
                        *shared.0.lock().await += 1;
                        if number % 4 == 0 {
                            *shared.1.write().await += 1;
                        } else {
                            assert!(*shared.1.read().await <= TASKS * EACH);
                        }
                    }
                    EACH
                }
            }
        });
        assert_eq!(rounds.await, *shared.0.lock().await);
        assert_eq!(*shared.1.read().await, TASKS * EACH.div_ceil(4));
    });
}

#[test]
fn timers_and_what_they_interrupt() {
    pool().block_on(async {
        let bell = Arc::new(Notify::new());
        let rung = all({
            let bell = bell.clone();
            move |task| {
                let bell = bell.clone();
                async move {
                    let mut rung = 0;
                    for number in 0..EACH {
                        let wait = Duration::from_micros((7 * number % 60) as u64);
                        if task % 2 == 0 {
                            bell.notify_one();
                            sleep(wait).await;
                        } else {
                            rung += usize::from(timeout(wait, bell.notified()).await.is_ok());
                        }
                    }
                    rung
                }
            }
        });
        assert!(rung.await <= TASKS * EACH);
    });
}

#[test]
fn tasks_that_are_aborted_while_they_run() {
    pool().block_on(async {
        let alive = Arc::new(());
        for number in 0..EACH {
            let alive = alive.clone();
            let task = creel::spawn(async move {
                for _ in 0..number % 7 {
                    creel::task::yield_now().await;
                }
                drop(alive);
            });
            if number % 3 != 0 {
                task.abort();
            }
            assert!(task.await.is_ok_and(|()| true) || number % 3 != 0);
        }
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}
