//! The wait list, shown on a primitive of the smallest kind.

use super::{Bomb, Count, poll_once, poll_with};
use crate::env::dump::Wait;
use crate::lock::{Lock, LockGuard};
use crate::sync::wait::{WaitList, WaitPoint, Waiter, wake_while};
use core::cell::Cell;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

/// Lets everybody through once it is open; lets one through by `admit`.
struct Gate {
    state: Lock<State>,
}

struct State {
    open: bool,
    handed_on: usize,
    waiters: WaitList<Cell<bool>>,
}

impl Gate {
    fn new() -> Self {
        Self { state: Lock::new(State { open: false, handed_on: 0, waiters: WaitList::new() }) }
    }

    fn pass(&self) -> Pass<'_> {
        Pass { waiter: Waiter::new(self, Cell::new(false)) }
    }

    fn open(&self) {
        let mut state = self.state.lock();
        state.open = true;
        wake_while(&self, state, |_| true);
    }

    fn admit(&self) -> bool {
        let notice = self.state.lock().waiters.take_front(|admitted| admitted.set(true));
        notice.map(|notice| notice.wake()).is_some()
    }
}

// SAFETY: always the one lock and the one list inside the gate that the reference keeps alive.
unsafe impl WaitPoint for &Gate {
    type Guarded = State;
    type Slot = Cell<bool>;

    fn lock(&self) -> &Lock<State> {
        &self.state
    }

    fn waiters(state: &mut State) -> &mut WaitList<Cell<bool>> {
        &mut state.waiters
    }

    fn wait(&self, _: &Cell<bool>) -> Wait {
        Wait::new("gate")
    }

    fn forsake(&self, mut state: LockGuard<'_, State>, slot: &Cell<bool>, notified: bool) {
        assert_eq!(slot.get(), notified && !state.open);
        if slot.get() {
            state.handed_on += 1;
            let next = state.waiters.take_front(|admitted| admitted.set(true));
            drop(state);
            next.into_iter().for_each(|notice| notice.wake());
        }
    }
}

pin_project! {
    struct Pass<'a> {
        #[pin]
        waiter: Waiter<&'a Gate>,
    }
}

impl Future for Pass<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().waiter.enroll(Some(cx.waker()), |state, admitted, notified| {
            assert_eq!(admitted.get(), notified && !state.open);
            (state.open || admitted.get()).then_some(())
        })
    }
}

fn assert_send_sync<T: Send + Sync>(_: &T) {}

#[test]
fn waiters_are_admitted_in_order() {
    let gate = Gate::new();
    let mut passes: Vec<_> = (0..3).map(|_| Box::pin(gate.pass())).collect();
    assert_send_sync(&passes[0]);
    for pass in &mut passes {
        assert!(poll_once(pass.as_mut()).is_pending());
    }
    for admitted in 0..3 {
        assert!(gate.admit());
        assert!(poll_once(passes[admitted].as_mut()).is_ready());
        for pass in &mut passes[admitted + 1..] {
            assert!(poll_once(pass.as_mut()).is_pending());
        }
    }
    assert!(!gate.admit());
}

#[test]
fn a_dropped_waiter_leaves_from_anywhere() {
    for gone in 0..3 {
        let gate = Gate::new();
        let mut passes: Vec<_> = (0..3).map(|_| Box::pin(gate.pass())).collect();
        for pass in &mut passes {
            assert!(poll_once(pass.as_mut()).is_pending());
        }
        drop(passes.remove(gone));
        assert!(gate.admit() && gate.admit() && !gate.admit());
        assert!(passes.iter_mut().all(|pass| poll_once(pass.as_mut()).is_ready()));
    }
}

#[test]
fn a_notified_waiter_that_is_dropped_hands_on() {
    let gate = Gate::new();
    let (count, waker) = Count::new();
    let mut first = Box::pin(gate.pass());
    let mut second = Box::pin(gate.pass());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    gate.admit();
    drop(first);
    assert_eq!(count.get(), 1);
    assert!(poll_once(second.as_mut()).is_ready());
    assert_eq!(gate.state.lock().handed_on, 1);
}

#[test]
fn a_waker_is_cloned_only_when_it_is_new() {
    let gate = Gate::new();
    let (count, waker) = Count::new();
    let mut pass = pin!(gate.pass());
    for _ in 0..3 {
        assert!(poll_with(pass.as_mut(), &waker).is_pending());
    }
    // The test's, the waker's, and one in the list.
    assert_eq!(Arc::strong_count(&count), 3);
    let (other, new) = Count::new();
    assert!(poll_with(pass.as_mut(), &new).is_pending());
    assert_eq!(Arc::strong_count(&count), 2);
    gate.admit();
    assert_eq!((count.get(), other.get()), (0, 1));
    assert!(poll_once(pass).is_ready());
}

#[test]
fn everybody_is_woken_in_batches_and_in_spite_of_panics() {
    let gate = Gate::new();
    let (count, waker) = Count::new();
    let bomb = Waker::from(Arc::new(Bomb));
    let mut passes: Vec<_> = (0..100).map(|_| Box::pin(gate.pass())).collect();
    for (i, pass) in passes.iter_mut().enumerate() {
        let waker = if i % 10 == 3 { &bomb } else { &waker };
        assert!(poll_with(pass.as_mut(), waker).is_pending());
    }
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gate.open()));
    assert!(opened.is_err());
    assert_eq!(count.get(), 90);
    assert!(passes.iter_mut().all(|pass| poll_once(pass.as_mut()).is_ready()));
}

#[test]
fn a_waiter_may_be_used_again() {
    let gate = Gate::new();
    let mut pass = pin!(gate.pass());
    assert!(poll_once(pass.as_mut()).is_pending());
    assert!(pass.waiter.is_enlisted());
    gate.open();
    assert!(poll_once(pass.as_mut()).is_ready());
    assert!(!pass.waiter.is_enlisted());
    gate.state.lock().open = false;
    assert!(poll_once(pass.as_mut()).is_pending());
}
