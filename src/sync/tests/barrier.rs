//! The barrier.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::Barrier;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

fn leads<T: core::future::Future<Output = crate::sync::BarrierWaitResult>>(
    future: core::pin::Pin<&mut T>,
) -> Option<bool> {
    match poll_once(future) {
        Poll::Ready(result) => Some(result.is_leader()),
        Poll::Pending => None,
    }
}

#[test]
fn the_last_to_arrive_leads_and_the_barrier_starts_anew() {
    let barrier = Barrier::new(3);
    for _ in 0..3 {
        let mut first = pin!(barrier.wait());
        let mut second = pin!(barrier.wait());
        assert_eq!(leads(first.as_mut()), None);
        assert_eq!(leads(second.as_mut()), None);
        assert_eq!(leads(first.as_mut()), None);
        assert_eq!(leads(pin!(barrier.wait())), Some(true));
        assert_eq!(leads(second), Some(false));
        assert_eq!(leads(first), Some(false));
    }
}

#[test]
fn nobody_waits_at_a_barrier_for_none_or_one() {
    for n in [0, 1] {
        let barrier = Barrier::new(n);
        assert_eq!(leads(pin!(barrier.wait())), Some(true));
        assert_eq!(leads(pin!(barrier.wait())), Some(true));
    }
}

#[test]
fn a_dropped_arrival_is_taken_back() {
    let barrier = Barrier::new(2);
    {
        let mut quitter = pin!(barrier.wait());
        assert_eq!(leads(quitter.as_mut()), None);
    }
    let mut first = pin!(barrier.wait());
    assert_eq!(leads(first.as_mut()), None, "the quitter does not count");
    assert_eq!(leads(pin!(barrier.wait())), Some(true));
    assert_eq!(leads(first), Some(false));
}

#[test]
fn dropping_a_released_waiter_takes_nothing_from_the_next_meeting() {
    let barrier = Barrier::new(2);
    {
        let mut released = Box::pin(barrier.wait());
        assert_eq!(leads(released.as_mut()), None);
        assert_eq!(leads(pin!(barrier.wait())), Some(true));
        let mut next = pin!(barrier.wait());
        assert_eq!(leads(next.as_mut()), None);
        drop(released);
        assert_eq!(leads(pin!(barrier.wait())), Some(true));
        assert_eq!(leads(next), Some(false));
    }
}

#[test]
fn each_waiter_is_woken_once_and_newcomers_are_not() {
    let barrier = Barrier::new(100);
    let (count, waker) = Count::new();
    let mut waits: Vec<_> = (0..99).map(|_| Box::pin(barrier.wait())).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    assert_eq!(leads(pin!(barrier.wait())), Some(true));
    assert_eq!(count.get(), 99);
    for wait in &mut waits {
        assert_eq!(leads(wait.as_mut()), Some(false));
    }
}

#[test]
fn a_panicking_waker_keeps_nobody_at_the_barrier() {
    let barrier = Barrier::new(3);
    let (count, waker) = Count::new();
    let mut bomb = pin!(barrier.wait());
    let mut other = pin!(barrier.wait());
    assert!(poll_with(bomb.as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(poll_with(other.as_mut(), &waker).is_pending());
    let panicked = catch_unwind(AssertUnwindSafe(|| leads(pin!(barrier.wait()))));
    assert!(panicked.is_err());
    assert_eq!(count.get(), 1);
    assert_eq!(leads(other), Some(false));
    assert_eq!(leads(bomb), Some(false));
}

#[test]
fn threads_meet() {
    let barrier = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let barrier = barrier.clone();
            std::thread::spawn(move || {
                (0..50).filter(|_| barrier.blocking_wait().is_leader()).count()
            })
        })
        .collect();
    let leaders: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(leaders, 50);
}
