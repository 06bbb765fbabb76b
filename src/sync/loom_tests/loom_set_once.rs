//! The cell that is set once, and the latch.

use crate::sync::{Latch, SetOnce, WaitGroup};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_set_once_the_value_reaches_who_waits() {
    loom::model(|| {
        let cell = Arc::new(SetOnce::new());
        let waiter = thread::spawn({
            let cell = cell.clone();
            move || *block_on(cell.wait())
        });
        let rival = thread::spawn({
            let cell = cell.clone();
            move || cell.set(2).is_ok()
        });
        let own = cell.set(1).is_ok();
        assert_ne!(own, rival.join().unwrap());
        assert_eq!(waiter.join().unwrap(), if own { 1 } else { 2 });
        assert!(cell.get().is_some());
    });
}

#[test]
fn loom_latch_the_last_to_count_down_wakes() {
    loom::model(|| {
        let latch = Arc::new(Latch::new(2));
        let threads = [(); 2].map(|()| {
            let latch = latch.clone();
            thread::spawn(move || latch.count_down())
        });
        block_on(latch.wait());
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn loom_wait_group_the_last_to_leave_wakes() {
    loom::model(|| {
        let group = WaitGroup::new();
        let threads = [(); 2].map(|()| {
            let member = group.clone();
            thread::spawn(move || drop(member))
        });
        block_on(group.wait());
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
