//! The mpsc channel: sends, sleeps, closes and departures in every order.

use crate::sync::mpsc::{self, error::TryRecvError};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

fn poll_once<F: Future>(future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Two locks and a counted channel make long runs.
fn model(run: impl Fn() + Sync + Send + 'static) {
    check(None, run);
}

/// With one preemption less than usual: three threads that all wait make very many runs.
fn model_of_three(run: impl Fn() + Sync + Send + 'static) {
    check(Some(1), run);
}

fn check(preemptions: Option<usize>, run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.max_branches = 20_000;
    model.preemption_bound = preemptions.or(model.preemption_bound);
    model.check(run);
}

#[test]
fn loom_a_value_reaches_a_sleeping_receiver_and_then_the_end() {
    model(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        // The end must not be what wakes the receiver.
        let stays = tx.clone();
        let sender = thread::spawn(move || tx.send(Arc::new(1)).unwrap());
        assert_eq!(block_on(rx.recv()).as_deref(), Some(&1));
        drop(stays);
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

#[test]
fn loom_two_senders_and_a_sleeping_receiver() {
    model(|| {
        let (tx, mut rx) = mpsc::channel(2);
        let other = tx.clone();
        let one = thread::spawn(move || tx.try_send(1).unwrap());
        let two = thread::spawn(move || other.try_send(2).unwrap());
        let mut sum = 0;
        while let Some(value) = block_on(rx.recv()) {
            sum += value;
        }
        assert_eq!(sum, 3);
        one.join().unwrap();
        two.join().unwrap();
    });
}

#[test]
fn loom_a_sender_that_waits_gets_the_place_of_what_is_received() {
    model(|| {
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(1).unwrap();
        let sender = thread::spawn(move || block_on(tx.send(2)).unwrap());
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(block_on(rx.recv()), Some(2));
        sender.join().unwrap();
    });
}

#[test]
fn loom_two_senders_wait_for_one_place() {
    model_of_three(|| {
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(0).unwrap();
        let other = tx.clone();
        let one = thread::spawn(move || block_on(tx.send(1)).unwrap());
        let two = thread::spawn(move || block_on(other.send(2)).unwrap());
        let mut sum = 0;
        for _ in 0..3 {
            sum += block_on(rx.recv()).unwrap();
        }
        assert_eq!(sum, 3);
        one.join().unwrap();
        two.join().unwrap();
    });
}

#[test]
fn loom_a_cancelled_sender_hands_its_place_on() {
    model_of_three(|| {
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(0).unwrap();
        let quitter = tx.clone();
        let one = thread::spawn(move || {
            let mut send = pin!(quitter.send(1));
            poll_once(send.as_mut()).is_ready()
        });
        let two = thread::spawn(move || block_on(tx.send(2)).unwrap());
        assert_eq!(block_on(rx.recv()), Some(0));
        let sent = one.join().unwrap();
        let mut sum = 0;
        while let Some(value) = block_on(rx.recv()) {
            sum += value;
        }
        assert_eq!(sum, if sent { 3 } else { 2 });
        two.join().unwrap();
    });
}

#[test]
fn loom_a_close_and_a_send_meet() {
    model(|| {
        let (tx, mut rx) = mpsc::channel(1);
        let sender = thread::spawn(move || tx.try_send(1).is_ok());
        rx.close();
        let received = block_on(rx.recv());
        assert_eq!(received.is_some(), sender.join().unwrap());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    });
}

#[test]
fn loom_a_close_wakes_those_who_wait() {
    model(|| {
        let (tx, rx) = mpsc::channel(1);
        tx.try_send(0).unwrap();
        let other = tx.clone();
        let sender = thread::spawn(move || assert!(block_on(tx.send(1)).is_err()));
        let watcher = thread::spawn(move || block_on(other.closed()));
        drop(rx);
        sender.join().unwrap();
        watcher.join().unwrap();
    });
}

#[test]
fn loom_the_last_permit_of_a_closed_channel_wakes_the_receiver() {
    model(|| {
        let (tx, mut rx) = mpsc::channel::<u8>(1);
        let permit = tx.clone().try_reserve_owned().unwrap();
        let holder = thread::spawn(move || drop(permit));
        rx.close();
        assert_eq!(block_on(rx.recv()), None);
        holder.join().unwrap();
        drop(tx);
    });
}

#[test]
fn loom_values_and_a_dropped_receiver_meet() {
    model(|| {
        let value = Arc::new(());
        let (tx, rx) = mpsc::unbounded_channel();
        let sent = value.clone();
        let sender = thread::spawn(move || {
            let _ = tx.send(sent.clone());
            let _ = tx.send(sent);
        });
        drop(rx);
        sender.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_an_upgrade_and_the_last_drop_meet() {
    model(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let weak = tx.downgrade();
        let upgrader =
            thread::spawn(move || weak.upgrade().map(|tx| tx.send(1).unwrap()).is_some());
        drop(tx);
        let received = block_on(rx.recv());
        assert_eq!(received.is_some(), upgrader.join().unwrap());
    });
}

#[test]
fn loom_an_abandoned_receive_loses_nothing() {
    model(|| {
        let (tx, mut rx) = mpsc::channel(1);
        let sender = thread::spawn(move || tx.try_send(1).unwrap());
        let early = match poll_once(pin!(rx.recv())) {
            Poll::Ready(value) => value,
            Poll::Pending => None,
        };
        let value = early.or_else(|| block_on(rx.recv()));
        assert_eq!(value, Some(1));
        sender.join().unwrap();
    });
}

#[test]
fn loom_what_is_sent_is_seen_by_try_recv_behind_a_slow_sender() {
    model(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let slow = tx.clone();
        let other = thread::spawn(move || slow.send(1).unwrap());
        tx.send(2).unwrap();
        assert!(rx.try_recv().is_ok());
        other.join().unwrap();
    });
}
