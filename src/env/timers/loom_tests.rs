//! A registration against everything that may happen to it on another thread.

use super::host::Host;
use super::*;
use crate::atomic::AtomicUsize;
use crate::env::clock::Clock;
use crate::env::context;
use loom::thread;
use std::sync::Arc;
use std::task::Wake;

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counter() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    (count.clone(), count.into())
}

fn at(ns: u64) -> Instant {
    Instant::from_nanos(ns)
}

#[test]
fn loom_expire_against_poll() {
    loom::model(|| {
        let host = Host::new(Clock::unpausable());
        let driver = {
            let host = host.clone();
            thread::spawn(move || host.timers().expire(at(100)))
        };
        let mut timer = host.timer(100);
        let (count, waker) = counter();
        let (late_count, late_waker) = counter();
        let first = timer.as_mut().poll(&mut Context::from_waker(&waker));
        let second = timer.as_mut().poll(&mut Context::from_waker(&late_waker));
        driver.join().unwrap();
        // If the driver came too early it finds the timer when it looks again.
        host.timers().expire(at(100));
        assert!(timer.is_elapsed());
        let woken = count.0.load(Ordering::SeqCst) + late_count.0.load(Ordering::SeqCst);
        match (first.is_ready(), second.is_ready()) {
            (true, _) => assert!(woken <= 1, "a poll may see at once what it was woken for"),
            (false, true) => assert_eq!(woken, 1),
            (false, false) => assert_eq!((woken, late_count.0.load(Ordering::SeqCst)), (1, 1)),
        }
    });
}

#[test]
fn loom_expire_against_drop() {
    loom::model(|| {
        let host = Host::new(Clock::unpausable());
        let mut timer = host.timer(100);
        let mut neighbour = host.timer(100);
        let (_, waker) = counter();
        assert!(timer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(neighbour.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let driver = {
            let host = host.clone();
            thread::spawn(move || host.timers().expire(at(100)))
        };
        drop(timer);
        driver.join().unwrap();
        assert!(neighbour.is_elapsed());
        assert_eq!(host.timers().next(), None);
    });
}

#[test]
fn loom_expire_against_reset() {
    loom::model(|| {
        let host = Host::new(Clock::unpausable());
        let mut timer = host.timer(100);
        let (count, waker) = counter();
        assert!(timer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let driver = {
            let host = host.clone();
            thread::spawn(move || host.timers().expire(at(150)))
        };
        timer.as_mut().reset(at(200));
        driver.join().unwrap();
        assert!(!timer.is_elapsed(), "the old time means nothing after a reset");
        let fired_before = count.0.load(Ordering::SeqCst);
        if timer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            host.timers().expire(at(200));
            assert_eq!(count.0.load(Ordering::SeqCst), fired_before + 1);
        }
    });
}

/// The host waits for a deadline or for being told: it must not wait with neither.
#[test]
fn loom_the_host_does_not_oversleep() {
    loom::model(|| {
        let host = Host::new(Clock::unpausable());
        let mut old = host.timer(500);
        let (_, waker) = counter();
        assert!(old.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(host.timers().next(), Some(at(500)));
        let told_before = host.unparked();
        let registering = {
            let host = host.clone();
            thread::spawn(move || {
                drop(old);
                let (_, waker) = counter();
                let mut new = host.timer(600);
                assert!(new.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                new
            })
        };
        let would_wait_until = host.timers().next();
        let _new = registering.join().unwrap();
        let wakes_in_time = would_wait_until.is_some_and(|until| until <= at(600));
        assert!(wakes_in_time || host.unparked() > told_before);
    });
}

#[test]
fn loom_shut_down_against_poll_and_drop() {
    loom::model(|| {
        let host = Host::new(Clock::unpausable());
        let mut early = host.timer(100);
        let (count, waker) = counter();
        assert!(early.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let closing = {
            let host = host.clone();
            thread::spawn(move || host.timers().shut_down())
        };
        let mut late = host.timer(200);
        let polled = late.as_mut().poll(&mut Context::from_waker(&waker));
        drop(late);
        closing.join().unwrap();
        assert_ne!(polled, Poll::Ready(Ok(())));
        assert!(count.0.load(Ordering::SeqCst) >= 1, "whoever waits learns of it");
        let closed = early.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(closed, Poll::Ready(Err(Closed)));
    });
}

/// Runs `f` as a worker of a pool would.
fn on_worker<R>(worker: usize, f: impl FnOnce() -> R) -> R {
    let _worker = context::Restore::set(|context| &context.worker, worker);
    f()
}

/// The host looks at the wheels one after the other; a timer armed meanwhile, in one that it has
/// looked at or not, is seen or told. What the host was told before is earlier than the timer, and
/// void.
#[test]
fn loom_a_timer_in_any_wheel_is_seen_or_told() {
    for worker in [0, 1] {
        loom::model(move || {
            let host = Host::with_wheels(Clock::unpausable(), 2);
            let (_, waker) = counter();
            let arm = |ns| {
                let mut timer = host.timer(ns);
                let mut cx = Context::from_waker(&waker);
                assert!(on_worker(1, || timer.as_mut().poll(&mut cx)).is_pending());
                timer
            };
            let (void, later) = (arm(30), arm(100));
            assert_eq!(host.timers().next(), Some(at(30)));
            drop(void);
            let before = host.unparked();
            let arming = {
                let host = host.clone();
                thread::spawn(move || {
                    let (_, waker) = counter();
                    let mut timer = host.timer(50);
                    let mut cx = Context::from_waker(&waker);
                    assert!(on_worker(worker, || timer.as_mut().poll(&mut cx)).is_pending());
                    timer
                })
            };
            let until = host.timers().next();
            let timer = arming.join().unwrap();
            assert!(until == Some(at(50)) || host.unparked() > before, "nobody is told");
            host.timers().expire(at(50));
            assert!(timer.is_elapsed() && !later.is_elapsed());
        });
    }
}
