//! The latch.

use super::{Count, poll_once, poll_with};
use crate::sync::Latch;
use core::pin::pin;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn it_opens_at_zero_and_stays_open() {
    let latch = Latch::new(3);
    let (count, waker) = Count::new();
    let mut waits: Vec<_> = (0..40).map(|_| Box::pin(latch.wait())).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    latch.count_down();
    latch.count_down_by(0);
    assert_eq!((latch.count(), count.get()), (2, 0));
    latch.count_down_by(5);
    assert_eq!((latch.count(), count.get()), (0, 40));
    latch.count_down();
    assert_eq!((latch.count(), count.get()), (0, 40), "not below zero, and nobody is woken twice");
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_ready());
    }
    assert!(poll_once(pin!(latch.wait())).is_ready());
}

#[test]
fn a_latch_for_none_is_open() {
    assert!(Latch::new(0).try_wait());
    assert!(poll_once(pin!(Latch::new(0).wait())).is_ready());
}

#[test]
fn a_dropped_waiter_leaves_no_trace() {
    let latch = Latch::new(1);
    let mut quitter = Box::pin(latch.wait());
    assert!(poll_once(quitter.as_mut()).is_pending());
    drop(quitter);
    latch.count_down();
    assert!(poll_once(pin!(latch.wait())).is_ready());
}

#[test]
fn a_thread_waits_for_others() {
    let latch = Arc::new(Latch::new(8));
    for _ in 0..8 {
        let latch = latch.clone();
        std::thread::spawn(move || latch.count_down());
    }
    latch.blocking_wait();
    assert!(latch.try_wait());
}
