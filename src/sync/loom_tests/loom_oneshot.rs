//! The oneshot channel: every meeting of a word, a close, a drop and a change of waker.

use crate::sync::oneshot::{self, error::TryRecvError};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_a_value_reaches_a_waiting_receiver() {
    loom::model(|| {
        let (tx, rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(Arc::new(1)).unwrap());
        assert_eq!(*block_on(rx).unwrap(), 1);
        sender.join().unwrap();
    });
}

#[test]
fn loom_a_dropped_sender_reaches_a_waiting_receiver() {
    loom::model(|| {
        let (tx, rx) = oneshot::channel::<u8>();
        let sender = thread::spawn(move || drop(tx));
        assert!(block_on(rx).is_err());
        sender.join().unwrap();
    });
}

#[test]
fn loom_a_value_and_a_dropped_receiver_meet() {
    loom::model(|| {
        let value = Arc::new(());
        let (tx, mut rx) = oneshot::channel();
        assert!(Pin::new(&mut rx).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let sent = value.clone();
        let sender = thread::spawn(move || drop(tx.send(sent)));
        drop(rx);
        sender.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_a_value_and_a_close_meet() {
    loom::model(|| {
        let (tx, mut rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(1).is_ok());
        rx.close();
        let received = rx.try_recv();
        let accepted = sender.join().unwrap();
        assert_eq!(received, if accepted { Ok(1) } else { Err(TryRecvError::Closed) });
    });
}

#[test]
fn loom_a_close_reaches_a_waiting_sender() {
    loom::model(|| {
        let (mut tx, rx) = oneshot::channel::<u8>();
        let receiver = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        assert_eq!(tx.send(1), Err(1));
        receiver.join().unwrap();
    });
}

#[test]
fn loom_both_sides_wait_and_leave() {
    loom::model(|| {
        let (mut tx, mut rx) = oneshot::channel::<u8>();
        let sender = thread::spawn(move || {
            let _ = tx.poll_closed(&mut Context::from_waker(Waker::noop()));
            drop(tx);
        });
        let _ = Pin::new(&mut rx).poll(&mut Context::from_waker(Waker::noop()));
        drop(rx);
        sender.join().unwrap();
    });
}

#[test]
fn loom_the_receiver_changes_its_waker() {
    loom::model(|| {
        let (tx, mut rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(1).unwrap());
        let mut first = true;
        let value = block_on(poll_fn(move |cx| {
            if core::mem::take(&mut first) {
                let mut other = Context::from_waker(Waker::noop());
                if let Poll::Ready(value) = Pin::new(&mut rx).poll(&mut other) {
                    return Poll::Ready(value);
                }
            }
            Pin::new(&mut rx).poll(cx)
        }));
        assert_eq!(value, Ok(1));
        sender.join().unwrap();
    });
}
