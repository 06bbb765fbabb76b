//! The watch channel.

use crate::sync::watch;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use loom::future::block_on;
use loom::thread;

#[test]
fn loom_watch_a_value_and_the_close_reach_who_waits() {
    loom::model(|| {
        let (tx, mut rx) = watch::channel(0);
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
            tx.send(2).unwrap();
        });
        let mut last = 0;
        while block_on(rx.changed()).is_ok() {
            let value = *rx.borrow_and_update();
            assert!(value > last);
            last = value;
        }
        assert_eq!(last, 2);
        sender.join().unwrap();
    });
}

#[test]
fn loom_watch_two_senders_and_a_waiter() {
    loom::model(|| {
        let (tx, mut rx) = watch::channel(0);
        let senders = [1, 2].map(|bit| {
            let tx = tx.clone();
            thread::spawn(move || tx.send_modify(|bits| *bits |= bit))
        });
        assert_eq!(*block_on(rx.wait_for(|bits| *bits == 3)).unwrap(), 3);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

#[test]
fn loom_watch_a_waiter_that_leaves_takes_no_wake_with_it() {
    loom::model(|| {
        let (tx, rx) = watch::channel(0);
        let waiter = thread::spawn({
            let mut rx = rx.clone();
            move || block_on(rx.changed()).unwrap()
        });
        let quitter = thread::spawn({
            let mut rx = rx.clone();
            move || {
                let mut changed = pin!(rx.changed());
                let _ = changed.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        });
        tx.send(1).unwrap();
        waiter.join().unwrap();
        quitter.join().unwrap();
    });
}

#[test]
fn loom_watch_a_waiter_that_has_seen_one_value_waits_for_the_next() {
    loom::model(|| {
        let (tx, mut rx) = watch::channel(0);
        let other = tx.clone();
        let first = thread::spawn(move || tx.send(1).unwrap());
        let second = thread::spawn(move || other.send(2).unwrap());
        block_on(async {
            rx.changed().await.unwrap();
            rx.mark_unchanged();
            while rx.changed().await.is_ok() {}
        });
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn loom_watch_the_last_receiver_is_missed() {
    loom::model(|| {
        let (tx, rx) = watch::channel(0);
        let other = rx.clone();
        let one = thread::spawn(move || drop(rx));
        let two = thread::spawn(move || drop(other));
        block_on(tx.closed());
        assert!(tx.is_closed());
        one.join().unwrap();
        two.join().unwrap();
    });
}
