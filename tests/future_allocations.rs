//! What combinators allocate: a fixed number of blocks when they are made, nothing while they run.

mod counting;

use counting::allocations;
use creel::future::{Deferred, join_all, race};
use creel::stream::{self, StreamExt, wrappers};
use creel::sync::watch;
use std::future::{Future, IntoFuture, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Wakes its task and waits, `times` times.
fn turns(times: u32) -> impl Future<Output = u32> {
    let mut left = times;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(times);
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

#[test]
fn the_macros_allocate_nothing() {
    assert_eq!(
        allocations(|| {
            run(async {
                creel::select! { _ = turns(3) => {} () = pending() => {} }
                creel::join!(turns(1), turns(4), ready(()));
                creel::try_join!(
                    async {
                        turns(2).await;
                        Ok::<_, ()>(())
                    },
                    ready(Ok(()))
                )
                .unwrap();
                creel::pin! { let unused = ready(()); }
                unused.await;
            });
        }),
        0
    );
}

#[test]
fn collections_of_futures_take_four_blocks_whatever_their_size() {
    for size in [1, 10, 1000] {
        // The futures, their wakers' slots, the head of these, and the outputs.
        let join = allocations(|| drop(run(join_all((0..size).map(turns)))));
        assert_eq!(join, 4, "for {size} futures");
        let race = allocations(|| _ = run(race((0..size).map(|_| turns(2)))));
        assert_eq!(race, 3, "for {size} futures");
    }
}

#[test]
fn a_promise_is_one_block_and_waiting_for_it_none() {
    let mut deferred = None;
    assert_eq!(allocations(|| deferred = Some(Deferred::<u32>::new())), 1);
    let deferred = deferred.unwrap();
    assert_eq!(
        allocations(|| {
            let promise = deferred.promise();
            let mut waiting = pin!(promise.clone().into_future());
            let mut borrowing = pin!(promise.get());
            assert!(poll(waiting.as_mut()).is_pending());
            assert!(poll(borrowing.as_mut()).is_pending());
            deferred.resolve(1);
            assert_eq!(poll(waiting), Poll::Ready(Ok(1)));
            assert_eq!(poll(borrowing), Poll::Ready(Ok(&1)));
        }),
        0
    );
}

#[test]
fn an_item_costs_no_allocation() {
    let count = |items| {
        allocations(|| {
            let jobs = stream::iter(0..items).map(|n| turns(n % 3));
            run(jobs.buffer_unordered(4).fold((), |(), _| ()));
            let jobs = stream::iter(0..items).map(|n| turns(n % 3));
            run(jobs.buffered(4).fold((), |(), _| ()));
            run(stream::iter(0..items).for_each_concurrent(4, async |_| ()));

            let (tx, rx) = watch::channel(0);
            let mut values = wrappers::WatchStream::new(rx);
            for n in 0..items {
                tx.send(n).unwrap();
                assert_eq!(run(values.next()), Some(n));
            }
        })
    };
    assert_eq!(count(10), count(1000));
}
