//! `select!`, `join!` and the combinators of `future`, promises, streams.

use creel::future::{
    Deferred, Promise, PromiseError, all_settled, any, join_all, lazy, pending, poll_fn, race,
    ready, try_join_all,
};
use creel::stream::{self, Stream, StreamExt, StreamMap, wrappers};
use creel::sync::{Notify, broadcast, mpsc, oneshot, watch};
use creel::task::{JoinSet, yield_now};
use creel::time::{Duration, Instant, interval, sleep};
use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

const MS: Duration = Duration::from_millis(1);

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

/// Ready with `output` after other tasks had `turns` turns.
async fn after<T>(turns: u32, output: T) -> T {
    for _ in 0..turns {
        yield_now().await;
    }
    output
}

/// Counts its clones.
type Guard = Rc<()>;

cases! { "future":

async fn select_takes_the_first_and_drops_the_rest() {
    let guard = Guard::default();
    let held = guard.clone();
    let word = creel::select! {
        word = after(1, "first") => word,
        word = async { let _held = held; pending().await } => word,
    };
    assert_eq!((word, Rc::strong_count(&guard)), ("first", 1));
}

async fn select_waits_for_timers_and_messages() {
    let (tx, mut rx) = mpsc::channel(1);
    creel::spawn(async move {
        sleep(MS).await;
        tx.send("message").await.unwrap();
    });
    let got = creel::select! {
        message = rx.recv() => message,
        () = sleep(Duration::from_secs(3600)) => None,
    };
    assert_eq!(got, Some("message"));
}

async fn select_sends_or_receives_whichever_can() {
    let (to_full, mut from_full) = mpsc::channel(1);
    let (to_empty, mut from_empty) = mpsc::channel(1);
    to_full.send(1).await.unwrap();
    to_empty.send(2).await.unwrap();
    let received = creel::select! {
        sent = to_full.send(3) => { sent.unwrap(); false }
        got = from_empty.recv() => { assert_eq!(got, Some(2)); true }
    };
    assert!(received);
    assert_eq!(from_full.recv().await, Some(1));
    let sent = creel::select! {
        sent = to_full.send(4) => { sent.unwrap(); true }
        _ = from_empty.recv() => false,
    };
    assert!(sent);
    assert_eq!(from_full.recv().await, Some(4), "the send that lost the race before is gone");
}

async fn select_loses_no_message_to_a_branch_that_lost() {
    let (tx, mut rx) = mpsc::channel(4);
    let sender = creel::spawn(async move {
        for n in 0..50 {
            tx.send(n).await.unwrap();
            yield_now().await;
        }
    });
    let mut received = Vec::new();
    loop {
        creel::select! {
            message = rx.recv() => match message {
                Some(message) => received.push(message),
                None => break,
            },
            () = yield_now() => {}
        }
    }
    sender.await.unwrap();
    assert_eq!(received, (0..50).collect::<Vec<_>>());
}

async fn select_pattern_that_does_not_fit_disables_its_branch() {
    let got = creel::select! {
        Some(x) = async { None::<u32> } => x,
        x = after(3, 7) => x,
    };
    assert_eq!(got, 7);
}

async fn select_precondition_keeps_a_branch_from_being_polled() {
    let got = creel::select! {
        x = async { panic!("polled") }, if false => x,
        x = ready(1) => x,
    };
    assert_eq!(got, 1);
}

async fn select_else_runs_when_all_are_disabled() {
    let got = creel::select! {
        Ok(x) = ready(Err::<u32, ()>(())) => x,
        x = ready(1), if false => x,
        else => 2,
    };
    assert_eq!(got, 2);
}

async fn select_biased_asks_in_order() {
    for _ in 0..50 {
        let first = creel::select! { biased; x = ready(1) => x, x = ready(2) => x };
        assert_eq!(first, 1);
    }
}

async fn select_unbiased_starves_nobody() {
    let mut wins = [0; 2];
    for _ in 0..200 {
        creel::select! { () = ready(()) => wins[0] += 1, () = ready(()) => wins[1] += 1 }
    }
    assert!(wins.iter().all(|wins| *wins > 20), "{wins:?}");
}

async fn select_goes_on_with_a_pinned_future() {
    let mut turns = 0;
    let slow = after(5, "slow");
    creel::pin!(slow);
    let got = loop {
        creel::select! {
            biased;
            word = &mut slow => break word,
            () = yield_now() => turns += 1,
        }
    };
    assert_eq!(got, "slow");
    assert!(turns > 0);
}

async fn select_handler_borrows_what_a_branch_had_borrowed() {
    async fn hold(text: &mut String) {
        text.push('x');
        pending().await
    }
    let mut text = String::new();
    creel::select! {
        biased;
        () = hold(&mut text) => {}
        () = ready(()) => text.push('y'),
    }
    assert_eq!(text, "xy");
}

async fn select_yields_when_the_budget_is_spent() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let other = Rc::new(Cell::new(false));
    let ran = other.clone();
    creel::task::spawn_local(async move { ran.set(true) });
    (0..1000).for_each(|n| tx.send(n).unwrap());
    let mut before = 0;
    while !other.get() {
        creel::select! {
            Some(_) = rx.recv() => before += 1,
            () = pending() => {}
        }
    }
    assert!(before < 1000, "a thousand messages went by before another task ran");
}

async fn join_runs_all_at_once() {
    let start = Instant::now();
    let (a, b, ()) = creel::join!(after(2, 1), async { "two" }, sleep(2 * MS));
    assert_eq!((a, b), (1, "two"));
    assert!(start.elapsed() >= 2 * MS);
}

async fn join_lets_branches_talk_to_each_other() {
    let (tx, rx) = oneshot::channel();
    let notify = Notify::new();
    let (got, ()) = creel::join!(
        async {
            notify.notified().await;
            rx.await
        },
        async {
            tx.send(5).unwrap();
            notify.notify_one();
        }
    );
    assert_eq!(got, Ok(5));
}

async fn try_join_drops_the_rest_at_the_first_error() {
    let guard = Guard::default();
    let held = guard.clone();
    let joined = creel::try_join!(
        after(1, Err::<(), _>("failed")),
        async move {
            let _held = held;
            pending::<Result<(), _>>().await
        }
    );
    assert_eq!((joined, Rc::strong_count(&guard)), (Err("failed"), 1));
    assert_eq!(creel::try_join!(after(2, Ok::<_, ()>(1)), ready(Ok(2))), Ok((1, 2)));
}

async fn join_all_keeps_the_order() {
    let outputs = join_all((0..20).map(|n| after(20 - n, n))).await;
    assert_eq!(outputs, (0..20).collect::<Vec<_>>());
}

async fn join_all_polls_only_whom_it_woke() {
    let notifies: Vec<Notify> = (0..100).map(|_| Notify::new()).collect();
    let polls = Cell::new(0);
    let mut all = pin!(join_all(notifies.iter().map(|notify| async {
        let mut notified = pin!(notify.notified());
        poll_fn(|cx| {
            polls.set(polls.get() + 1);
            notified.as_mut().poll(cx)
        })
        .await;
    })));
    assert!(poll_once(all.as_mut()).is_pending());
    notifies[42].notify_one();
    assert!(poll_once(all.as_mut()).is_pending());
    assert_eq!(polls.get(), 101);
    notifies.iter().for_each(|notify| notify.notify_one());
    all.await;
    assert_eq!(polls.get(), 200);
}

async fn join_all_of_nothing_is_ready() {
    assert!(join_all(Vec::<std::future::Ready<()>>::new()).await.is_empty());
}

async fn join_all_waits_for_tasks() {
    let tasks = (0..10).map(|n| creel::spawn(after(n, n)));
    let outputs: Vec<u32> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outputs, (0..10).collect::<Vec<_>>());
}

async fn try_join_all_stops_at_the_first_error() {
    let check = |n: u32| after(n, if n == 3 { Err(n) } else { Ok(n) });
    assert_eq!(try_join_all((0..6).map(check)).await, Err(3));
    assert_eq!(try_join_all((0..3).map(check)).await, Ok(vec![0, 1, 2]));
}

async fn race_gives_the_first_and_drops_the_rest() {
    let guard = Guard::default();
    let runner = |n: u32| {
        let held = guard.clone();
        async move {
            let _held = held;
            after(n, n).await
        }
    };
    assert_eq!(race([5, 2, 9].map(runner)).await, 2);
    assert_eq!(Rc::strong_count(&guard), 1);
}

async fn any_gives_the_first_success_or_all_errors_in_order() {
    let check = |n: u32| after(n, if n > 3 { Ok(n) } else { Err(n) });
    assert_eq!(any([1, 6, 4].map(check)).await, Ok(4));
    assert_eq!(any([3, 1, 2].map(check)).await, Err(vec![3, 1, 2]));
}

async fn all_settled_waits_for_failures_too() {
    let settle = |n: u32| after(n, if n.is_multiple_of(2) { Ok(n) } else { Err(n) });
    assert_eq!(all_settled([2, 1, 0].map(settle)).await, [Ok(2), Err(1), Ok(0)]);
}

async fn lazy_computes_when_polled() {
    let called = Cell::new(false);
    let future = lazy(|_| called.set(true));
    assert!(!called.get());
    future.await;
    assert!(called.get());
}

async fn promise_reaches_all_who_wait() {
    let deferred = Deferred::<String>::new();
    let promise = deferred.promise();
    let waiting = [(); 3].map(|()| creel::spawn(promise.clone().into_future()));
    settle().await;
    assert_eq!(promise.try_get(), None);
    deferred.resolve("value".into());
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap(), "value");
    }
    assert_eq!(promise.get().await.unwrap(), "value");
    assert_eq!((&promise).await.unwrap(), "value", "and again, and later");
}

async fn promise_rejected_or_dropped_says_so() {
    let deferred = Deferred::<(), &str>::new();
    let promise = deferred.promise();
    deferred.reject("no");
    assert_eq!(promise.await, Err(PromiseError::Rejected("no")));
    let deferred = Deferred::<(), &str>::new();
    let promise = deferred.promise();
    let waiting = creel::spawn(async move { promise.await });
    settle().await;
    drop(deferred);
    assert_eq!(waiting.await.unwrap(), Err(PromiseError::Dropped));
}

async fn promise_waiter_dropped_at_the_await_harms_nobody() {
    let deferred = Deferred::<u8>::new();
    let promise = deferred.promise();
    let mut left = Box::pin(promise.clone().into_future());
    let mut stayed = pin!(promise.clone().into_future());
    assert!(poll_once(left.as_mut()).is_pending());
    assert!(poll_once(stayed.as_mut()).is_pending());
    drop(left);
    deferred.resolve(1);
    assert_eq!(stayed.await, Ok(1));
    assert_eq!(Promise::<u8>::resolved(2).await, Ok(2));
}

async fn stream_adaptors_chain() {
    let words: Vec<String> = stream::iter(1..)
        .filter(|n| n % 2 == 1)
        .skip(1)
        .take(3)
        .then(|n| after(n % 3, n))
        .map(|n| n.to_string())
        .chain(stream::once("end".into()))
        .collect()
        .await;
    assert_eq!(words, ["3", "5", "7", "end"]);
}

async fn stream_iter_lets_others_run() {
    let stop = Rc::new(Cell::new(false));
    let stopper = stop.clone();
    creel::task::spawn_local(async move { stopper.set(true) });
    let taken = stream::iter(0..).take_while(|_| !stop.get()).fold(0, |count, _| count + 1).await;
    assert!(taken > 0, "the endless stream ran, and the other task stopped it");
}

async fn stream_merge_and_map_starve_nobody() {
    let mut merged = stream::iter(std::iter::repeat("a")).merge(stream::iter(["b"; 3])).take(6);
    let mut count = 0;
    while let Some(item) = merged.next().await {
        count += usize::from(item == "b");
    }
    assert_eq!(count, 3);
    let mut map = StreamMap::new();
    map.insert(1, stream::iter(0..3));
    map.insert(2, stream::iter(0..2));
    let mut items: Vec<(i32, i32)> = map.collect().await;
    items.sort_unstable();
    assert_eq!(items, [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]);
}

async fn stream_buffered_runs_several_and_keeps_order() {
    let (running, most) = (Cell::new(0), Cell::new(0));
    let job = |n: u32| {
        let (running, most) = (&running, &most);
        async move {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            after(10 - n, ()).await;
            running.set(running.get() - 1);
            n
        }
    };
    let outputs: Vec<u32> = stream::iter(0..8).map(job).buffered(3).collect().await;
    assert_eq!((outputs, most.get()), ((0..8).collect(), 3));
    let mut outputs: Vec<u32> = stream::iter(0..8).map(job).buffer_unordered(4).collect().await;
    assert_ne!(outputs, (0..8).collect::<Vec<_>>(), "later ones take less time");
    outputs.sort_unstable();
    assert_eq!((outputs, most.get()), ((0..8).collect(), 4));
}

async fn stream_for_each_concurrent_handles_all() {
    let seen = RefCell::new(Vec::new());
    let (tx, rx) = mpsc::channel(2);
    let sender = creel::spawn(async move {
        for n in 0..10 {
            tx.send(n).await.unwrap();
        }
    });
    wrappers::ReceiverStream::new(rx)
        .for_each_concurrent(3, async |n: u32| {
            yield_now().await;
            seen.borrow_mut().push(n);
        })
        .await;
    sender.await.unwrap();
    seen.borrow_mut().sort_unstable();
    assert_eq!(*seen.borrow(), (0..10).collect::<Vec<_>>());
}

async fn stream_timeout_speaks_up_once_and_goes_on() {
    let (tx, rx) = mpsc::unbounded_channel();
    let mut stream = pin!(wrappers::UnboundedReceiverStream::new(rx).timeout(2 * MS));
    assert!(stream.next().await.unwrap().is_err());
    tx.send(1).unwrap();
    assert_eq!(stream.next().await, Some(Ok(1)));
    assert!(stream.next().await.unwrap().is_err());
    drop(tx);
    assert_eq!(stream.next().await, None);
}

async fn stream_throttle_keeps_the_distance() {
    let start = Instant::now();
    let items: Vec<u32> = stream::iter(0..4).throttle(2 * MS).collect().await;
    assert_eq!(items, [0, 1, 2, 3]);
    assert!(start.elapsed() >= 6 * MS);
}

async fn stream_chunks_by_size_and_by_time() {
    let (tx, rx) = mpsc::unbounded_channel();
    let mut chunks = pin!(wrappers::UnboundedReceiverStream::new(rx).chunks_timeout(2, 5 * MS));
    (1..4).for_each(|n| tx.send(n).unwrap());
    assert_eq!(chunks.next().await, Some(vec![1, 2]));
    assert_eq!(chunks.next().await, Some(vec![3]), "when its time was up");
    tx.send(4).unwrap();
    drop(tx);
    assert_eq!(chunks.next().await, Some(vec![4]));
    assert_eq!(chunks.next().await, None);
}

async fn stream_peek_leaves_the_item() {
    let mut stream = stream::iter([1, 2]).peekable();
    assert_eq!(stream.peek().await, Some(&1));
    assert_eq!(stream.peek().await, Some(&1));
    assert_eq!(stream.next().await, Some(1));
    assert_eq!(stream.next().await, Some(2));
    assert_eq!(stream.peek().await, None);
}

async fn stream_wrappers_follow_their_source() {
    let (tx, rx) = watch::channel(0);
    let mut values = wrappers::WatchStream::from_changes(rx);
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(values.next().await, Some(2), "only the latest");
    drop(tx);
    assert_eq!(values.next().await, None);

    let (tx, rx) = broadcast::channel(4);
    tx.send('a').unwrap();
    drop(tx);
    let items: Vec<_> = wrappers::BroadcastStream::new(rx).collect().await;
    assert_eq!(items, [Ok('a')]);

    let tasks: JoinSet<u32> = (0..4).map(|n| after(n, n)).collect();
    let sum = wrappers::JoinSetStream::new(tasks).fold(0, |sum, n| sum + n.unwrap()).await;
    assert_eq!(sum, 6);

    let ticks = wrappers::IntervalStream::new(interval(MS)).take(3);
    assert_eq!(ticks.collect::<Vec<_>>().await.len(), 3);
}

async fn stream_next_dropped_loses_no_item() {
    let (tx, rx) = mpsc::unbounded_channel();
    let mut stream = wrappers::UnboundedReceiverStream::new(rx);
    {
        let mut next = pin!(stream.next());
        assert!(poll_once(next.as_mut()).is_pending());
        tx.send(1).unwrap();
    }
    assert_eq!(stream.size_hint().0, 1);
    assert_eq!(stream.next().await, Some(1));
}

}
