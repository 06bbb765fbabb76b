//! The cell for one waker.

use super::Count;
use crate::env::atomic_waker::AtomicWaker;
use core::task::{RawWaker, RawWakerVTable, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

#[test]
fn wakes_the_last_registered_once() {
    let cell = AtomicWaker::new();
    cell.wake();
    let (first, one) = Count::new();
    let (second, two) = Count::new();
    cell.register(&one);
    cell.register(&one);
    cell.register(&two);
    cell.wake();
    cell.wake();
    assert_eq!((first.get(), second.get()), (0, 1));
}

#[test]
fn keeps_no_waker_after_clear() {
    let cell = AtomicWaker::new();
    let (count, waker) = Count::new();
    cell.register(&waker);
    cell.clear();
    cell.wake();
    assert_eq!(count.get(), 0);
    assert_eq!(Arc::strong_count(&count), 2);
}

#[test]
fn survives_a_clone_that_panics() {
    const VTABLE: RawWakerVTable =
        RawWakerVTable::new(|_| panic!("a bomb of a clone"), |_| (), |_| (), |_| ());
    let cell = AtomicWaker::new();
    // SAFETY: the vtable's functions ignore the pointer.
    let bomb = unsafe { Waker::from_raw(RawWaker::new(core::ptr::null(), &VTABLE)) };
    assert!(catch_unwind(AssertUnwindSafe(|| cell.register(&bomb))).is_err());
    let (count, waker) = Count::new();
    cell.register(&waker);
    cell.wake();
    assert_eq!(count.get(), 1);
}
