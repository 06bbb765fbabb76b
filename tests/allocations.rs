//! What costs an allocation, counted: a task costs one, waiting costs none.

mod counting;

use counting::{count, counted};
use creel::runtime::Builder;
use creel::sync::{
    Barrier, CancellationToken, Event, Latch, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce,
    WaitGroup, broadcast, mpmc, mpsc, oneshot, rendezvous, watch,
};
use creel::task::yield_now;
use creel::time::{Duration, interval, sleep, timeout};
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// Runs a program on a runtime of its own.
fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Polls `future` once within a task; answers what that allocated.
async fn poll_cost<F: Future>(mut future: Pin<&mut F>) -> usize {
    poll_fn(|cx| {
        let (count, _, poll) = counted(|| future.as_mut().poll(cx).is_pending());
        assert!(poll, "the future was to wait");
        Poll::Ready(count)
    })
    .await
}

/// Asserts that making, waiting on and dropping each future allocates nothing.
macro_rules! waiting_is_free {
    ($($what:literal: $future:expr;)*) => {$({
        let before = count();
        {
            let mut future = pin!($future);
            let polled = poll_cost(future.as_mut()).await;
            assert_eq!(polled, 0, "waiting on {}", $what);
        }
        assert_eq!(count() - before, 0, "a wait on {}, from start to end", $what);
    })*};
}

#[test]
fn spawning_costs_one_allocation() {
    run(async {
        for _ in 0..3 {
            let (count, _, task) = counted(|| creel::spawn(async { 1 }));
            assert_eq!(count, 1);
            task.await.unwrap();
            let (count, _, task) = counted(|| creel::task::spawn_local(async { 1 }));
            assert_eq!(count, 1);
            task.await.unwrap();
        }
    });
}

#[test]
fn joining_costs_none() {
    run(async {
        let task = creel::spawn(yield_now());
        let before = count();
        task.await.unwrap();
        assert_eq!(count(), before);
        let task = creel::spawn(pending::<()>());
        let before = count();
        assert!(task.cancel().await.is_err());
        assert_eq!(count(), before);
    });
}

/// A future of `N` bytes that waits.
struct Sized<const N: usize>([u8; N]);

impl<const N: usize> Future for Sized<N> {
    type Output = u8;

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<u8> {
        if self.0.is_empty() { Poll::Ready(0) } else { Poll::Pending }
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
#[cfg_attr(
    feature = "tracing",
    ignore = "each task has a span, which is as large as that crate makes it"
)]
fn a_parked_task_costs_its_future_and_little_more() {
    // A dump tells where a task was spawned, and when.
    let dumped = if cfg!(feature = "dump") { 24 } else { 0 };
    run(async {
        let (_, bytes, small) = counted(|| creel::spawn(Sized([0; 8])));
        assert!(bytes <= 72 + dumped, "{bytes} bytes for a future of 8");
        let (_, bytes, large) = counted(|| creel::spawn(Sized([0; 1_000])));
        assert!(bytes <= 1_096 + dumped, "{bytes} bytes for a future of 1000");
        small.abort();
        large.abort();
    });
}

#[test]
fn waiting_for_time_costs_none() {
    run(async {
        sleep(Duration::ZERO).await;
        waiting_is_free! {
            "sleep": sleep(Duration::from_secs(60));
            "timeout": timeout(Duration::from_secs(60), pending::<()>());
        }
        let mut ticks = interval(Duration::from_secs(60));
        ticks.tick().await;
        waiting_is_free! { "an interval's tick": ticks.tick(); }
    });
}

#[test]
fn waiting_for_locks_and_signals_costs_none() {
    run(async {
        let (mutex, rwlock, semaphore) = (Mutex::new(()), RwLock::new(()), Semaphore::new(0));
        let _held = mutex.lock().await;
        let _written = rwlock.write().await;
        let (notify, barrier, cell, set) =
            (Notify::new(), Barrier::new(2), OnceCell::<()>::new(), SetOnce::<()>::new());
        let (manual, latch, group) = (Event::manual_reset(), Latch::new(1), WaitGroup::new());
        let _member = group.clone();
        let (token, parent) = (CancellationToken::new(), CancellationToken::new());
        let child = parent.child_token();
        waiting_is_free! {
            "a mutex": mutex.lock();
            "a rwlock to read": rwlock.read();
            "a rwlock to write": rwlock.write();
            "a semaphore": semaphore.acquire();
            "many permits": semaphore.acquire_many(5);
            "a notify": notify.notified();
            "a once cell": cell.get_or_init(pending);
            "a set-once cell": set.wait();
            "an event": manual.wait();
            "a latch": latch.wait();
            "a token": token.cancelled();
            "a child token": child.cancelled();
            "a barrier": barrier.wait();
        }
    });
}

#[test]
fn waiting_for_channels_costs_none() {
    run(async {
        let (send, mut receive) = mpsc::channel::<u8>(1);
        waiting_is_free! { "an empty mpsc": receive.recv(); }
        send.send(1).await.unwrap();
        waiting_is_free! {
            "a full mpsc": send.send(2);
            "a permit": send.reserve();
            "an mpsc to close": send.closed();
        }
        let (_unbounded, mut empty) = mpsc::unbounded_channel::<u8>();
        waiting_is_free! { "an empty unbounded mpsc": empty.recv(); }
        let (mut answer, mut question) = oneshot::channel::<u8>();
        waiting_is_free! { "a oneshot": &mut question; }
        waiting_is_free! { "a oneshot to close": answer.closed(); }
        let (news, mut hear) = broadcast::channel::<u8>(2);
        waiting_is_free! {
            "a broadcast": hear.recv();
            "a broadcast to close": news.closed();
        }
        let (show, mut look) = watch::channel(0_u8);
        waiting_is_free! {
            "a watch": look.changed();
            "a watch to close": show.closed();
        }
        let (push, pull) = mpmc::channel::<u8>(1);
        waiting_is_free! { "an empty mpmc": pull.recv(); }
        push.send(1).await.unwrap();
        waiting_is_free! { "a full mpmc": push.send(2); }
        let (give, take) = rendezvous::channel::<u8>();
        waiting_is_free! {
            "a rendezvous to take": take.recv();
            "a rendezvous to give": give.send(1);
        }
    });
}

#[test]
fn a_thousand_messages_cost_none_once_the_channel_is_warm() {
    run(async {
        let (send, mut receive) = mpsc::channel::<u64>(16);
        let (free, mut unbounded) = mpsc::unbounded_channel::<u64>();
        let mut cost = 0;
        for round in 0..3 {
            let before = count();
            for n in 0..1_000 {
                send.send(n).await.unwrap();
                assert_eq!(receive.recv().await, Some(n));
                free.send(n).unwrap();
                assert_eq!(unbounded.recv().await, Some(n));
            }
            if round > 0 {
                cost += count() - before;
            }
        }
        assert_eq!(cost, 0);
    });
}
