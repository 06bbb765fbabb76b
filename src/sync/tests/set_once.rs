//! The cell that is set once.

use super::{Count, poll_once, poll_with};
use crate::sync::{SetOnce, SetOnceError};
use core::cell::Cell;
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::format;
use std::rc::Rc;
use std::string::ToString;
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn it_is_set_once_and_everybody_is_woken() {
    let cell = SetOnce::new();
    let (count, waker) = Count::new();
    let mut waits: Vec<_> = (0..40).map(|_| Box::pin(cell.wait())).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    assert_eq!(cell.set(1), Ok(()));
    assert_eq!(count.get(), 40);
    assert_eq!(cell.set(2), Err(SetOnceError(2)));
    for wait in &mut waits {
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(&1));
    }
    assert_eq!(poll_once(pin!(cell.wait())), Poll::Ready(&1));
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
    drop(SetOnce::<Dropped>::new());
    drop(SetOnce::from(Dropped(drops.clone())));
    assert_eq!(drops.get(), 1);
    let inner = SetOnce::new_with(Some(Dropped(drops.clone()))).into_inner();
    assert_eq!(drops.get(), 1);
    drop(inner);
    assert_eq!(drops.get(), 2);
    assert!(SetOnce::<u8>::new().into_inner().is_none());
}

#[test]
fn a_dropped_waiter_leaves_no_trace() {
    let cell = SetOnce::new();
    let mut quitter = Box::pin(cell.wait());
    assert!(poll_once(quitter.as_mut()).is_pending());
    drop(quitter);
    assert!(cell.set(1).is_ok());
}

#[test]
fn it_compares_clones_and_prints_by_its_value() {
    let cell = SetOnce::new();
    assert_eq!(cell, cell.clone());
    assert_eq!(format!("{cell:?}"), "SetOnce { value: None }");
    cell.set(1).unwrap();
    assert_eq!(cell, SetOnce::from(1));
    assert_ne!(cell, SetOnce::default());
    assert!(!cell.set(2).unwrap_err().to_string().is_empty());
}

#[test]
fn one_of_many_threads_sets_it() {
    static CELL: SetOnce<usize> = SetOnce::const_new();
    let waiter = std::thread::spawn(|| *CELL.blocking_wait());
    let threads: Vec<_> = (0..4).map(|i| std::thread::spawn(move || CELL.set(i).is_ok())).collect();
    let winners = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won);
    assert_eq!(winners.count(), 1);
    assert_eq!(Some(&waiter.join().unwrap()), CELL.get());
}

#[test]
fn auto_traits_follow_the_value() {
    fn send_sync<T: Send + Sync>(_: T) {}
    let cell = SetOnce::from(Arc::new(1));
    send_sync(cell.wait());
    send_sync(&cell);
    static FILLED: SetOnce<u8> = SetOnce::const_new_with(3);
    assert_eq!(FILLED.get(), Some(&3));
}
