use core::cell::{Cell, RefCell};
use core::future::{Future, IntoFuture, pending, poll_fn, ready};
use core::task::{Context, Poll, Waker};
use std::string::{String, ToString};
use std::vec::Vec;

/// The output of a future that is ready at once.
#[track_caller]
fn now<T>(future: impl Future<Output = T>) -> T {
    match poll_once(core::pin::pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is not ready"),
    }
}

fn poll_once<T>(future: core::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending `times` times, then `output`.
fn after<T: Copy>(times: u32, output: T) -> impl Future<Output = T> {
    let mut left = times;
    poll_fn(move |_| match left {
        0 => Poll::Ready(output),
        _ => {
            left -= 1;
            Poll::Pending
        }
    })
}

#[test]
fn select_takes_handlers_of_every_shape() {
    now(async {
        assert_eq!(crate::select! { x = ready(1) => x }, 1);
        assert_eq!(crate::select! { x = ready(1) => x, }, 1);
        assert_eq!(crate::select! { x = ready(1) => { x } }, 1);
        assert_eq!(crate::select! { x = ready(1), if true => { x }, }, 1);
        assert_eq!(crate::select! { x = ready(1), if true => x }, 1);
        assert_eq!(crate::select! { x = ready(1), if true => x, else => 2 }, 1);
        assert_eq!(crate::select! { x = ready(1) => { x } () = pending() => 2 }, 1);
        assert_eq!(crate::select! { biased; x = ready(1) => { x } else => { 2 } }, 1);
        assert_eq!(crate::select! { else => 2 }, 2);
        assert_eq!(crate::select! { biased; else => 2, }, 2);
    });
}

#[test]
fn select_leaves_a_value_whole_while_it_checks_the_pattern() {
    now(async {
        let text = || ready(Some("text".to_string()));
        let moved: String = crate::select! { Some(text) = text() => text };
        let mutable = crate::select! { Some(mut text) = text() => { text.push('!'); text } };
        let by_reference = crate::select! { Some(ref text) = text() => text.len() };
        let by_mutable_reference = crate::select! {
            Some(ref mut text) = text() => { text.clear(); text.len() }
        };
        let bound = crate::select! { all @ Some(_) = text() => all };
        assert_eq!((moved.len(), mutable.len(), by_reference), (4, 5, 4));
        assert_eq!((by_mutable_reference, bound), (0, Some("text".to_string())));
        let either = crate::select! { 1 | 2 = ready(2) => "small", _ = pending::<()>() => "" };
        assert_eq!(either, "small");
        let range = crate::select! { (0..=9, [first, ..]) = ready((3, [7, 8])) => first };
        assert_eq!(range, 7);
    });
}

#[test]
fn select_drops_what_does_not_fit_and_asks_no_more() {
    let polls = Cell::new(0);
    let mut select = core::pin::pin!(async {
        let refused = poll_fn(|_| {
            polls.set(polls.get() + 1);
            Poll::Ready(None::<u32>)
        });
        crate::select! {
            Some(x) = refused => x,
            x = after(2, 5) => x,
        }
    });
    assert!(poll_once(select.as_mut()).is_pending());
    assert!(poll_once(select.as_mut()).is_pending());
    assert_eq!(poll_once(select), Poll::Ready(5));
    assert_eq!(polls.get(), 1);
}

#[test]
fn select_makes_disabled_futures_but_never_polls_them() {
    let made = Cell::new(0);
    now(async {
        let make = |made: &Cell<u32>| {
            made.set(made.get() + 1);
            poll_fn(|_| -> Poll<u32> { panic!("polled") })
        };
        let got = crate::select! {
            x = make(&made), if false => x,
            x = ready(3), if made.get() == 0 => x,
        };
        assert_eq!(got, 3);
    });
    assert_eq!(made.get(), 1);
}

#[test]
#[should_panic(expected = "all branches of `select!` are disabled")]
fn select_without_else_panics_when_all_are_disabled() {
    now(async {
        crate::select! {
            Some(()) = ready(None) => {}
            () = pending(), if false => {}
        }
    });
}

#[test]
fn select_starts_anywhere_or_in_order() {
    let counts: [Cell<u32>; 3] = Default::default();
    let count = |index: usize| counts[index].set(counts[index].get() + 1);
    for _ in 0..300 {
        now(async {
            crate::select! {
                () = ready(()) => count(0),
                () = ready(()) => count(1),
                () = ready(()) => count(2),
            }
        });
    }
    assert!(counts.iter().all(|count| count.get() > 50), "{counts:?}");
    for _ in 0..100 {
        now(async {
            crate::select! { biased; () = ready(()) => {} () = ready(()) => unreachable!() }
        });
    }
}

#[test]
fn select_drops_the_futures_before_the_handler_runs() {
    let mut number = 1;
    now(async {
        async fn borrow(number: &mut u32) {
            *number += 1;
            pending().await
        }
        crate::select! {
            biased;
            () = borrow(&mut number) => {}
            () = ready(()) => number *= 10,
            else => number = 0,
        }
    });
    assert_eq!(number, 20);
}

#[test]
fn select_lets_handlers_leave_the_function() {
    async fn search() -> Option<u32> {
        loop {
            crate::select! {
                biased;
                found = ready(None::<u32>) => { let _never = found?; }
                () = ready(()) => break,
            }
        }
        Some(1)
    }
    assert_eq!(now(search()), None);
}

#[test]
fn select_takes_what_becomes_a_future_and_temporaries() {
    struct Later;
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = core::future::Ready<u32>;
        fn into_future(self) -> Self::IntoFuture {
            ready(4)
        }
    }
    assert_eq!(
        now(async {
            crate::select! { x = Later => x }
        }),
        4
    );
    assert_eq!(
        now(async {
            crate::select! { x = &mut ready(5) => x }
        }),
        5
    );
}

#[test]
fn select_takes_a_branch_that_never_ends() {
    async fn never() -> ! {
        pending().await
    }
    assert_eq!(
        now(async {
            crate::select! { _ = never() => 0, x = ready(6) => x }
        }),
        6
    );
}

/// The names that the expansion uses inside are free for the user.
#[test]
fn select_shadows_nothing() {
    const COUNT: u32 = 7;
    let (futures, disabled, selected, turn) = (1, 2, 3, 4);
    let sum = now(async {
        crate::select! {
            x = async { futures + disabled + COUNT } => x + selected + turn,
        }
    });
    assert_eq!(sum, 17);
}

#[test]
fn select_of_64_branches() {
    macro_rules! many {
        ($($n:literal)*) => { crate::select! { $(x = after($n % 3, $n) => x,)* } };
    }
    let mut select = core::pin::pin!(async {
        many! {
            1 2 4 5 7 8 10 11 13 14 16 17 19 20 22 23 25 26 28 29 31 32 34 35 37 38 40 41 43 44 46 47
            1 2 4 5 7 8 10 11 13 14 16 17 19 20 22 23 25 26 28 29 31 32 34 35 37 38 40 41 43 44 46 47
        }
    });
    assert!(poll_once(select.as_mut()).is_pending());
    assert!(matches!(poll_once(select), Poll::Ready(n) if n % 3 == 1));
}

#[test]
fn join_gives_all_outputs_in_order() {
    let mut join = core::pin::pin!(async { crate::join!(after(1, 'a'), ready("b"), after(2, 3),) });
    assert!(poll_once(join.as_mut()).is_pending());
    assert!(poll_once(join.as_mut()).is_pending());
    assert_eq!(poll_once(join), Poll::Ready(('a', "b", 3)));
    now(async { crate::join!() });
    now(async { crate::join!(biased;) });
    assert_eq!(now(async { crate::join!(biased; ready(1)) }), (1,));
}

/// In which order three futures are polled that never finish.
fn order_of_polls(biased: bool) -> Vec<u32> {
    let polled = RefCell::new(Vec::new());
    let note = |n: u32| {
        let polled = &polled;
        poll_fn(move |_| -> Poll<()> {
            polled.borrow_mut().push(n);
            Poll::Pending
        })
    };
    if biased {
        let mut join = core::pin::pin!(async { crate::join!(biased; note(1), note(2), note(3)) });
        (0..3).for_each(|_| assert!(poll_once(join.as_mut()).is_pending()));
    } else {
        let mut join = core::pin::pin!(async { crate::join!(note(1), note(2), note(3)) });
        (0..3).for_each(|_| assert!(poll_once(join.as_mut()).is_pending()));
    }
    polled.into_inner()
}

#[test]
fn join_starts_from_each_in_turn_or_in_order() {
    assert_eq!(order_of_polls(false), [1, 2, 3, 2, 3, 1, 3, 1, 2]);
    assert_eq!(order_of_polls(true), [1, 2, 3, 1, 2, 3, 1, 2, 3]);
}

#[test]
fn try_join_stops_at_the_first_error() {
    let ok = |n: u32| ready(Ok::<u32, &str>(n));
    assert_eq!(now(async { crate::try_join!(ok(1), ok(2)) }), Ok((1, 2)));
    let fails = now(async { crate::try_join!(ok(1), pending(), ready(Err("no"))) });
    assert_eq!(fails, Err::<(u32, u32, u32), _>("no"));
    assert_eq!(now(async { crate::try_join!() }), Ok::<(), ()>(()));
    assert_eq!(now(async { crate::try_join!(biased; ok(1)) }), Ok((1,)));
}

/// More branches than a mask of `select!` has bits.
#[test]
fn join_of_100_branches() {
    macro_rules! many {
        ($($n:literal)*) => { crate::join!($(many!(@ $n),)*) };
        (@ $n:literal) => { ready($n) };
    }
    let outputs = now(async {
        many! {
            0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
            0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 9
        }
    });
    assert_eq!(outputs.99, 9);
}

#[test]
fn pin_shadows_or_declares() {
    now(async {
        let (a, b) = (ready(1), ready(2));
        crate::pin!(a, b,);
        crate::pin! {
            let c = ready(3);
            let d = ready(4);
        }
        assert_eq!((&mut a).await + b.await + c.await + d.await, 10);
    });
}
