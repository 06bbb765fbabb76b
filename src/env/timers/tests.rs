//! Each transition of a registration, on one thread.

use super::host::Host;
use super::*;
use crate::env::clock::Clock;
use std::boxed::Box;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::task::Wake;
use std::vec::Vec;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll(timer: &mut Pin<Box<Registration>>, waker: &Waker) -> Poll<Result<(), Closed>> {
    timer.as_mut().poll(&mut Context::from_waker(waker))
}

fn counter() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (count.clone(), count.into())
}

fn at(ns: u64) -> Instant {
    Instant::from_nanos(ns)
}

#[test]
fn fires_once_at_its_time() {
    let host = Host::new(Clock::default());
    let (count, waker) = counter();
    let mut timer = host.timer(100);
    assert!(poll(&mut timer, &waker).is_pending());
    assert_eq!(host.timers().next(), Some(at(100)));
    host.timers().expire(at(99));
    assert!(!timer.is_elapsed());
    host.timers().expire(at(100));
    host.timers().expire(at(101));
    assert!(timer.is_elapsed());
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    assert_eq!(poll(&mut timer, &waker), Poll::Ready(Ok(())));
    assert_eq!(host.timers().next(), None);
}

#[test]
fn one_that_is_already_due_is_ready_at_once_and_keeps_no_waker() {
    let host = Host::new(Clock::default());
    host.timers().turn(at(100));
    let (count, waker) = counter();
    let mut timer = host.timer(100);
    assert_eq!(poll(&mut timer, &waker), Poll::Ready(Ok(())));
    assert_eq!(Arc::strong_count(&count), 2, "the test and its waker");
}

#[test]
fn one_that_a_frozen_clock_has_passed_is_ready_at_once() {
    let host = Host::new(Clock::simulated(at(100)));
    let (_, waker) = counter();
    assert_eq!(poll(&mut host.timer(100), &waker), Poll::Ready(Ok(())));
    assert!(poll(&mut host.timer(101), &waker).is_pending());
    assert!(host.clock().is_standing_past(at(100)));
}

#[test]
fn a_dropped_timer_is_gone() {
    let host = Host::new(Clock::default());
    let (count, waker) = counter();
    let mut timer = host.timer(100);
    assert!(poll(&mut timer, &waker).is_pending());
    drop(timer);
    assert_eq!(host.timers().next(), None);
    host.timers().expire(at(100));
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    drop(waker);
    assert_eq!((Arc::strong_count(&count), Arc::strong_count(&host)), (1, 1), "nothing is kept");
}

#[test]
fn a_reset_timer_goes_on_with_its_waker() {
    let host = Host::new(Clock::default());
    let (count, waker) = counter();
    let mut timer = host.timer(100);
    assert!(poll(&mut timer, &waker).is_pending());
    timer.as_mut().reset(at(300));
    host.timers().expire(at(200));
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    timer.as_mut().reset(at(150));
    assert_eq!(count.0.load(Ordering::SeqCst), 1, "that time has passed");
    assert!(timer.is_elapsed());
    timer.as_mut().reset(at(400));
    assert!(!timer.is_elapsed());
    assert!(poll(&mut timer, &waker).is_pending());
    host.timers().expire(at(400));
    assert_eq!(count.0.load(Ordering::SeqCst), 2);
}

#[test]
fn the_last_waker_is_woken() {
    let host = Host::new(Clock::default());
    let ((first, first_waker), (second, second_waker)) = (counter(), counter());
    let mut timer = host.timer(100);
    assert!(poll(&mut timer, &first_waker).is_pending());
    assert!(poll(&mut timer, &second_waker).is_pending());
    host.timers().expire(at(100));
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (0, 1));
}

#[test]
fn the_host_is_told_of_an_earlier_deadline_and_only_then() {
    let host = Host::new(Clock::default());
    let (_, waker) = counter();
    let mut timers: Vec<_> = [500, 600, 400, 300].map(|ns| host.timer(ns)).into();
    let _ = poll(&mut timers[0], &waker);
    assert_eq!(host.unparked(), 1, "it was told of none");
    assert_eq!(host.timers().next(), Some(at(500)));
    let _ = poll(&mut timers[1], &waker);
    assert_eq!(host.unparked(), 1, "it looks before that anyway");
    let _ = poll(&mut timers[2], &waker);
    assert_eq!(host.unparked(), 2);
    host.drive(|| poll(&mut timers[3], &waker).is_pending());
    assert_eq!(host.unparked(), 2, "the driver asks before it waits");
    assert_eq!(host.timers().next(), Some(at(300)));
    timers.clear();
    assert_eq!(host.timers().next(), None);
    let _ = poll(&mut host.timer(u64::MAX - 1), &waker);
    assert_eq!(host.unparked(), 3, "what it was told is gone");
}

#[test]
fn the_runtime_is_the_one_in_which_the_timer_was_made() {
    let (host, other) = (Host::new(Clock::default()), Host::new(Clock::default()));
    let (_, waker) = counter();
    let mut timer = host.timer(100);
    assert!(other.enter(|| poll(&mut timer, &waker)).is_pending());
    assert!(poll(&mut timer, &waker).is_pending(), "wherever it is polled");
    assert_eq!(host.timers().next(), Some(at(100)));
    other.enter(|| timer.as_mut().reset(at(200)));
    assert_eq!((host.timers().next(), other.timers().next()), (Some(at(200)), None));
}

#[test]
#[should_panic(expected = "no runtime on this thread")]
fn a_timer_outside_of_a_runtime_panics() {
    let _ = Registration::new(at(1));
}

#[test]
fn shutting_down_wakes_everything_and_refuses_the_rest() {
    let host = Host::new(Clock::default());
    let (count, waker) = counter();
    let mut timers: Vec<_> = (0..100).map(|n| host.timer(n * 1000 + 1)).collect();
    timers.iter_mut().for_each(|timer| assert!(poll(timer, &waker).is_pending()));
    host.timers().shut_down();
    assert_eq!(count.0.load(Ordering::SeqCst), 100);
    assert_eq!(poll(&mut timers[7], &waker), Poll::Ready(Err(Closed)));
    assert_eq!(poll(&mut host.timer(5), &waker), Poll::Ready(Err(Closed)));
    assert_eq!(host.timers().next(), None);
}

/// Does something to timers while it is woken.
struct Meddler<F>(Mutex<F>);

impl<F: FnMut() + Send> Wake for Meddler<F> {
    fn wake(self: Arc<Self>) {
        let mut meddle = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        meddle();
    }
}

#[test]
fn a_waker_may_drop_timers_that_are_due_together_with_its_own() {
    let host = Host::new(Clock::default());
    let others = Arc::new(Mutex::new(Vec::new()));
    let to_drop = others.clone();
    let waker: Waker =
        Arc::new(Meddler(Mutex::new(move || to_drop.lock().unwrap().clear()))).into();
    for _ in 0..3 * WakeList::CAPACITY {
        let mut timer = host.timer(100);
        assert!(poll(&mut timer, &waker).is_pending());
        others.lock().unwrap().push(timer);
    }
    let mut own = host.timer(100);
    assert!(poll(&mut own, &waker).is_pending());
    host.timers().expire(at(100));
    assert!(others.lock().unwrap().is_empty());
    assert!(own.is_elapsed());
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    let host = Host::new(Clock::default());
    let bad: Waker = Arc::new(Meddler(Mutex::new(|| panic!("bad waker")))).into();
    let (count, good) = counter();
    let mut timers: Vec<_> = (0..10).map(|n| host.timer(n + 1)).collect();
    for (n, timer) in timers.iter_mut().enumerate() {
        assert!(poll(timer, if n == 3 { &bad } else { &good }).is_pending());
    }
    let expire = std::panic::AssertUnwindSafe(|| host.timers().expire(at(100)));
    assert!(std::panic::catch_unwind(expire).is_err());
    assert_eq!(count.0.load(Ordering::SeqCst), 9);
    assert!(poll(&mut host.timer(200), &good).is_pending(), "the timers go on");
}

#[test]
fn dropping_a_waker_may_drop_another_timer() {
    struct Holds {
        _timer: Pin<Box<Registration>>,
    }
    impl Wake for Holds {
        fn wake(self: Arc<Self>) {}
    }
    let host = Host::new(Clock::default());
    let mut inner = host.timer(200);
    assert!(poll(&mut inner, Waker::noop()).is_pending());
    let mut outer = host.timer(100);
    assert!(poll(&mut outer, &Arc::new(Holds { _timer: inner }).into()).is_pending());
    drop(outer);
    assert_eq!(host.timers().next(), None);
}

#[test]
fn it_is_as_small_as_promised() {
    assert!(size_of::<Registration>() <= if cfg!(debug_assertions) { 64 } else { 56 });
}
