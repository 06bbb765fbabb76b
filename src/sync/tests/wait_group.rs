//! The wait group.

use super::{Count, poll_once, poll_with};
use crate::sync::WaitGroup;
use core::pin::pin;
use std::boxed::Box;

#[test]
fn waiting_ends_when_all_others_are_gone() {
    let group = WaitGroup::new();
    let (one, other) = (group.clone(), group.clone());
    assert_eq!(group.count(), 3);
    let (count, waker) = Count::new();
    let mut wait = pin!(group.wait());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    assert_eq!(one.count(), 2);
    drop(one);
    assert_eq!(count.get(), 0);
    drop(other);
    assert_eq!(count.get(), 1);
    assert!(poll_once(wait).is_ready());
}

#[test]
fn alone_nobody_waits() {
    assert!(poll_once(pin!(WaitGroup::default().wait())).is_ready());
}

#[test]
fn several_wait_for_each_other() {
    let group = WaitGroup::new();
    let mut first = pin!(group.clone().wait());
    let second = pin!(group.wait());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second).is_ready());
    assert!(poll_once(first).is_ready());
}

#[test]
fn a_wait_that_is_dropped_unpolled_or_pending_leaves_the_group() {
    let group = WaitGroup::new();
    drop(group.clone().wait());
    assert_eq!(group.count(), 1);
    let mut wait = Box::pin(group.clone().wait());
    assert!(poll_once(wait.as_mut()).is_pending());
    drop(wait);
    assert_eq!(group.count(), 1);
}

#[test]
fn a_thread_waits_for_others() {
    let group = WaitGroup::new();
    for _ in 0..8 {
        let member = group.clone();
        std::thread::spawn(move || drop(member));
    }
    group.blocking_wait();
}
