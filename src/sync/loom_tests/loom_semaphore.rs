//! The permits: nothing is lost, nobody sleeps on, whatever runs when.

use crate::sync::Semaphore;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_semaphore_permits_go_round() {
    loom::model(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let threads = [(); 2].map(|()| {
            let semaphore = semaphore.clone();
            thread::spawn(move || drop(block_on(semaphore.acquire()).unwrap()))
        });
        drop(block_on(semaphore.acquire()).unwrap());
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn loom_semaphore_many_collect_from_two_sides() {
    loom::model(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let givers = [(); 2].map(|()| {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.add_permits(1))
        });
        drop(block_on(semaphore.acquire_many(2)).unwrap());
        for giver in givers {
            giver.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 2);
    });
}

#[test]
fn loom_semaphore_a_quitter_loses_no_permit() {
    loom::model(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let quitter = thread::spawn({
            let semaphore = semaphore.clone();
            move || {
                let mut acquire = pin!(semaphore.acquire());
                let _ = acquire.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        });
        let waiter = thread::spawn({
            let semaphore = semaphore.clone();
            move || drop(block_on(semaphore.acquire()).unwrap())
        });
        semaphore.add_permits(1);
        quitter.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn loom_semaphore_close_wakes_everybody() {
    loom::model(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let waiters = [1, 2].map(|n| {
            let semaphore = semaphore.clone();
            thread::spawn(move || drop(block_on(semaphore.acquire_many(n))))
        });
        semaphore.close();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn loom_semaphore_permits_come_and_go_while_somebody_enlists() {
    loom::model(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let waiter = thread::spawn({
            let semaphore = semaphore.clone();
            move || drop(block_on(semaphore.acquire_many(2)).unwrap())
        });
        let passer = thread::spawn({
            let semaphore = semaphore.clone();
            move || drop(semaphore.try_acquire())
        });
        let forgotten = semaphore.forget_permits(1);
        semaphore.add_permits(1 + forgotten);
        passer.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(semaphore.available_permits(), 2);
    });
}
