//! What scopes allocate: so much for a scope, one block for a child, nothing to wait, be asked or be
//! cancelled.

mod counting;

use counting::count;
use creel::runtime::Builder;
use creel::scope::{self, TaskGroup, finally, shield};
use creel::task::yield_now;
use std::future::{Future, pending, ready};

/// How often a program allocates, the second time it runs.
fn cost<F: Future>(program: impl Fn() -> F) -> usize {
    Builder::new_current_thread().build().unwrap().block_on(async {
        program().await;
        let before = count();
        program().await;
        count() - before
    })
}

async fn with_children(count: usize) {
    creel::scope(async |s| {
        for _ in 0..count {
            s.spawn(yield_now());
        }
    })
    .await;
}

async fn in_parallel(count: usize) {
    scope::parallel(async |s| {
        for _ in 0..count {
            s.spawn(yield_now());
        }
    })
    .await;
}

async fn in_a_group(count: usize) {
    let mut group = TaskGroup::new();
    for _ in 0..count {
        group.spawn(yield_now());
        group.join_next().await.unwrap().unwrap();
    }
}

#[test]
fn a_child_costs_one_allocation() {
    // The queue and the registry of those that borrow grow now and then.
    let some = cost(|| with_children(200)) - cost(|| with_children(100));
    assert!((100..=103).contains(&some), "{some} allocations for 100 children");
    assert_eq!(cost(|| in_parallel(64)) - cost(|| in_parallel(63)), 1);
    assert_eq!(cost(|| in_a_group(64)) - cost(|| in_a_group(63)), 1);
}

#[test]
fn a_scope_costs_a_few() {
    let costs = [cost(|| with_children(0)), cost(|| in_parallel(0)), cost(|| in_a_group(0))];
    // Four tokens, a tracker, what body and children share, and where those that borrow live.
    assert_eq!(costs, [10, 9, 6]);
}

#[test]
fn waiting_costs_none() {
    let waits = |asked: bool| async move {
        creel::scope(async |s| {
            let child = s.spawn(async move {
                match asked {
                    true => scope::asked_to_end().await,
                    false => pending().await,
                }
            });
            yield_now().await;
            let before = count();
            yield_now().await;
            if asked {
                s.ask_to_end();
            } else {
                s.cancel();
            }
            let _ = child.await;
            assert_eq!(count() - before, 0);
        })
        .await;
    };
    cost(|| waits(true));
    cost(|| waits(false));
}

#[test]
fn what_guards_costs_little() {
    assert_eq!(cost(|| shield(ready(()))), 0);
    // The clean-up is in a box, so that it can become a task.
    assert_eq!(cost(|| finally(ready(()), ready(()))), 1);
    // The first hold in a child is counted in a block of its own.
    let child = |held: bool| async move {
        creel::scope(async |s| {
            s.spawn(async move {
                if held {
                    shield(ready(())).await;
                    shield(ready(())).await;
                }
            });
        })
        .await;
    };
    assert_eq!(cost(|| child(true)) - cost(|| child(false)), 1);
}
