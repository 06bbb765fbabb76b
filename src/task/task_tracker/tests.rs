//! The task tracker, without a runtime.

use super::TaskTracker;
use core::future::{Future, ready};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::format;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use std::vec::Vec;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn closing_and_reopening_say_what_was_before() {
    let tracker = TaskTracker::new();
    assert!(tracker.close() && !tracker.close() && tracker.is_closed());
    assert!(tracker.reopen() && !tracker.reopen() && !tracker.is_closed());
}

#[test]
fn tokens_and_futures_count_until_they_are_dropped() {
    let tracker = TaskTracker::default();
    let token = tracker.token();
    let other = token.clone();
    assert!(TaskTracker::ptr_eq(token.task_tracker(), &tracker));
    assert!(!TaskTracker::ptr_eq(&TaskTracker::new(), &tracker));
    assert_eq!(tracker.len(), 2);
    drop((token, other));
    let mut future = Box::pin(tracker.track_future(ready(1)));
    assert_eq!(tracker.len(), 1);
    assert_eq!(poll_once(future.as_mut()), Poll::Ready(1));
    assert!(!tracker.is_empty(), "it counts until it is dropped");
    drop(future);
    assert!(tracker.is_empty());
    assert_eq!(format!("{tracker:?}"), "TaskTracker { len: 0, is_closed: false, .. }");
}

#[test]
fn waiting_takes_both_closed_and_empty() {
    let tracker = TaskTracker::new();
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut waits: Vec<_> = (0..40).map(|_| Box::pin(tracker.wait())).collect();
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    let token = tracker.token();
    tracker.close();
    drop(tracker.token());
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    drop(token);
    assert_eq!(count.0.load(Ordering::SeqCst), 40);
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_ready());
        assert!(poll_once(wait.as_mut()).is_ready(), "and stays so");
    }
    assert!(poll_once(pin!(tracker.wait())).is_ready());
}

#[test]
fn one_moment_is_enough_even_before_the_first_poll() {
    let tracker = TaskTracker::new();
    let mut polled = pin!(tracker.wait());
    let mut unpolled = pin!(tracker.wait());
    assert!(poll_once(polled.as_mut()).is_pending());
    tracker.close();
    tracker.reopen();
    let _token = tracker.token();
    assert!(poll_once(polled).is_ready() && poll_once(unpolled.as_mut()).is_ready());
    assert!(poll_once(pin!(tracker.wait())).is_pending());
}

#[test]
fn a_dropped_wait_leaves_no_trace() {
    let tracker = TaskTracker::new();
    drop(tracker.wait());
    let mut wait = Box::pin(tracker.wait());
    assert!(poll_once(wait.as_mut()).is_pending());
    drop(wait);
    tracker.close();
    assert!(poll_once(pin!(tracker.wait())).is_ready());
}

#[test]
fn auto_traits() {
    fn send_sync<T: Send + Sync>(_: &T) {}
    let tracker = TaskTracker::new();
    send_sync(&tracker);
    send_sync(&tracker.token());
    send_sync(&tracker.wait());
}
