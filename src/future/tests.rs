use super::*;
use core::cell::{Cell, RefCell};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind as catch};
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

/// A future that is ready when told so, and counts how often it was asked.
#[derive(Default)]
struct Switch {
    on: Cell<bool>,
    polls: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl Switch {
    async fn wait<T>(self: Rc<Self>, output: T) -> T {
        poll_fn(|cx| {
            self.polls.set(self.polls.get() + 1);
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            if self.on.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        output
    }

    fn flip(&self) {
        self.on.set(true);
        self.waker.take().expect("it was polled").wake();
    }
}

fn switches<const N: usize>() -> [Rc<Switch>; N] {
    core::array::from_fn(|_| Rc::default())
}

fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn join_all_polls_only_what_was_woken() {
    let switches = switches::<1000>();
    let mut join = pin!(join_all(switches.iter().enumerate().map(|(i, s)| s.clone().wait(i))));
    assert!(poll(join.as_mut()).is_pending());
    switches[500].flip();
    assert!(poll(join.as_mut()).is_pending());
    assert!(poll(join.as_mut()).is_pending());
    let polls: usize = switches.iter().map(|switch| switch.polls.get()).sum();
    assert_eq!(polls, 1001);
    for switch in &switches {
        if !switch.on.get() {
            switch.flip();
        }
    }
    assert_eq!(poll(join), Poll::Ready((0..1000).collect()));
}

#[test]
fn a_child_that_has_finished_is_dropped_at_once() {
    let [first, second] = switches();
    let mut join = pin!(join_all([first.clone().wait(1), second.clone().wait(2)]));
    assert!(poll(join.as_mut()).is_pending());
    first.flip();
    assert!(poll(join.as_mut()).is_pending());
    assert_eq!((Rc::strong_count(&first), Rc::strong_count(&second)), (1, 2));
}

#[test]
fn a_child_that_always_wakes_itself_lets_the_task_yield() {
    let polls = Cell::new(0);
    let eager = poll_fn(|cx: &mut Context<'_>| {
        polls.set(polls.get() + 1);
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    let mut join = pin!(join_all([eager]));
    for round in 1..4 {
        assert!(poll(join.as_mut()).is_pending());
        assert_eq!(polls.get(), round);
    }
}

#[test]
fn a_spent_budget_ends_the_round() {
    use crate::env::coop::{Budget, poll_proceed, with_budget};
    let polls = Cell::new(0);
    let receive = || async {
        poll_fn(|cx| {
            polls.set(polls.get() + 1);
            poll_proceed(cx).map(|receipt| receipt.made_progress())
        })
        .await;
    };
    let mut join = pin!(join_all((0..1000).map(|_| receive())));
    let mut turns = 1;
    while with_budget(Budget::INITIAL, || poll(join.as_mut())).is_pending() {
        turns += 1;
    }
    // 128 children a turn, and none is polled in vain.
    assert_eq!((polls.get(), turns), (1000, 8));
}

#[test]
fn a_late_wake_of_a_finished_child_is_ignored() {
    let [first, second] = switches();
    let mut join = pin!(join_all([first.clone().wait(1), second.clone().wait(2)]));
    assert!(poll(join.as_mut()).is_pending());
    let late = first.waker.borrow().clone().unwrap();
    first.flip();
    assert!(poll(join.as_mut()).is_pending());
    late.wake_by_ref();
    assert!(poll(join.as_mut()).is_pending());
    second.flip();
    late.wake();
    assert_eq!(poll(join), Poll::Ready(std::vec![1, 2]));
}

#[test]
fn nothing_to_wait_for() {
    type None = core::iter::Empty<Ready<Result<u8, u8>>>;
    let none = None::default;
    assert_eq!(poll(pin!(join_all(none()))), Poll::Ready(Vec::new()));
    assert_eq!(poll(pin!(all_settled(none()))), Poll::Ready(Vec::new()));
    assert_eq!(poll(pin!(try_join_all(none()))), Poll::Ready(Ok(Vec::new())));
    assert_eq!(poll(pin!(any(none()))), Poll::Ready(Err(Vec::new())));
    assert!(catch(AssertUnwindSafe(|| race(none()))).is_err());
}

#[test]
fn the_first_error_or_success_drops_the_rest() {
    let pending = switches::<3>();
    let wait = |result: Result<u8, &'static str>| {
        pending.iter().map(|switch| switch.clone().wait(result)).collect::<Vec<_>>()
    };
    let mut all = pin!(try_join_all(wait(Err("no"))));
    let mut any = pin!(any(wait(Ok(1))));
    let mut race = pin!(race(wait(Ok(2))));
    assert!(poll(all.as_mut()).is_pending());
    pending[1].flip();
    assert_eq!(poll(all), Poll::Ready(Err("no")));
    assert_eq!(poll(any.as_mut()), Poll::Ready(Ok(1)));
    assert_eq!(poll(race.as_mut()), Poll::Ready(Ok(2)));
    // Still there, but empty.
    assert_eq!(Rc::strong_count(&pending[0]), 1);
}

#[test]
fn any_collects_errors_in_order() {
    let [slow] = switches();
    let mut any = pin!(any([slow.clone().wait(Err::<(), _>(1)), Switch::on().wait(Err(2))]));
    assert!(poll(any.as_mut()).is_pending());
    slow.flip();
    assert_eq!(poll(any), Poll::Ready(Err(std::vec![1, 2])));
}

impl Switch {
    fn on() -> Rc<Self> {
        Rc::new(Self { on: Cell::new(true), ..Self::default() })
    }
}

#[test]
fn all_settled_lets_the_others_finish_before_a_panic_goes_on() {
    let [slow] = switches();
    let finished = Cell::new(false);
    let fails = lazy(|_| panic!("first"));
    let ends = async {
        slow.clone().wait(()).await;
        finished.set(true);
    };
    type Child<'a> = Pin<std::boxed::Box<dyn Future<Output = ()> + 'a>>;
    let children: [Child<'_>; 2] = [std::boxed::Box::pin(fails), std::boxed::Box::pin(ends)];
    let mut all = pin!(all_settled(children));
    assert!(poll(all.as_mut()).is_pending());
    slow.flip();
    let payload = catch(AssertUnwindSafe(|| poll(all))).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"first"));
    assert!(finished.get());
}

#[test]
fn polled_after_completion_they_say_so() {
    fn again<F: Future + Unpin>(mut future: F) {
        assert!(poll(Pin::new(&mut future)).is_ready());
        let payload = catch(AssertUnwindSafe(|| poll(Pin::new(&mut future)).is_ready()));
        let payload = payload.unwrap_err();
        let text = payload.downcast_ref::<&str>().copied().map(String::from);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap();
        assert!(text.contains("completed"), "{text}");
    }
    let ok = || [ready(Ok::<u8, u8>(1)), ready(Ok(2))];
    again(join_all(ok()));
    again(all_settled(ok()));
    again(try_join_all(ok()));
    again(try_join_all([ready(Err::<u8, u8>(1))]));
    again(race(ok()));
    again(any(ok()));
    again(any([ready(Err::<u8, u8>(1))]));
    again(lazy(|_| 1));
}

#[test]
fn a_panic_in_a_child_leaves_the_others_to_be_dropped() {
    let [other] = switches();
    type Child = Pin<std::boxed::Box<dyn Future<Output = ()>>>;
    let children: [Child; 2] = [
        std::boxed::Box::pin(lazy(|_| panic!("no"))),
        std::boxed::Box::pin(other.clone().wait(())),
    ];
    let mut join = join_all(children);
    assert!(catch(AssertUnwindSafe(|| poll(Pin::new(&mut join)).is_ready())).is_err());
    drop(join);
    assert_eq!(Rc::strong_count(&other), 1);
}

#[test]
fn catch_unwind_catches_in_any_poll() {
    let [switch] = switches();
    let mut future = pin!(catch_unwind(AssertUnwindSafe(async {
        switch.clone().wait(()).await;
        panic!("later");
    })));
    assert!(poll(future.as_mut()).is_pending());
    switch.flip();
    let Poll::Ready(Err(payload)) = poll(future) else { panic!("the panic was not caught") };
    assert_eq!(payload.downcast_ref(), Some(&"later"));
    assert!(matches!(poll(pin!(catch_unwind(ready(1)))), Poll::Ready(Ok(1))));
}

#[test]
fn a_promise_is_settled_once_for_all_who_wait() {
    let deferred = Deferred::<String, u8>::new();
    let promise = deferred.promise();
    assert!(!promise.is_settled());
    let mut first = pin!(promise.clone().into_future());
    let mut second = pin!((&promise).into_future());
    let mut borrowed = pin!(promise.get());
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(borrowed.as_mut()).is_pending());
    deferred.resolve("value".into());
    assert_eq!(poll(first), Poll::Ready(Ok("value".into())));
    assert_eq!(poll(second), Poll::Ready(Ok("value".into())));
    assert_eq!(poll(borrowed), Poll::Ready(Ok(&"value".into())));
    assert_eq!(poll(pin!(promise.clone().into_future())), Poll::Ready(Ok("value".into())));
}

#[test]
fn settling_wakes_and_a_waiter_that_left_is_not_woken() {
    let deferred = Deferred::<u8>::new();
    let promise = deferred.promise();
    let mut left = std::boxed::Box::pin(promise.clone().into_future());
    assert!(poll(left.as_mut()).is_pending());
    drop(left);
    let mut both = pin!(join_all([promise.clone(), promise.clone()]));
    assert!(poll(both.as_mut()).is_pending());
    deferred.resolve(1);
    assert_eq!(poll(both), Poll::Ready(std::vec![Ok(1), Ok(1)]));
}

#[test]
fn a_promise_says_why_it_holds_no_value() {
    use std::string::ToString;
    let deferred = Deferred::<u8, &str>::new();
    let promise = deferred.promise();
    let mut waiting = pin!(promise.clone().into_future());
    assert!(poll(waiting.as_mut()).is_pending());
    drop(deferred);
    assert_eq!(poll(waiting), Poll::Ready(Err(PromiseError::Dropped)));
    let rejected = Promise::<u8, &str>::rejected("no");
    let error = rejected.try_get().unwrap().unwrap_err();
    assert_eq!(
        (*error, error.to_string()),
        (PromiseError::Rejected("no"), "the promise was rejected: no".into())
    );
    assert!(promise.try_get().unwrap().unwrap_err().to_string().contains("dropped"));
}

#[test]
fn a_promise_crosses_threads() {
    let deferred = Deferred::<u32>::new();
    let promise = deferred.promise();
    let waiters = [(); 3].map(|()| {
        let promise = promise.clone();
        std::thread::spawn(move || *promise.blocking_get().unwrap())
    });
    deferred.resolve(9);
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), 9);
    }
}

#[test]
fn auto_traits_are_those_of_the_futures() {
    fn send_sync<T: Send + Sync + Unpin>(_: &T) {}
    fn send<T: Send + Unpin>(_: &T) {}
    let futures = || [ready(Ok::<u8, u8>(1))];
    send_sync(&join_all(futures()));
    send_sync(&try_join_all(futures()));
    send_sync(&race(futures()));
    send_sync(&any(futures()));
    send(&all_settled(futures()));
    send_sync(&lazy(|_| ()));
    send_sync(&Deferred::<u8>::new());
    send_sync(&Promise::<u8>::resolved(1));
    fn not_pinned<T: Send + Sync>(_: T) {}
    not_pinned(Promise::<u8>::resolved(1).into_future());
}
