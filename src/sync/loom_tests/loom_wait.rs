//! The wait list and the cell for one waker.

use crate::atomic::{AtomicBool, Ordering};
use crate::env::atomic_waker::AtomicWaker;
use crate::env::dump::Wait;
use crate::lock::{Lock, LockGuard};
use crate::sync::wait::{WaitList, WaitPoint, Waiter};
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use loom::future::block_on;
use loom::thread;
use pin_project_lite::pin_project;
use std::sync::Arc;

/// Tokens that are handed from `give` to whoever waits longest.
struct Tokens {
    state: Lock<State>,
}

struct State {
    tokens: usize,
    waiters: WaitList<Cell<bool>>,
}

impl Tokens {
    fn new() -> Arc<Self> {
        Arc::new(Self { state: Lock::new(State { tokens: 0, waiters: WaitList::new() }) })
    }

    fn give(&self) {
        Self::give_under(self.state.lock());
    }

    fn give_under(mut state: LockGuard<'_, State>) {
        let notice = state.waiters.take_front(|given| given.set(true));
        if notice.is_none() {
            state.tokens += 1;
        }
        drop(state);
        notice.into_iter().for_each(|notice| notice.wake());
    }

    fn take(&self) -> Take<'_> {
        Take { waiter: Waiter::new(self, Cell::new(false)) }
    }
}

// SAFETY: always the one lock and the one list inside the value that the reference keeps alive.
unsafe impl WaitPoint for &Tokens {
    type Guarded = State;
    type Slot = Cell<bool>;

    fn lock(&self) -> &Lock<State> {
        &self.state
    }

    fn waiters(state: &mut State) -> &mut WaitList<Cell<bool>> {
        &mut state.waiters
    }

    fn wait(&self, _: &Cell<bool>) -> Wait {
        Wait::new("tokens")
    }

    fn forsake(&self, state: LockGuard<'_, State>, given: &Cell<bool>, notified: bool) {
        assert_eq!(given.get(), notified);
        if notified {
            Tokens::give_under(state);
        }
    }
}

pin_project! {
    struct Take<'a> {
        #[pin]
        waiter: Waiter<&'a Tokens>,
    }
}

impl Future for Take<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().waiter.enroll(Some(cx.waker()), |state, given, notified| {
            assert_eq!(given.get(), notified);
            if !notified && state.tokens > 0 {
                state.tokens -= 1;
                return Some(());
            }
            notified.then_some(())
        })
    }
}

#[test]
fn loom_wait_each_token_reaches_a_waiter() {
    loom::model(|| {
        let tokens = Tokens::new();
        let threads = [(); 2].map(|()| {
            let tokens = tokens.clone();
            thread::spawn(move || block_on(tokens.take()))
        });
        tokens.give();
        tokens.give();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(tokens.state.lock().tokens, 0);
    });
}

#[test]
fn loom_wait_a_token_given_to_a_dropped_waiter_goes_on() {
    loom::model(|| {
        let tokens = Tokens::new();
        let thread = thread::spawn({
            let tokens = tokens.clone();
            move || block_on(tokens.take())
        });
        let quitter = thread::spawn({
            let tokens = tokens.clone();
            move || {
                let mut take = pin!(tokens.take());
                take.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
            }
        });
        tokens.give();
        if quitter.join().unwrap() {
            tokens.give();
        }
        thread.join().unwrap();
    });
}

#[test]
fn loom_atomic_waker_loses_no_wake() {
    loom::model(|| {
        let shared = Arc::new((AtomicWaker::new(), AtomicBool::new(false)));
        let wakers = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.store(true, Ordering::Relaxed);
                shared.0.wake();
            })
        });
        block_on(poll_fn(|cx| {
            shared.0.register(cx.waker());
            match shared.1.load(Ordering::Relaxed) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

#[test]
fn loom_atomic_waker_two_registrants_do_not_race() {
    loom::model(|| {
        let cell = Arc::new(AtomicWaker::new());
        let threads = [(); 2].map(|()| {
            let cell = cell.clone();
            thread::spawn(move || cell.register(Waker::noop()))
        });
        cell.wake();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
