//! The broadcast channel.

use crate::sync::broadcast::error::{RecvError, TryRecvError};
use crate::sync::broadcast::{self, Receiver};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use loom::cell::UnsafeCell;
use loom::future::block_on;
use loom::thread;
use std::boxed::Box;
use std::vec::Vec;

/// Loom notices if two threads are in the cell at once.
struct Unshared(UnsafeCell<u32>);

impl Unshared {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }
}

impl Clone for Unshared {
    fn clone(&self) -> Self {
        // SAFETY: that nobody else is in the cell is what the model shows.
        self.0.with_mut(|count| unsafe { *count += 1 });
        Self::new()
    }
}

fn drain<T: Clone>(mut rx: Receiver<T>) -> (Vec<T>, u64) {
    let (mut received, mut missed) = (Vec::new(), 0);
    loop {
        match block_on(rx.recv()) {
            Ok(message) => received.push(message),
            Err(RecvError::Lagged(n)) => missed += n,
            Err(RecvError::Closed) => return (received, missed),
        }
    }
}

#[test]
fn loom_broadcast_messages_and_the_close_reach_two_receivers() {
    loom::model(|| {
        let (tx, one) = broadcast::channel(2);
        let other = tx.subscribe();
        let thread = thread::spawn(move || drain(other));
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        drop(tx);
        assert_eq!(drain(one), (std::vec![1, 2], 0));
        assert_eq!(thread.join().unwrap(), (std::vec![1, 2], 0));
    });
}

#[test]
fn loom_broadcast_two_senders_share_the_ring() {
    loom::model(|| {
        let (tx, rx) = broadcast::channel(2);
        let other = tx.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        tx.send(2).unwrap();
        drop(tx);
        thread.join().unwrap();
        let (mut received, missed) = drain(rx);
        received.sort_unstable();
        assert_eq!((received, missed), (std::vec![1, 2], 0));
    });
}

#[test]
fn loom_broadcast_a_value_is_never_shared() {
    loom::model(|| {
        let (tx, mut one) = broadcast::channel(2);
        let mut other = tx.subscribe();
        assert!(tx.send(Unshared::new()).is_ok());
        let thread = thread::spawn(move || block_on(other.recv()).is_ok());
        assert!(block_on(one.recv()).is_ok());
        assert!(thread.join().unwrap());
        assert!(tx.is_empty());
    });
}

// Two threads only: loom lets two that spin wait for each other while the third has the slot.
#[test]
fn loom_broadcast_the_sender_comes_round_while_a_message_is_lent() {
    loom::model(|| {
        let (tx, mut one) = broadcast::channel(1);
        let mut other = tx.subscribe();
        tx.send(Box::new(1)).unwrap();
        let sender = thread::spawn(move || tx.send(Box::new(2)).unwrap());
        let first = block_on(one.recv());
        assert!(first.as_deref().map_or_else(|error| *error == RecvError::Lagged(1), |n| *n == 1));
        sender.join().unwrap();
        assert_eq!(one.try_recv().as_deref(), Ok(&2));
        assert_eq!(other.try_recv(), Err(TryRecvError::Lagged(1)));
        assert_eq!(other.try_recv().as_deref(), Ok(&2));
    });
}

#[test]
fn loom_broadcast_a_borrower_comes_back_to_a_slot_that_is_lent_anew() {
    loom::model(|| {
        let (tx, mut one) = broadcast::channel(1);
        let (mut other, mut third) = (tx.subscribe(), tx.subscribe());
        tx.send(Box::new(1)).unwrap();
        let thread = thread::spawn(move || {
            tx.send(Box::new(2)).unwrap();
            assert_eq!(block_on(other.recv()), Err(RecvError::Lagged(1)));
            assert_eq!(block_on(other.recv()).as_deref(), Ok(&2));
        });
        let first = block_on(one.recv());
        assert!(first.as_deref().map_or_else(|error| *error == RecvError::Lagged(1), |n| *n == 1));
        thread.join().unwrap();
        assert_eq!(third.try_recv(), Err(TryRecvError::Lagged(1)));
        assert_eq!(third.try_recv().as_deref(), Ok(&2));
        assert_eq!(one.try_recv().as_deref(), Ok(&2));
    });
}

#[test]
fn loom_broadcast_a_slot_that_was_emptied_is_filled_anew() {
    loom::model(|| {
        let (tx, rx) = broadcast::channel(1);
        let thread = thread::spawn(move || drain(rx));
        tx.send(Box::new(1)).unwrap();
        tx.send(Box::new(2)).unwrap();
        drop(tx);
        let (received, missed) = thread.join().unwrap();
        assert_eq!(received.len() as u64 + missed, 2);
        assert_eq!(received.last().map(|last| **last), Some(2));
    });
}

#[test]
fn loom_broadcast_a_receiver_leaves_while_another_receives() {
    loom::model(|| {
        let (tx, mut one) = broadcast::channel(2);
        let other = tx.subscribe();
        let message = loom::sync::Arc::new(());
        tx.send(message.clone()).unwrap();
        tx.send(message.clone()).unwrap();
        let thread = thread::spawn(move || drop(other));
        assert!(block_on(one.recv()).is_ok() && block_on(one.recv()).is_ok());
        thread.join().unwrap();
        assert!(tx.is_empty());
        assert_eq!(loom::sync::Arc::strong_count(&message), 1);
    });
}

#[test]
fn loom_broadcast_a_quitter_takes_no_wake_with_it() {
    loom::model(|| {
        let (tx, mut one) = broadcast::channel(2);
        let mut other = tx.subscribe();
        let quitter = thread::spawn(move || {
            let mut recv = pin!(other.recv());
            recv.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        });
        let sender = thread::spawn(move || tx.send(1).unwrap());
        assert_eq!(block_on(one.recv()), Ok(1));
        quitter.join().unwrap();
        sender.join().unwrap();
    });
}

#[test]
fn loom_broadcast_the_last_receiver_is_missed() {
    loom::model(|| {
        let (tx, rx) = broadcast::channel::<u8>(1);
        let thread = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        assert!(tx.send(1).is_err());
        thread.join().unwrap();
    });
}

#[test]
fn loom_broadcast_upgrade_and_the_last_drop_meet() {
    loom::model(|| {
        let (tx, rx) = broadcast::channel(1);
        let weak = tx.downgrade();
        let thread = thread::spawn(move || drop(tx));
        let sent = weak.upgrade().is_some_and(|tx| tx.send(1).is_ok());
        thread.join().unwrap();
        assert_eq!(drain(rx).0.len(), usize::from(sent));
    });
}
