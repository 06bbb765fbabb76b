//! The mpmc channel: promises, grants and the end, in every order.

use crate::sync::mpmc;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_two_receivers_share_two_values() {
    loom::model(|| {
        let (tx, rx) = mpmc::channel(1);
        let other = rx.clone();
        let receiver = thread::spawn(move || block_on(other.recv()).unwrap());
        tx.try_send(1).unwrap();
        block_on(tx.send(2)).unwrap();
        assert_eq!(receiver.join().unwrap() + block_on(rx.recv()).unwrap(), 3);
    });
}

#[test]
fn loom_a_promise_is_passed_on() {
    loom::model(|| {
        let (tx, rx) = mpmc::channel(1);
        let quitter = rx.clone();
        let leaves = thread::spawn(move || {
            let mut recv = pin!(quitter.recv());
            match recv.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => value,
                Poll::Pending => None,
            }
        });
        tx.try_send(1).unwrap();
        drop(tx);
        let here = block_on(rx.recv());
        let there = leaves.join().unwrap();
        assert_eq!(here.or(there), Some(1));
        assert!(here.is_none() || there.is_none());
    });
}

#[test]
fn loom_the_last_sender_and_a_receiver_meet() {
    loom::model(|| {
        let (tx, rx) = mpmc::unbounded_channel();
        let sender = thread::spawn(move || tx.send(Arc::new(1)).unwrap());
        assert_eq!(block_on(rx.recv()).as_deref(), Some(&1));
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

#[test]
fn loom_the_last_receiver_and_a_sender_meet() {
    loom::model(|| {
        let value = Arc::new(());
        let (tx, rx) = mpmc::channel(1);
        tx.try_send(value.clone()).unwrap();
        let sent = value.clone();
        let sender = thread::spawn(move || block_on(tx.send(sent)).is_err());
        drop(rx);
        assert!(sender.join().unwrap());
        assert_eq!(Arc::strong_count(&value), 1);
    });
}
