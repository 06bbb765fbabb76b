use super::*;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::vec::Vec;

fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// Futures that finish when told to, by number.
#[derive(Clone, Default)]
struct Jobs(Rc<RefCell<Vec<Job>>>);

#[derive(Default)]
struct Job {
    done: bool,
    polls: usize,
    waker: Option<Waker>,
}

impl Jobs {
    async fn run(self, number: usize) -> usize {
        let begun = self.begun().max(number + 1);
        self.0.borrow_mut().resize_with(begun, Job::default);
        poll_fn(|cx| {
            let job = &mut self.0.borrow_mut()[number];
            job.polls += 1;
            job.waker = Some(cx.waker().clone());
            if job.done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        number
    }

    fn finish(&self, number: usize) {
        let waker = {
            let job = &mut self.0.borrow_mut()[number];
            job.done = true;
            job.waker.take()
        };
        waker.expect("it was polled").wake();
    }

    fn begun(&self) -> usize {
        self.0.borrow().len()
    }

    fn polls(&self) -> usize {
        self.0.borrow().iter().map(|job| job.polls).sum()
    }
}

#[test]
fn buffer_unordered_runs_as_many_as_allowed_and_gives_what_ends_first() {
    let jobs = Jobs::default();
    let mut stream = pin!(iter(0..100).map(|n| jobs.clone().run(n)).buffer_unordered(30));
    assert_eq!(next(&mut stream), Poll::Pending);
    assert_eq!((jobs.begun(), stream.size_hint()), (30, (100, Some(100))));
    jobs.finish(29);
    jobs.finish(7);
    let mut outputs = [next(&mut stream), next(&mut stream)];
    outputs.sort();
    assert_eq!(outputs, [Poll::Ready(Some(7)), Poll::Ready(Some(29))]);
    assert_eq!(next(&mut stream), Poll::Pending);
    assert_eq!(jobs.begun(), 32);
    // 30 at first, 2 that ended, 2 new ones: nobody was polled in vain.
    assert_eq!(jobs.polls(), 34);
    for number in (0..100).filter(|number| ![7, 29].contains(number)) {
        jobs.finish(number);
        assert_eq!(next(&mut stream), Poll::Ready(Some(number)));
        let _more = next(&mut stream);
    }
    assert_eq!(next(&mut stream), Poll::Ready(None));
    assert!(stream.is_terminated());
}

#[test]
fn buffered_keeps_the_order_and_the_limit() {
    let jobs = Jobs::default();
    let mut stream = pin!(iter(0..5).map(|n| jobs.clone().run(n)).buffered(3));
    assert_eq!(next(&mut stream), Poll::Pending);
    jobs.finish(2);
    jobs.finish(1);
    // Both are done, but 0 is not, and what waits for its turn counts.
    assert_eq!(next(&mut stream), Poll::Pending);
    assert_eq!(jobs.begun(), 3);
    jobs.finish(0);
    for number in 0..3 {
        assert_eq!(next(&mut stream), Poll::Ready(Some(number)));
    }
    assert_eq!(next(&mut stream), Poll::Pending);
    assert_eq!(jobs.begun(), 5);
    jobs.finish(4);
    jobs.finish(3);
    assert_eq!(next(&mut stream), Poll::Ready(Some(3)));
    assert_eq!(next(&mut stream), Poll::Ready(Some(4)));
    assert_eq!(next(&mut stream), Poll::Ready(None));
}

#[test]
fn for_each_concurrent_ends_when_all_have() {
    let (jobs, ended) = (Jobs::default(), Cell::new(0));
    let mut all = pin!(iter(0..5).for_each_concurrent(2, async |n| {
        jobs.clone().run(n).await;
        ended.set(ended.get() + 1);
    }));
    assert!(poll(all.as_mut()).is_pending());
    assert_eq!(jobs.begun(), 2);
    for number in [1, 2, 3, 4] {
        jobs.finish(number);
        assert!(poll(all.as_mut()).is_pending());
    }
    jobs.finish(0);
    assert_eq!((poll(all), ended.get()), (Poll::Ready(()), 5));
}

#[test]
fn for_each_concurrent_lets_others_run_though_all_is_always_ready() {
    let endless = poll_stream(|| Poll::Ready(Some(1)));
    let mut all = pin!(endless.for_each_concurrent(None, async |_| ()));
    assert!(poll(all.as_mut()).is_pending());
}

/// A stream that knows nothing of the budget.
fn poll_stream<T>(f: impl FnMut() -> Poll<Option<T>>) -> impl Stream<Item = T> + Unpin {
    struct Foreign<F>(F);
    impl<F> Unpin for Foreign<F> {}
    impl<T, F: FnMut() -> Poll<Option<T>>> Stream for Foreign<F> {
        type Item = T;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
            (self.0)()
        }
    }
    Foreign(f)
}

#[test]
fn futures_over_endless_streams_let_others_run() {
    let mut endless = poll_stream(|| Poll::Ready(Some(1)));
    assert!(poll(pin!(endless.all(|x| x == 1))).is_pending());
    assert!(poll(pin!(endless.any(|x| x == 2))).is_pending());
    assert!(poll(pin!(endless.fold(0, |_, x| x))).is_pending());
}

#[test]
fn zero_is_refused_where_it_would_hang() {
    fn refused(f: impl FnOnce()) {
        assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    }
    let futures = || iter([core::future::ready(())]);
    refused(|| drop(futures().buffered(0)));
    refused(|| drop(futures().buffer_unordered(0)));
    refused(|| drop(futures().for_each_concurrent(0, async |_| ())));
    refused(|| drop(iter([1]).chunks_timeout(0, std::time::Duration::ZERO)));
}

#[test]
fn dropping_a_concurrent_stream_drops_its_futures() {
    let jobs = Jobs::default();
    let mut stream = std::boxed::Box::pin(iter(0..9).map(|n| jobs.clone().run(n)).buffered(9));
    assert_eq!(next(&mut stream), Poll::Pending);
    assert_eq!(Rc::strong_count(&jobs.0), 10);
    drop(stream);
    assert_eq!(Rc::strong_count(&jobs.0), 1);
}

#[test]
fn a_map_polls_each_stream_once_a_round_whichever_ends() {
    for _ in 0..50 {
        let polls = [const { Cell::new(0) }; 6];
        let stream = |n: usize| {
            let polls = &polls;
            poll_stream(move || {
                polls[n].set(polls[n].get() + 1);
                if n.is_multiple_of(2) { Poll::Ready(None::<()>) } else { Poll::Pending }
            })
        };
        let mut map: StreamMap<usize, _> = (0..6).map(|n| (n, stream(n))).collect();
        assert!(next(&mut map).is_pending());
        assert_eq!(polls.each_ref().map(Cell::get), [1; 6]);
        assert_eq!(map.len(), 3);
    }
}

#[test]
fn next_many_waits_for_one_and_takes_what_is_there() {
    let mut map = StreamMap::new();
    map.insert("a", iter(std::vec![1, 2, 3]));
    map.insert("b", iter(std::vec![4]));
    let mut items = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(map.poll_next_many(&mut cx, &mut items, 0), Poll::Ready(0));
    assert_eq!(map.poll_next_many(&mut cx, &mut items, 3), Poll::Ready(3));
    assert_eq!(map.poll_next_many(&mut cx, &mut items, 3), Poll::Ready(1));
    assert_eq!(map.poll_next_many(&mut cx, &mut items, 3), Poll::Ready(0));
    items.sort();
    assert_eq!(items, [("a", 1), ("a", 2), ("a", 3), ("b", 4)]);
}

#[test]
fn inserting_under_a_known_key_replaces() {
    let mut map = StreamMap::new();
    assert!(map.insert(1, once("old")).is_none());
    map.extend([(1, once("new")), (2, once("other"))]);
    assert_eq!((map.len(), map.contains_key(&2)), (2, true));
    assert!(map.remove(&2).is_some());
    assert_eq!(next(&mut map), Poll::Ready(Some((1, "new"))));
    assert_eq!(next(&mut map), Poll::Ready(None));
}

#[test]
fn enumerate_and_hints() {
    let mut stream = iter("ab".chars()).enumerate();
    assert_eq!(next(&mut stream), Poll::Ready(Some((0, 'a'))));
    assert_eq!(stream.size_hint(), (1, Some(1)));
    assert_eq!(iter(0..5).take(3).chain(once(1)).size_hint(), (4, Some(4)));
    assert_eq!(iter(0..5).skip(3).merge(pending()).size_hint(), (2, None));
    assert_eq!(iter(0..5).filter(|_| true).size_hint(), (0, Some(5)));
    assert_eq!(iter(0..).take(3).size_hint(), (3, Some(3)));
}

#[test]
fn auto_traits_are_those_of_the_streams() {
    fn send_sync<T: Send + Sync + Unpin>(_: &T) {}
    fn send<T: Send>(_: &T) {}
    send_sync(&empty::<Rc<u8>>());
    send_sync(&pending::<Rc<u8>>());
    send_sync(&iter([1]).map(|x| x).filter(|_| true).merge(once(1)).peekable().fuse());
    send_sync(&iter([core::future::ready(1)]).buffer_unordered(2));
    send_sync(&iter([core::future::ready(1)]).buffered(2));
    send_sync(&iter([1]).for_each_concurrent(2, |_| core::future::ready(())));
    send_sync(&StreamMap::<u8, Iter<core::ops::Range<u8>>>::new());
    send(&wrappers::WatchStream::new(crate::sync::watch::channel(1).1));
}
