//! The locks: who has the value has it alone, and the next comes.

use crate::sync::{Mutex, RwLock};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use loom::cell::UnsafeCell;
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

/// Reading and writing it at the same time fails the model.
fn add_one(value: &UnsafeCell<u32>) {
    // SAFETY: the lock under test; loom sees it if that is wrong.
    value.with_mut(|value| unsafe { *value += 1 });
}

#[test]
fn loom_mutex_excludes() {
    loom::model(|| {
        let mutex = Arc::new(Mutex::new(UnsafeCell::new(0)));
        let threads = [(); 2].map(|()| {
            let mutex = mutex.clone();
            thread::spawn(move || add_one(&block_on(mutex.lock())))
        });
        if let Ok(value) = mutex.try_lock() {
            add_one(&value);
            add_one(&value);
        }
        for thread in threads {
            thread.join().unwrap();
        }
        // SAFETY: all threads have ended.
        let sum = block_on(mutex.lock()).with(|value| unsafe { *value });
        assert!(sum == 2 || sum == 4);
    });
}

#[test]
fn loom_mutex_a_quitter_hands_on() {
    loom::model(|| {
        let mutex = Arc::new(Mutex::new(UnsafeCell::new(0)));
        let guard = mutex.try_lock().unwrap();
        let quitter = thread::spawn({
            let mutex = mutex.clone();
            move || {
                let mut lock = pin!(mutex.lock());
                let _ = lock.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        });
        let waiter = thread::spawn({
            let mutex = mutex.clone();
            move || add_one(&block_on(mutex.lock()))
        });
        add_one(&guard);
        drop(guard);
        quitter.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_rwlock_readers_share_and_the_writer_is_alone() {
    loom::model(|| {
        let lock = Arc::new(RwLock::with_max_readers(UnsafeCell::new(0), 2));
        let writer = thread::spawn({
            let lock = lock.clone();
            move || add_one(&block_on(lock.write()))
        });
        let reader = thread::spawn({
            let lock = lock.clone();
            // SAFETY: the lock under test; loom sees it if that is wrong.
            move || block_on(lock.read()).with(|value| unsafe { *value })
        });
        // SAFETY: as above.
        let seen = block_on(lock.read()).with(|value| unsafe { *value });
        assert!(seen <= 1 && reader.join().unwrap() <= 1);
        writer.join().unwrap();
    });
}

#[test]
fn loom_rwlock_downgrade_keeps_writers_out() {
    loom::model(|| {
        let lock = Arc::new(RwLock::with_max_readers(UnsafeCell::new(0), 2));
        let writing = lock.try_write().unwrap();
        let writer = thread::spawn({
            let lock = lock.clone();
            move || add_one(&block_on(lock.write()))
        });
        add_one(&writing);
        let reading = writing.downgrade();
        // SAFETY: the lock under test; loom sees it if that is wrong.
        assert_eq!(reading.with(|value| unsafe { *value }), 1);
        drop(reading);
        writer.join().unwrap();
    });
}
