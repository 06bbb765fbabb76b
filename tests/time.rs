//! Time natively: what the conformance list leaves out because it needs threads, panics or types.
#![cfg(all(feature = "native", feature = "macros"))]

use creel::runtime::{Builder, Runtime};
use creel::time::{
    self, Duration, Instant, Interval, Sleep, Timeout, error, interval, interval_at, sleep,
    sleep_until, timeout,
};
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What `f` says when it panics.
fn panic_of(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("with a text")
}

#[test]
fn the_types_are_as_free_as_tokios() {
    fn send_and_sync<T: Send + Sync>(_: &T) {}
    fn unpin<T: Unpin>(_: &T) {}
    let runtime = current_thread();
    let _entered = runtime.enter();
    send_and_sync(&sleep(Duration::ZERO));
    send_and_sync(&timeout(Duration::ZERO, pending::<()>()));
    send_and_sync(&time::advance(Duration::ZERO));
    let mut interval = interval(Duration::from_secs(1));
    unpin(&interval);
    send_and_sync(&interval);
    send_and_sync(&interval.tick());
    send_and_sync(&Instant::now());
    send_and_sync(&error::Error::shutdown());
}

#[test]
#[cfg_attr(
    feature = "tracing",
    ignore = "each wait has a span, which is as large as that crate makes it"
)]
fn waits_are_small() {
    // A dump tells where a wait was written.
    let site = if cfg!(feature = "dump") { 8 } else { 0 };
    assert!(size_of::<Sleep>() <= site + if cfg!(debug_assertions) { 64 } else { 56 });
    assert!(size_of::<Timeout<()>>() <= site + 72);
    assert_eq!(size_of::<Instant>(), 8);
    assert!(size_of::<Interval>() <= site + 48);
}

#[test]
fn instants_are_those_of_the_standard_library() {
    let std = std::time::Instant::now();
    let ours = Instant::from_std(std);
    assert_eq!(ours.into_std(), std);
    assert_eq!(std::time::Instant::from(Instant::from(std)), std);
    let hour = Duration::from_secs(3600);
    assert_eq!((ours + hour).into_std(), std + hour);
    let early = std.checked_sub(Duration::from_millis(1)).unwrap();
    assert_eq!(Instant::from_std(early), ours - Duration::from_millis(1));
    assert!(Instant::now() >= ours);
}

#[test]
fn outside_of_a_runtime_time_can_be_read_but_not_waited_for() {
    let _now = Instant::now();
    for said in [
        panic_of(|| drop(sleep(Duration::ZERO))),
        panic_of(|| drop(sleep_until(Instant::now()))),
        panic_of(|| drop(timeout(Duration::ZERO, pending::<()>()))),
        panic_of(|| drop(interval(Duration::from_secs(1)))),
        panic_of(time::pause),
        panic_of(time::resume),
        panic_of(|| assert!(poll(pin!(time::advance(Duration::ZERO))).is_ready())),
    ] {
        assert!(said.contains("no runtime"), "{said}");
    }
}

#[test]
fn misuse_is_told() {
    let runtime = current_thread();
    let _entered = runtime.enter();
    assert!(panic_of(|| drop(interval(Duration::ZERO))).contains("must not be zero"));
    let at_zero = || drop(interval_at(Instant::now(), Duration::ZERO));
    assert!(panic_of(at_zero).contains("must not be zero"));
    assert!(panic_of(time::resume).contains("not paused"));
    time::pause();
    assert!(panic_of(time::pause).contains("already paused"));
    let too_far = || assert!(poll(pin!(time::advance(Duration::MAX))).is_ready());
    assert!(panic_of(too_far).contains("that far"));
    assert!(
        panic_of(|| assert!(Instant::now() + Duration::MAX > Instant::now())).contains("overflow")
    );
}

#[test]
fn a_pool_cannot_be_paused() {
    let pool = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    pool.block_on(async {
        assert!(panic_of(time::pause).contains("current-thread"));
    });
}

#[test]
fn a_sleep_outlives_its_runtime_and_says_so() {
    let runtime = current_thread();
    let entered = runtime.enter();
    let mut waiting = Box::pin(sleep(Duration::from_secs(60)));
    assert!(poll(waiting.as_mut()).is_pending());
    let mut fired = Box::pin(sleep(Duration::ZERO));
    runtime.block_on(fired.as_mut());
    let mut dropped = Box::pin(sleep(Duration::from_secs(60)));
    assert!(poll(dropped.as_mut()).is_pending());
    drop(entered);
    drop(runtime);
    assert!(poll(fired.as_mut()).is_ready(), "that is over");
    assert!(panic_of(|| assert!(poll(waiting.as_mut()).is_pending())).contains("shut down"));
    waiting.as_mut().reset(Instant::now());
    assert!(panic_of(|| assert!(poll(waiting.as_mut()).is_pending())).contains("shut down"));
    drop(dropped);
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a timer on a thread that drives nothing.
fn wait_here(mut sleep: Pin<&mut Sleep>) {
    let waker = Arc::new(Unpark(thread::current())).into();
    while sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        thread::park();
    }
}

#[test]
fn a_timer_of_another_thread_wakes_the_host_from_an_endless_wait() {
    for runtime in [current_thread(), Runtime::new().unwrap()] {
        let (done, is_done) = creel::sync::oneshot::channel::<()>();
        let handle = runtime.handle().clone();
        let other = thread::spawn(move || {
            let _entered = handle.enter();
            let start = Instant::now();
            thread::sleep(Duration::from_millis(20)); // so that the host waits, most likely
            wait_here(pin!(sleep(Duration::from_millis(20))));
            wait_here(pin!(sleep(Duration::from_millis(5))));
            assert!(start.elapsed() >= Duration::from_millis(45));
            done.send(()).unwrap();
        });
        runtime.block_on(is_done).unwrap();
        other.join().unwrap();
    }
}

#[test]
fn timers_of_many_threads_fire_and_cancel() {
    let pool = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (fired, all_fired) = mpsc::channel();
    let threads: Vec<_> = (0..4u64)
        .map(|seed| {
            let (handle, fired) = (pool.handle().clone(), fired.clone());
            thread::spawn(move || {
                let _entered = handle.enter();
                for n in 0..200u64 {
                    let mut sleep = Box::pin(sleep(Duration::from_micros((n * 37 + seed) % 900)));
                    let _ = poll(sleep.as_mut());
                    match n % 3 {
                        0 => drop(sleep),
                        1 => drop(handle.spawn(async move { drop(sleep) })),
                        _ => {
                            let fired = fired.clone();
                            handle.spawn(async move {
                                sleep.await;
                                fired.send(()).unwrap();
                            });
                        }
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    drop(fired);
    assert_eq!(all_fired.iter().count(), 4 * 66);
}
