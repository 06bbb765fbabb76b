//! The cell that the first who asks fills.

use super::{Count, poll_once, poll_with};
use crate::sync::block::block_on;
use crate::sync::{OnceCell, SetError};
use core::cell::Cell;
use core::future::{pending, ready};
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::string::ToString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::vec::Vec;

#[test]
fn one_initialiser_runs_and_everybody_gets_its_value() {
    let cell = OnceCell::new();
    let (tx, rx) = crate::sync::oneshot::channel();
    let (count, waker) = Count::new();
    let mut first = pin!(cell.get_or_init(|| async { rx.await.unwrap() }));
    assert!(poll_once(first.as_mut()).is_pending());
    let mut waits: Vec<_> = (0..40)
        .map(|_| Box::pin(cell.get_or_init(|| async { unreachable!("another is on its way") })))
        .collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    assert_eq!(cell.set(2), Err(SetError::InitializingError(2)));
    tx.send(1).unwrap();
    assert_eq!(poll_once(first), Poll::Ready(&1));
    assert_eq!(count.get(), 40);
    for wait in &mut waits {
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(&1));
    }
    assert_eq!(cell.set(2), Err(SetError::AlreadyInitializedError(2)));
    assert_eq!(poll_once(pin!(cell.get_or_init(pending))), Poll::Ready(&1));
}

#[test]
fn the_turn_goes_on_when_an_initialiser_fails_panics_or_is_dropped() {
    let cell = OnceCell::new();
    let failed = cell.get_or_try_init(|| ready(Err("failed")));
    assert_eq!(poll_once(pin!(failed)), Poll::Ready(Err("failed")));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        poll_once(pin!(cell.get_or_init(|| async { panic!("initialiser") }))).is_ready()
    }));
    assert!(panicked.is_err());
    let mut dropped = Box::pin(cell.get_or_init(pending));
    assert!(poll_once(dropped.as_mut()).is_pending());
    let (count, waker) = Count::new();
    let mut second = pin!(cell.get_or_init(|| ready(2)));
    let mut third = pin!(cell.get_or_init(|| ready(3)));
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    assert!(poll_once(third.as_mut()).is_pending());
    drop(dropped);
    assert_eq!(count.get(), 1);
    assert!(poll_once(third.as_mut()).is_pending(), "not out of turn");
    assert_eq!(poll_once(second), Poll::Ready(&2));
    assert_eq!(poll_once(third), Poll::Ready(&2));
}

#[test]
fn a_turn_given_to_a_dropped_waiter_goes_on() {
    let cell = OnceCell::new();
    let mut first = Box::pin(cell.get_or_init(pending));
    let mut second = Box::pin(cell.get_or_init(pending));
    let mut third = Box::pin(cell.get_or_init(|| ready(3)));
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(poll_once(third.as_mut()).is_pending());
    drop(first);
    drop(second);
    assert_eq!(poll_once(third.as_mut()), Poll::Ready(&3));

    let cell = OnceCell::new();
    let mut first = Box::pin(cell.get_or_init(pending));
    let mut second = Box::pin(cell.get_or_init(pending));
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    drop((first, second));
    assert!(cell.set(1).is_ok(), "nobody is left who has the turn");
}

#[test]
fn its_value_is_dropped_once() {
    struct Dropped(Rc<Cell<u32>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let drops = Rc::new(Cell::new(0));
    drop(OnceCell::<Dropped>::new());
    drop(OnceCell::from(Dropped(drops.clone())));
    assert_eq!(drops.get(), 1);
    let mut cell = OnceCell::new_with(Some(Dropped(drops.clone())));
    let taken = cell.take();
    assert!(cell.take().is_none() && cell.get().is_none());
    assert_eq!(drops.get(), 1);
    drop((taken, cell));
    assert_eq!(drops.get(), 2);
}

#[test]
fn it_compares_clones_and_prints_by_its_value() {
    let mut cell = OnceCell::default();
    assert_eq!(cell, cell.clone());
    assert_eq!(format!("{cell:?}"), "OnceCell { value: None }");
    cell.set(1).unwrap();
    *cell.get_mut().unwrap() += 1;
    assert_eq!(cell, OnceCell::from(2));
    let error = cell.set(3).unwrap_err();
    assert!(error.is_already_init_err() && !error.is_initializing_err());
    assert!(!error.to_string().is_empty());
    static FILLED: OnceCell<u8> = OnceCell::const_new_with(3);
    assert!(FILLED.initialized());
    assert_eq!(OnceCell::from(4).into_inner(), Some(4));
}

#[test]
fn of_many_threads_one_initialises() {
    static CELL: OnceCell<usize> = OnceCell::const_new();
    let runs = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let runs = runs.clone();
            std::thread::spawn(move || {
                *block_on(CELL.get_or_init(|| async move {
                    runs.fetch_add(1, Ordering::Relaxed);
                    i
                }))
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(Some(&thread.join().unwrap()), CELL.get());
    }
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn auto_traits_follow_the_value() {
    fn send_sync<T: Send + Sync>(_: &T) {}
    let cell = OnceCell::<u8>::new();
    send_sync(&cell);
    send_sync(&cell.get_or_init(|| ready(1)));
    send_sync(&cell.get_or_try_init(|| ready(Ok::<_, u8>(1))));
}
