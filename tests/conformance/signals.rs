//! Broadcast, watch, barrier, cells that are filled once, events, latches, wait groups,
//! cancellation and the task tracker.

use creel::sync::broadcast::error::{RecvError, TryRecvError};
use creel::sync::{
    Barrier, CancellationToken, Event, Latch, OnceCell, SetOnce, WaitGroup, broadcast, watch,
};
use creel::task::{TaskTracker, spawn, spawn_local, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

cases! { "signals":

async fn broadcast_reaches_every_receiver_in_order() {
    let (tx, rx) = broadcast::channel(16);
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let mut rx = rx.resubscribe();
            spawn(async move {
                let mut seen = vec![];
                while let Ok(n) = rx.recv().await {
                    seen.push(n);
                }
                seen
            })
        })
        .collect();
    drop(rx);
    for n in 0..10 {
        assert_eq!(tx.send(n).unwrap(), 4);
        yield_now().await;
    }
    drop(tx);
    for task in tasks {
        assert_eq!(task.await.unwrap(), (0..10).collect::<Vec<_>>());
    }
}

async fn broadcast_tells_the_slow_what_they_missed() {
    let (tx, mut rx) = broadcast::channel(4);
    for n in 0..10 {
        tx.send(n).unwrap();
    }
    assert_eq!(rx.recv().await, Err(RecvError::Lagged(6)));
    for n in 6..10 {
        assert_eq!(rx.recv().await, Ok(n));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

async fn broadcast_lag_of_one_is_not_that_of_another() {
    let (tx, mut slow) = broadcast::channel(2);
    let mut fast = tx.subscribe();
    for n in 0..5 {
        tx.send(n).unwrap();
        assert_eq!(fast.recv().await, Ok(n));
    }
    assert_eq!(slow.recv().await, Err(RecvError::Lagged(3)));
    assert_eq!(slow.recv().await, Ok(3));
}

async fn broadcast_rounds_the_capacity_up() {
    let (tx, mut rx) = broadcast::channel(3);
    for n in 0..4 {
        tx.send(n).unwrap();
    }
    assert_eq!((tx.len(), rx.len()), (4, 4));
    assert_eq!(rx.try_recv(), Ok(0));
}

async fn broadcast_late_receivers_see_what_comes_after_them() {
    let (tx, _first) = broadcast::channel(4);
    tx.send("before").unwrap();
    let mut late = tx.subscribe();
    assert!(late.is_empty());
    tx.send("after").unwrap();
    assert_eq!(late.recv().await, Ok("after"));
}

async fn broadcast_closes_after_the_last_message() {
    let (tx, mut rx) = broadcast::channel(4);
    let other = tx.clone();
    drop(tx);
    other.send(1).unwrap();
    let weak = other.downgrade();
    drop(other);
    assert!(rx.is_closed() && weak.upgrade().is_none());
    assert_eq!(rx.recv().await, Ok(1));
    assert_eq!(rx.recv().await, Err(RecvError::Closed));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

async fn broadcast_closing_wakes_a_task_that_waits() {
    let (tx, mut rx) = broadcast::channel::<u8>(4);
    let task = spawn(async move { rx.recv().await });
    settle().await;
    drop(tx);
    assert_eq!(task.await.unwrap(), Err(RecvError::Closed));
}

async fn broadcast_without_receivers_gives_the_message_back() {
    let (tx, rx) = broadcast::channel(4);
    drop(rx);
    assert_eq!(tx.send(7).unwrap_err().0, 7);
    let mut rx = tx.subscribe();
    assert_eq!(tx.send(8).unwrap(), 1);
    assert_eq!(rx.recv().await, Ok(8));
}

async fn broadcast_a_dropped_wait_loses_no_message() {
    let (tx, mut rx) = broadcast::channel(4);
    {
        let mut wait = pin!(rx.recv());
        assert!(poll_once(wait.as_mut()).is_pending());
        tx.send(1).unwrap();
    }
    assert_eq!(rx.recv().await, Ok(1));
}

async fn broadcast_drops_a_message_when_all_have_seen_it() {
    let message = Arc::new(());
    let (tx, mut one) = broadcast::channel(4);
    let mut other = tx.subscribe();
    let idle = tx.subscribe();
    tx.send(message.clone()).unwrap();
    drop(one.recv().await);
    drop(other.recv().await);
    assert_eq!(Arc::strong_count(&message), 2);
    drop(idle);
    assert_eq!(Arc::strong_count(&message), 1);
    assert!(tx.is_empty());
}

async fn broadcast_a_clone_may_use_the_channel() {
    /// Sends another message while it is cloned, once.
    struct Chain(RefCell<Option<broadcast::Sender<Chain>>>);
    impl Clone for Chain {
        fn clone(&self) -> Self {
            if let Some(tx) = self.0.take() {
                assert!(tx.send(Self(RefCell::new(None))).is_ok());
            }
            Self(RefCell::new(None))
        }
    }
    let (tx, mut rx) = broadcast::channel(1);
    let _other = tx.subscribe();
    assert!(tx.send(Chain(RefCell::new(Some(tx.clone())))).is_ok());
    assert!(rx.recv().await.is_ok());
    assert!(rx.recv().await.is_ok());
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
}

async fn broadcast_senders_wait_for_the_last_receiver_to_go() {
    let (tx, rx) = broadcast::channel::<u8>(4);
    let other = tx.subscribe();
    let task = spawn(async move {
        tx.closed().await;
        tx.receiver_count()
    });
    drop(rx);
    settle().await;
    assert!(!task.is_finished());
    drop(other);
    assert_eq!(task.await.unwrap(), 0);
}

async fn watch_receivers_see_the_last_value() {
    let (tx, rx) = watch::channel(0);
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let mut rx = rx.clone();
            spawn(async move {
                let mut last = 0;
                while rx.changed().await.is_ok() {
                    assert!(*rx.borrow() > last, "values are seen in order");
                    last = *rx.borrow_and_update();
                }
                last
            })
        })
        .collect();
    for n in 1..=20 {
        tx.send(n).unwrap();
        if n % 3 == 0 {
            yield_now().await;
        }
    }
    drop(tx);
    for task in tasks {
        assert_eq!(task.await.unwrap(), 20);
    }
}

async fn watch_remembers_what_was_seen() {
    let (tx, mut rx) = watch::channel("a");
    assert!(!rx.has_changed().unwrap());
    tx.send("b").unwrap();
    assert_eq!(*rx.borrow(), "b");
    assert!(rx.has_changed().unwrap(), "borrowing is not seeing");
    assert_eq!(*rx.borrow_and_update(), "b");
    assert!(!rx.has_changed().unwrap());
    rx.mark_changed();
    rx.changed().await.unwrap();
    assert!(poll_once(pin!(rx.changed())).is_pending());
}

async fn watch_waits_for_the_value_that_is_wanted() {
    let (tx, mut rx) = watch::channel(0);
    let task = spawn(async move { rx.wait_for(|n| n % 5 == 4).await.map(|n| *n).ok() });
    for n in 1..=4 {
        tx.send(n).unwrap();
        settle().await;
    }
    assert_eq!(task.await.unwrap(), Some(4));
    let mut rx = tx.subscribe();
    drop(tx);
    assert!(rx.wait_for(|n| *n == 5).await.is_err());
    assert_eq!(*rx.wait_for(|n| *n == 4).await.unwrap(), 4, "a value stays after the close");
}

async fn watch_modifies_in_place_and_tells_only_of_changes() {
    let (tx, mut rx) = watch::channel(vec![1]);
    tx.send_modify(|list| list.push(2));
    assert_eq!(*rx.borrow_and_update(), [1, 2]);
    assert!(!tx.send_if_modified(|_| false));
    assert!(!rx.has_changed().unwrap());
    assert!(tx.send_if_modified(|list| list.pop().is_some()));
    assert!(rx.has_changed().unwrap());
    assert_eq!(tx.send_replace(vec![]), [1]);
}

async fn watch_errs_when_the_senders_are_gone() {
    let (tx, mut rx) = watch::channel(0);
    let other = tx.clone();
    drop(tx);
    other.send(1).unwrap();
    drop(other);
    assert!(rx.is_closed() && rx.has_changed().is_err());
    assert!(rx.changed().await.is_ok(), "the last value was not seen");
    assert!(rx.changed().await.is_err());
    assert_eq!(*rx.borrow(), 1);
}

async fn watch_without_receivers_keeps_its_value() {
    let (tx, rx) = watch::channel(0);
    drop(rx);
    assert_eq!(tx.send(1).unwrap_err().0, 1);
    assert_eq!(*tx.borrow(), 0);
    tx.send_replace(2);
    assert_eq!(*tx.subscribe().borrow(), 2);
}

async fn watch_senders_wait_for_the_last_receiver_to_go() {
    let (tx, rx) = watch::channel(());
    let mut closed = pin!(tx.closed());
    assert!(poll_once(closed.as_mut()).is_pending());
    drop(rx);
    let again = tx.subscribe();
    assert!(poll_once(closed.as_mut()).is_pending(), "somebody came meanwhile");
    drop(again);
    closed.await;
}

async fn barrier_lets_all_go_with_one_leader() {
    let barrier = Arc::new(Barrier::new(4));
    let arrived = Arc::new(Latch::new(4));
    for _ in 0..2 {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (barrier, arrived) = (barrier.clone(), arrived.clone());
                spawn(async move {
                    arrived.count_down();
                    let result = barrier.wait().await;
                    assert!(arrived.try_wait(), "nobody goes before all have come");
                    result.is_leader()
                })
            })
            .collect();
        let mut leaders = 0;
        for task in tasks {
            leaders += usize::from(task.await.unwrap());
        }
        assert_eq!(leaders, 1);
    }
}

async fn barrier_forgets_a_waiter_that_was_dropped() {
    let barrier = Barrier::new(2);
    {
        let mut quitter = pin!(barrier.wait());
        assert!(poll_once(quitter.as_mut()).is_pending());
    }
    let mut first = pin!(barrier.wait());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(barrier.wait().await.is_leader());
    assert!(!first.await.is_leader());
}

async fn once_cell_runs_one_initialiser() {
    let cell = Arc::new(OnceCell::new());
    let tasks: Vec<_> = (0..4)
        .map(|n| {
            let cell = cell.clone();
            spawn(async move {
                let init = || async {
                    yield_now().await;
                    n
                };
                *cell.get_or_init(init).await
            })
        })
        .collect();
    while !cell.initialized() {
        yield_now().await;
    }
    let value = *cell.get().unwrap();
    for task in tasks {
        assert_eq!(task.await.unwrap(), value);
    }
}

async fn once_cell_lets_the_next_try_after_an_error() {
    let cell = OnceCell::new();
    assert_eq!(cell.get_or_try_init(|| ready(Err("no"))).await, Err("no"));
    assert!(!cell.initialized());
    assert_eq!(cell.get_or_try_init(|| ready(Ok::<_, ()>(1))).await, Ok(&1));
    assert!(cell.set(2).unwrap_err().is_already_init_err());
}

async fn once_cell_passes_the_turn_of_a_dropped_initialiser_on() {
    let cell = OnceCell::new();
    let mut waiter = pin!(cell.get_or_init(|| ready(2)));
    {
        let mut quitter = pin!(cell.get_or_init(pending));
        assert!(poll_once(quitter.as_mut()).is_pending());
        assert!(poll_once(waiter.as_mut()).is_pending());
        assert!(cell.set(1).unwrap_err().is_initializing_err());
    }
    assert_eq!(*waiter.await, 2);
}

async fn once_cell_can_be_emptied_and_filled_anew() {
    let mut cell = OnceCell::new_with(Some(1));
    *cell.get_mut().unwrap() += 1;
    assert_eq!(cell.take(), Some(2));
    assert_eq!(*cell.get_or_init(|| ready(3)).await, 3);
    assert_eq!(cell.into_inner(), Some(3));
}

async fn set_once_wakes_everybody_with_the_value() {
    let cell = Arc::new(SetOnce::new());
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let cell = cell.clone();
            spawn(async move { *cell.wait().await })
        })
        .collect();
    settle().await;
    cell.set(5).unwrap();
    assert_eq!(cell.set(6).unwrap_err().0, 6);
    for task in tasks {
        assert_eq!(task.await.unwrap(), 5);
    }
    assert_eq!(*cell.wait().await, 5);
}

async fn event_manual_releases_all_until_reset() {
    let event = Arc::new(Event::manual_reset());
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let event = event.clone();
            spawn(async move { event.wait().await })
        })
        .collect();
    settle().await;
    event.set();
    event.reset();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(!event.is_set());
    assert!(poll_once(pin!(event.wait())).is_pending());
    event.set();
    event.wait().await;
    event.wait().await;
}

async fn event_auto_releases_one_for_each_set() {
    let event = Event::auto_reset();
    let mut waits: Vec<_> = (0..3).map(|_| Box::pin(event.wait())).collect();
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_pending());
    }
    for released in 0..3 {
        event.set();
        assert!(!event.try_wait(), "it was given to the one who waits longest");
        for (i, wait) in waits.iter_mut().enumerate().skip(released) {
            assert_eq!(poll_once(wait.as_mut()).is_ready(), i == released);
        }
    }
    event.set();
    event.set();
    assert!(event.try_wait() && !event.try_wait(), "one set is remembered");
}

async fn event_auto_hands_on_the_release_of_a_dropped_waiter() {
    let event = Event::auto_reset();
    let mut second = pin!(event.wait());
    {
        let mut first = pin!(event.wait());
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_once(second.as_mut()).is_pending());
        event.set();
    }
    second.await;
    assert!(!event.is_set());
}

async fn latch_opens_at_zero_and_stays_open() {
    let latch = Arc::new(Latch::new(3));
    let task = spawn({
        let latch = latch.clone();
        async move { latch.wait().await }
    });
    latch.count_down();
    settle().await;
    assert!(!task.is_finished() && latch.count() == 2);
    latch.count_down_by(9);
    task.await.unwrap();
    latch.count_down();
    latch.wait().await;
}

async fn wait_group_waits_for_every_member() {
    let group = WaitGroup::new();
    let done = Rc::new(Cell::new(0));
    for n in 0..5 {
        let (member, done) = (group.clone(), done.clone());
        spawn_local(async move {
            for _ in 0..n {
                yield_now().await;
            }
            done.set(done.get() + 1);
            drop(member);
        });
    }
    group.wait().await;
    assert_eq!(done.get(), 5);
}

async fn cancellation_reaches_all_below_and_nobody_else() {
    let root = CancellationToken::new();
    let branch = root.child_token();
    let leaf = branch.child_token();
    let sibling = root.child_token();
    let task = spawn({
        let leaf = leaf.clone();
        async move { leaf.cancelled().await }
    });
    settle().await;
    branch.cancel();
    task.await.unwrap();
    assert!(leaf.is_cancelled() && !root.is_cancelled() && !sibling.is_cancelled());
    assert!(branch.child_token().is_cancelled());
    root.cancel();
    sibling.cancelled_owned().await;
}

async fn cancellation_passes_tokens_that_were_dropped() {
    let root = CancellationToken::new();
    let mut token = root.child_token();
    let mut aside = vec![];
    for _ in 0..100 {
        let below = token.child_token();
        aside.push(token.child_token());
        token = below;
    }
    root.cancel();
    token.cancelled().await;
    assert!(aside.iter().all(CancellationToken::is_cancelled));
}

async fn cancellation_of_a_deep_tree_needs_no_stack() {
    let root = CancellationToken::new();
    let mut chain = vec![root.child_token()];
    for i in 0..if cfg!(miri) { 500 } else { 20_000 } {
        chain.push(chain[i].child_token());
    }
    root.cancel();
    assert!(chain.iter().all(CancellationToken::is_cancelled));
    drop(chain);
}

async fn cancellation_ends_a_future_that_runs_until_then() {
    let token = CancellationToken::new();
    assert_eq!(token.run_until_cancelled(ready(1)).await, Some(1));
    let task = spawn(token.clone().run_until_cancelled_owned(pending::<()>()));
    settle().await;
    token.cancel();
    assert_eq!(task.await.unwrap(), None);
    assert_eq!(token.run_until_cancelled(async { unreachable!("begun too late") }).await, None::<()>);
}

async fn cancellation_guards_cancel_on_drop_unless_disarmed() {
    let token = CancellationToken::new();
    let child = token.child_token().drop_guard().disarm();
    assert!(!child.is_cancelled());
    drop(child.drop_guard_ref());
    assert!(child.is_cancelled() && !token.is_cancelled());
    let task = spawn({
        let guard = token.clone().drop_guard();
        async move { drop(guard) }
    });
    token.cancelled().await;
    task.await.unwrap();
}

async fn cancellation_is_seen_with_the_budget_spent() {
    let token = CancellationToken::new();
    let greedy = async {
        loop {
            creel::task::consume_budget().await;
        }
    };
    let task = spawn({
        let token = token.clone();
        async move { token.run_until_cancelled(greedy).await }
    });
    settle().await;
    token.cancel();
    assert_eq!(task.await.unwrap(), None::<()>);
}

async fn tracker_waits_until_closed_and_empty() {
    let tracker = TaskTracker::new();
    for n in 0..4 {
        tracker.spawn(async move {
            for _ in 0..n {
                yield_now().await;
            }
        });
    }
    let alone = Rc::new(());
    tracker.spawn_local({
        let alone = alone.clone();
        async move { drop(alone) }
    });
    let mut wait = pin!(tracker.wait());
    while !tracker.is_empty() {
        yield_now().await;
    }
    assert!(poll_once(wait.as_mut()).is_pending(), "it is open");
    tracker.close();
    wait.await;
    assert_eq!(Rc::strong_count(&alone), 1);
}

async fn tracker_counts_a_cancelled_task_as_ended() {
    let tracker = TaskTracker::new();
    let task = tracker.spawn(pending::<()>());
    tracker.close();
    settle().await;
    assert_eq!(tracker.len(), 1);
    task.abort();
    tracker.wait().await;
    assert!(task.await.unwrap_err().is_cancelled());
}
}
