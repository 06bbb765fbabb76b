//! Waiting with the thread.

use crate::sync::block::block_on;
use core::future::poll_fn;
use core::task::Poll;
use std::panic::catch_unwind;
use std::thread;

#[test]
fn sleeps_until_it_is_woken_from_another_thread() {
    let mut asked = false;
    let answer = block_on(poll_fn(|cx| {
        if core::mem::replace(&mut asked, true) {
            return Poll::Ready(7);
        }
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake());
        Poll::Pending
    }));
    assert_eq!(answer, 7);
}

#[test]
fn nests_without_taking_the_wakes_of_the_outer_call() {
    let mut polls = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        block_on(async {});
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert_eq!(polls, 3);
}

#[test]
fn refuses_a_thread_that_tasks_depend_on() {
    let refused = thread::spawn(|| {
        crate::env::context::with(|cx| cx.occupied.set(true));
        catch_unwind(|| block_on(async {})).is_err()
    });
    assert!(refused.join().unwrap());
}
