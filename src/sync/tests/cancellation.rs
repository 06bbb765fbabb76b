//! The tree of cancellation tokens.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::CancellationToken;
use crate::sync::cancellation::{WaitForCancellationFuture, WaitForCancellationFutureOwned};
use core::future::{pending, ready};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn cancelling_reaches_all_below_and_nobody_else() {
    let root = CancellationToken::new();
    let (left, right) = (root.child_token(), root.child_token());
    let below = [left.child_token(), left.child_token(), left.child_token().child_token()];
    left.cancel();
    assert!(left.is_cancelled() && below.iter().all(CancellationToken::is_cancelled));
    assert!(!root.is_cancelled() && !right.is_cancelled());
    root.cancel();
    assert!(root.is_cancelled() && right.is_cancelled());
    assert!(root.child_token().child_token().is_cancelled());
}

#[test]
fn both_kinds_of_future_are_woken_once() {
    let token = CancellationToken::new();
    let (count, waker) = Count::new();
    let mut borrowed = pin!(token.cancelled());
    let mut owned = pin!(token.child_token().cancelled_owned());
    assert!(poll_with(borrowed.as_mut(), &waker).is_pending());
    assert!(poll_with(owned.as_mut(), &waker).is_pending());
    token.cancel();
    token.cancel();
    assert_eq!(count.get(), 2);
    assert!(poll_once(borrowed.as_mut()).is_ready() && poll_once(owned.as_mut()).is_ready());
    assert!(poll_once(borrowed).is_ready() && poll_once(owned).is_ready(), "and stay ready");
}

#[test]
fn the_tokens_between_may_be_dropped() {
    let root = CancellationToken::new();
    let middle = root.child_token();
    let leaves = [middle.child_token(), middle.child_token(), middle.child_token()];
    drop(middle);
    let [first, second, third] = leaves;
    drop(second);
    assert!(!first.is_cancelled());
    drop(third);
    let below = first.child_token();
    drop(first);
    root.cancel();
    assert!(below.is_cancelled());
}

#[test]
fn children_of_a_dropped_root_live_on() {
    let root = CancellationToken::new();
    let (one, other) = (root.child_token(), root.child_token());
    drop(root);
    one.cancel();
    assert!(one.is_cancelled() && !other.is_cancelled());
    let below = other.child_token();
    other.cancel();
    assert!(below.is_cancelled());
}

#[test]
fn a_retained_token_that_is_cancelled_is_freed() {
    let root = CancellationToken::new();
    let middle = root.child_token();
    let leaves = [middle.child_token(), middle.child_token()];
    drop(middle);
    root.cancel();
    assert!(leaves.iter().all(CancellationToken::is_cancelled));
}

#[test]
fn a_deep_chain_needs_no_stack() {
    const DEPTH: usize = if cfg!(miri) { 300 } else { 100_000 };
    let root = CancellationToken::new();
    let mut chain = Vec::with_capacity(DEPTH);
    chain.push(root.child_token());
    for _ in 1..DEPTH {
        chain.push(chain[chain.len() - 1].child_token());
    }
    root.cancel();
    assert!(chain.iter().all(CancellationToken::is_cancelled));

    for from_the_root in [true, false] {
        let mut chain = std::collections::VecDeque::from([CancellationToken::new()]);
        for _ in 1..DEPTH {
            chain.push_back(chain[chain.len() - 1].child_token());
        }
        while chain.len() > 1 {
            drop(if from_the_root { chain.pop_front() } else { chain.pop_back() });
        }
        chain[0].cancel();
    }
}

#[test]
fn a_token_that_replaces_itself_by_its_child_stays_below_the_root() {
    let root = CancellationToken::new();
    let mut token = root.child_token();
    for _ in 0..if cfg!(miri) { 100 } else { 10_000 } {
        token = token.child_token();
    }
    root.cancel();
    assert!(token.is_cancelled());
}

#[test]
fn futures_may_be_dropped_at_any_point() {
    let token = CancellationToken::new();
    drop(token.cancelled());
    let mut pending = Box::pin(token.cancelled());
    assert!(poll_once(pending.as_mut()).is_pending());
    drop(pending);
    let mut notified = Box::pin(token.cancelled());
    let mut owned = Box::pin(token.clone().cancelled_owned());
    assert!(poll_once(notified.as_mut()).is_pending());
    assert!(poll_once(owned.as_mut()).is_pending());
    token.cancel();
    drop((notified, owned));

    let mut last = Box::pin(CancellationToken::new().cancelled_owned());
    assert!(poll_once(last.as_mut()).is_pending());
}

#[test]
fn a_panicking_waker_keeps_no_other_from_being_woken() {
    let root = CancellationToken::new();
    let tokens = [root.child_token(), root.child_token(), root.child_token()];
    let (count, waker) = Count::new();
    let mut waits = tokens.each_ref().map(|token| Box::pin(token.cancelled()));
    assert!(poll_with(waits[0].as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(poll_with(waits[1].as_mut(), &waker).is_pending());
    assert!(poll_with(waits[2].as_mut(), &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| root.cancel())).is_err());
    assert_eq!(count.get(), 2);
    assert!(tokens.iter().all(CancellationToken::is_cancelled));
    let below = root.child_token();
    assert!(below.is_cancelled(), "the tree is as usable as before");
}

#[test]
fn a_waker_may_use_and_drop_the_tree() {
    struct Reenter(CancellationToken);
    impl std::task::Wake for Reenter {
        fn wake(self: Arc<Self>) {
            assert!(self.0.child_token().is_cancelled());
            self.0.cancel();
        }
    }
    let root = CancellationToken::new();
    let child = root.child_token();
    let mut wait = pin!(child.cancelled());
    let waker = Waker::from(Arc::new(Reenter(root.clone())));
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    drop(waker);
    root.cancel();
    assert!(poll_once(wait).is_ready());
}

#[test]
fn guards_cancel_unless_disarmed() {
    let token = CancellationToken::new();
    let guard = token.child_token().drop_guard();
    assert!(!guard.token().is_cancelled());
    let child = guard.disarm();
    assert!(!child.is_cancelled());
    assert_eq!(child.drop_guard_ref().disarm(), &child);
    assert!(!child.is_cancelled());
    drop(child.drop_guard_ref());
    assert!(child.is_cancelled() && !token.is_cancelled());
    drop(token.clone().drop_guard());
    assert!(token.is_cancelled());
}

#[test]
fn a_future_runs_until_cancelled() {
    let token = CancellationToken::new();
    let mut run = pin!(token.run_until_cancelled(pending::<()>()));
    let mut owned = pin!(token.clone().run_until_cancelled_owned(pending::<()>()));
    assert!(poll_once(run.as_mut()).is_pending() && poll_once(owned.as_mut()).is_pending());
    assert_eq!(poll_once(pin!(token.run_until_cancelled(ready(1)))), Poll::Ready(Some(1)));
    token.cancel();
    assert_eq!(poll_once(run), Poll::Ready(None));
    assert_eq!(poll_once(owned), Poll::Ready(None));
    let unpolled = token.run_until_cancelled(async { panic!("it must not begin") });
    assert_eq!(poll_once(pin!(unpolled)), Poll::Ready(None::<()>));
}

#[test]
fn clones_are_the_same_token_and_others_are_not() {
    let token = CancellationToken::default();
    assert_eq!(token, token.clone());
    assert_ne!(token, token.child_token());
    let set: std::collections::HashSet<_> =
        [token.clone(), token.clone(), token.child_token()].into();
    assert_eq!(set.len(), 2);
}

#[test]
fn auto_traits() {
    fn send_sync_safe<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    fn send_sync<T: Send + Sync>() {}
    send_sync_safe::<CancellationToken>();
    send_sync::<WaitForCancellationFuture<'_>>();
    send_sync::<WaitForCancellationFutureOwned>();
}

#[test]
fn threads_attach_detach_and_cancel_at_once() {
    let (rounds, steps) = if cfg!(miri) { (1, 30) } else { (20, 200) };
    for _ in 0..rounds {
        let root = CancellationToken::new();
        let threads: Vec<_> = (0..4)
            .map(|i| {
                let token = root.child_token();
                let root = root.clone();
                std::thread::spawn(move || {
                    let mut kept = Vec::new();
                    for step in 0..steps {
                        let child = token.child_token();
                        let below = [child.child_token(), child.child_token()];
                        drop(child);
                        if step % 7 == 0 {
                            kept.extend(below);
                        }
                        if i == 0 && step == steps / 2 {
                            root.cancel();
                        }
                    }
                    kept.push(token);
                    kept
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap().iter().all(CancellationToken::is_cancelled));
        }
    }
}
