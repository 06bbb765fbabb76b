//! The cell that the first who asks fills.

use crate::sync::OnceCell;
use core::future::{Future, pending, ready};
use core::pin::pin;
use core::task::{Context, Waker};
use loom::future::block_on;
use loom::thread;
use std::boxed::Box;
use std::sync::Arc;

#[test]
fn loom_once_cell_one_value_for_all() {
    loom::model(|| {
        let cell = Arc::new(OnceCell::new());
        let threads = [1, 2].map(|n| {
            let cell = cell.clone();
            thread::spawn(move || *block_on(cell.get_or_init(|| ready(n))))
        });
        let own = cell.set(3).is_ok();
        let values = threads.map(|thread| thread.join().unwrap());
        assert!(values[0] == values[1]);
        assert!(!own || values[0] == 3);
        assert_eq!(cell.get(), Some(&values[0]));
    });
}

#[test]
fn loom_once_cell_a_quitter_hands_the_turn_on() {
    loom::model(|| {
        let cell = Arc::new(OnceCell::new());
        let quitter = thread::spawn({
            let cell = cell.clone();
            move || {
                let mut init = pin!(cell.get_or_init(pending));
                let _ = init.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        });
        let waiter = thread::spawn({
            let cell = cell.clone();
            move || *block_on(cell.get_or_init(|| ready(1)))
        });
        assert_eq!(*block_on(cell.get_or_init(|| ready(1))), 1);
        quitter.join().unwrap();
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

#[test]
fn loom_once_cell_a_turn_given_to_a_quitter_goes_on() {
    loom::model(|| {
        let cell = Arc::new(OnceCell::new());
        let mut first = Box::pin(cell.get_or_init(pending));
        let _ = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let quitter = thread::spawn({
            let cell = cell.clone();
            move || {
                let mut init = pin!(cell.get_or_init(pending));
                let _ = init.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        });
        let waiter = thread::spawn({
            let cell = cell.clone();
            move || *block_on(cell.get_or_init(|| ready(1)))
        });
        drop(first);
        quitter.join().unwrap();
        assert_eq!(waiter.join().unwrap(), 1);
    });
}
