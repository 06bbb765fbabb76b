//! The rendezvous: every meeting of an offer, a call, a withdrawal and a departure.

use crate::sync::rendezvous;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use loom::future::block_on;
use loom::thread;

#[test]
fn loom_a_sender_and_a_receiver_meet() {
    loom::model(|| {
        let (tx, rx) = rendezvous::channel();
        let sender = thread::spawn(move || block_on(tx.send(1)).unwrap());
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

#[test]
fn loom_a_withdrawn_value_is_not_received() {
    loom::model(|| {
        let (tx, rx) = rendezvous::channel();
        let sender = thread::spawn(move || {
            let mut send = pin!(tx.send(1));
            let sent = send.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            if sent { None } else { send.as_mut().withdraw() }
        });
        let received = block_on(rx.recv());
        let kept = sender.join().unwrap();
        assert_eq!(received.or(kept), Some(1));
        assert!(received.is_none() || kept.is_none());
    });
}

#[test]
fn loom_a_receiver_that_leaves_swallows_nothing() {
    loom::model(|| {
        let (tx, rx) = rendezvous::channel();
        let quitter = rx.clone();
        let leaves = thread::spawn(move || {
            let mut recv = pin!(quitter.recv());
            match recv.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => value,
                Poll::Pending => None,
            }
        });
        let sender = thread::spawn(move || block_on(tx.send(1)).is_ok());
        let here = block_on(rx.recv());
        let there = leaves.join().unwrap();
        assert!(sender.join().unwrap());
        assert_eq!(here.or(there), Some(1));
        assert!(here.is_none() || there.is_none());
    });
}

#[test]
fn loom_a_close_and_a_sender_meet() {
    loom::model(|| {
        let (tx, rx) = rendezvous::channel::<u8>();
        let sender = thread::spawn(move || block_on(tx.send(1)).is_err());
        drop(rx);
        assert!(sender.join().unwrap());
    });
}
