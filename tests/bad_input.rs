//! What a program should not do, and what it gets: a panic that says why, or an answer that the
//! documentation gives; never a hang, never undefined behaviour.

use creel::runtime::{Builder, Runtime};
use creel::sync::{
    Barrier, Mutex, Notify, RwLock, Semaphore, TryAcquireError, broadcast, mpmc, mpsc, oneshot,
    rendezvous, watch,
};
use creel::task::yield_now;
use creel::time::{Duration, Instant, interval, sleep, sleep_until, timeout};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

fn runtime() -> Runtime {
    Builder::new_current_thread().start_paused(true).build().unwrap()
}

fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("this was to panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().expect("a text").to_string(),
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn channels_without_capacity_say_so() {
    assert!(panic_of(|| mpsc::channel::<u8>(0)).contains("buffer"));
    assert!(panic_of(|| broadcast::channel::<u8>(0)).contains("capacity"));
    assert!(panic_of(|| mpmc::channel::<u8>(0)).contains("rendezvous"));
    assert!(panic_of(|| broadcast::channel::<u8>(usize::MAX)).contains("capacity"));
}

#[test]
fn no_permits_are_a_valid_number() {
    runtime().block_on(async {
        let semaphore = Semaphore::new(0);
        assert_eq!(semaphore.acquire_many(0).await.unwrap().num_permits(), 0);
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
        semaphore.add_permits(0);
        assert_eq!(semaphore.available_permits(), 0);
        assert_eq!(semaphore.forget_permits(7), 0);
        let (send, _receive) = mpsc::channel::<u8>(2);
        assert_eq!(send.reserve_many(0).await.unwrap().count(), 0);
        assert!(send.reserve_many(3).await.is_err(), "more than the channel ever has");
    });
}

#[test]
fn too_many_permits_say_so() {
    assert!(panic_of(|| Semaphore::new(Semaphore::MAX_PERMITS + 1)).contains("MAX_PERMITS"));
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    assert!(panic_of(|| semaphore.add_permits(1)).contains("MAX_PERMITS"));
}

#[test]
fn a_barrier_of_none_lets_everybody_pass() {
    runtime().block_on(async { assert!(Barrier::new(0).wait().await.is_leader()) });
}

#[test]
fn intervals_without_period_say_so() {
    runtime().block_on(async { assert!(panic_of(|| interval(Duration::ZERO)).contains("period")) });
}

#[test]
fn durations_that_overflow_mean_never() {
    runtime().block_on(async {
        let mut forever = pin!(sleep(Duration::MAX));
        assert!(poll_fn(|cx| Poll::Ready(forever.as_mut().poll(cx))).await.is_pending());
        assert!(timeout(Duration::from_secs(3_600), forever).await.is_err());
        assert_eq!(timeout(Duration::MAX, async { 1 }).await, Ok(1));
        let long_ago = Instant::now().checked_sub(Duration::from_secs(1_000));
        sleep_until(long_ago.expect("within the range")).await;
        assert!(Instant::now().checked_add(Duration::MAX).is_none());
        assert!(panic_of(|| Instant::now() + Duration::MAX).contains("overflow"));
    });
}

#[test]
fn polls_after_the_end_are_told() {
    runtime().block_on(async {
        let (send, mut receive) = oneshot::channel();
        send.send(1).unwrap();
        assert_eq!((&mut receive).await, Ok(1));
        assert!(panic_of(|| poll_once(Pin::new(&mut receive))).contains("after it had answered"));
        let mut task = creel::spawn(async {});
        (&mut task).await.unwrap();
        assert!(panic_of(|| poll_once(Pin::new(&mut task))).contains("complet"));
    });
}

#[test]
fn wakes_after_the_end_do_nothing() {
    let runtime = runtime();
    let (send, receive) = std::sync::mpsc::channel();
    let task = runtime.spawn(poll_fn(move |cx| {
        send.send(cx.waker().clone()).unwrap();
        Poll::Ready(())
    }));
    runtime.block_on(task).unwrap();
    let waker = receive.recv().unwrap();
    waker.wake_by_ref();
    drop(runtime);
    // It outlives everything.
    let other = waker.clone();
    other.wake();
    drop(waker);
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A program that waits on everything there is to wait on, with something to lose at each await.
async fn program(dropped: Arc<AtomicUsize>) {
    let held = || Counted(dropped.clone());
    let _outer = held();
    let (mutex, rwlock) = (Arc::new(Mutex::new(held())), RwLock::new(held()));
    let (semaphore, notify) = (Semaphore::new(1), Notify::new());
    let (send, mut receive) = mpsc::channel(1);
    let (loud, mut ear) = broadcast::channel(2);
    let (show, mut look) = watch::channel(0);
    let (give, take) = rendezvous::channel();
    let other = mutex.clone();
    let task = creel::spawn({
        let held = held();
        async move {
            let _held = held;
            let _guard = other.lock().await;
            yield_now().await;
        }
    });
    yield_now().await;
    drop(mutex.lock().await);
    drop((rwlock.read().await, rwlock.read().await));
    drop(rwlock.write().await);
    drop(semaphore.acquire().await);
    send.send(held()).await.unwrap();
    let mut full = pin!(send.send(held()));
    assert!(poll_fn(|cx| Poll::Ready(full.as_mut().poll(cx))).await.is_pending());
    drop(receive.recv().await);
    full.await.unwrap();
    drop(receive.recv().await);
    assert!(loud.send(Arc::new(held())).is_ok());
    drop(ear.recv().await);
    show.send(1).unwrap();
    look.changed().await.unwrap();
    creel::join!(async { give.send(held()).await.unwrap() }, async { drop(take.recv().await) });
    notify.notify_one();
    notify.notified().await;
    sleep(Duration::from_millis(1)).await;
    assert!(timeout(Duration::from_millis(1), notify.notified()).await.is_err());
    creel::select! {
        () = sleep(Duration::from_millis(2)) => {}
        () = notify.notified() => unreachable!("nobody notifies"),
    }
    task.await.unwrap();
}

/// How many `Counted` the program makes when it runs to its end.
const MADE: usize = 8;

#[test]
fn a_program_dropped_at_any_await_drops_everything_once() {
    let mut polls = 0;
    loop {
        let dropped = Arc::new(AtomicUsize::new(0));
        let count = dropped.clone();
        let ended = runtime().block_on(async move {
            let mut program = Box::pin(program(count));
            let mut left = polls;
            // As a task would, but only so many times.
            let ended = poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(false);
                }
                left -= 1;
                program.as_mut().poll(cx).map(|()| true)
            })
            .await;
            drop(program);
            ended
        });
        // The runtime is gone, so whatever the program had made is gone.
        let references = Arc::strong_count(&dropped);
        assert_eq!(references, 1, "something was leaked after {polls} polls");
        if ended {
            assert_eq!(dropped.load(SeqCst), MADE);
            break;
        }
        polls += 1;
        assert!(polls < 1_000, "the program does not end");
    }
    assert!(polls > 5, "it was dropped at {polls} places only");
}
