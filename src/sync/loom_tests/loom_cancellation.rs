//! The tree of cancellation tokens.

use crate::sync::CancellationToken;
use loom::future::block_on;
use loom::thread;

#[test]
fn loom_cancellation_reaches_who_waits() {
    loom::model(|| {
        let root = CancellationToken::new();
        let child = root.child_token();
        let waiter = thread::spawn(move || block_on(child.cancelled()));
        root.cancel();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_cancellation_meets_a_new_child() {
    loom::model(|| {
        let root = CancellationToken::new();
        let thread = thread::spawn({
            let root = root.clone();
            move || root.cancel()
        });
        let child = root.child_token();
        thread.join().unwrap();
        assert!(child.is_cancelled());
    });
}

#[test]
fn loom_cancellation_meets_the_last_drop_of_a_node() {
    loom::model(|| {
        let root = CancellationToken::new();
        let middle = root.child_token();
        let leaf = middle.child_token();
        let thread = thread::spawn(move || drop(middle));
        root.cancel();
        assert!(leaf.is_cancelled());
        thread.join().unwrap();
    });
}

#[test]
fn loom_cancellation_siblings_leave_a_retained_node_together() {
    loom::model(|| {
        let root = CancellationToken::new();
        let middle = root.child_token();
        let (one, other) = (middle.child_token(), middle.child_token());
        let first = thread::spawn(move || drop(middle));
        let second = thread::spawn(move || drop(one));
        root.cancel();
        assert!(other.is_cancelled());
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn loom_cancellation_cancel_has_happened_when_a_second_call_returns() {
    loom::model(|| {
        let root = CancellationToken::new();
        let child = root.child_token();
        let thread = thread::spawn({
            let root = root.clone();
            move || root.cancel()
        });
        root.cancel();
        assert!(root.is_cancelled() && child.is_cancelled());
        thread.join().unwrap();
    });
}
