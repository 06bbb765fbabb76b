//! Tasks, sets of them, and channels between them.

use crate::harness::cancel_everywhere;
use creel::sync::{Mutex, Semaphore, mpsc, oneshot};
use creel::task::{JoinSet, TaskTracker, yield_now};
use creel::time::{Duration, sleep, timeout};
use std::sync::Arc;

#[test]
fn a_set_of_tasks_that_share() {
    cancel_everywhere(|world| async move {
        let (mutex, permits) = (Arc::new(Mutex::new(world.held())), Arc::new(Semaphore::new(1)));
        let mut set = JoinSet::new();
        for number in 0..3 {
            let (mutex, permits, held) = (mutex.clone(), permits.clone(), world.held());
            set.spawn(async move {
                let _held = held;
                let _permit = permits.acquire().await.unwrap();
                sleep(Duration::from_millis(number)).await;
                drop(mutex.lock().await);
            });
        }
        while let Some(ended) = set.join_next().await {
            ended.unwrap();
        }
    });
}

/// A server acknowledges what it has kept. Its clients may leave at any time, and it ends with
/// the last of them.
#[test]
fn what_a_server_acknowledges_is_kept() {
    cancel_everywhere(|world| async move {
        let (requests, mut inbox) = mpsc::channel::<(u64, oneshot::Sender<()>, _)>(1);
        let (server, tracker) = (world.clone(), TaskTracker::new());
        tracker.spawn(async move {
            while let Some((message, reply, _held)) = inbox.recv().await {
                yield_now().await;
                server.keep(message);
                let _ = reply.send(());
            }
        });
        let mut clients = JoinSet::new();
        for client in 0..2 {
            let (requests, world) = (requests.clone(), world.clone());
            clients.spawn(async move {
                for message in [client, client + 10] {
                    let (reply, answer) = oneshot::channel();
                    if world.stop.is_cancelled() {
                        return;
                    }
                    requests.send((message, reply, world.held())).await.unwrap();
                    if timeout(Duration::from_millis(1), answer).await.is_ok() {
                        world.acknowledge(message);
                    }
                }
            });
        }
        drop(requests);
        while clients.join_next().await.is_some() {}
        tracker.close();
        tracker.wait().await;
    });
}

#[test]
#[should_panic(expected = "acknowledged and lost: [1]")]
fn a_lost_message_is_noticed() {
    cancel_everywhere(|world| async move {
        world.acknowledge(1);
        yield_now().await;
        world.keep(1);
    });
}

#[test]
#[should_panic(expected = "had not ended")]
fn a_task_that_stays_is_noticed() {
    cancel_everywhere(|world| async move {
        let stop = world.stop.clone();
        let task = creel::spawn(async move { stop.cancelled().await });
        yield_now().await;
        world.stop.cancel();
        task.await.unwrap();
    });
}

#[test]
#[should_panic(expected = "bytes were leaked")]
fn a_leak_is_noticed() {
    cancel_everywhere(|_| async move {
        let value = std::mem::ManuallyDrop::new(Box::new(1));
        yield_now().await;
        drop(std::mem::ManuallyDrop::into_inner(value));
    });
}
