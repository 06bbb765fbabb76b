//! The rendezvous.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::rendezvous::{self, error::TryRecvError};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn sending_completes_when_the_value_is_taken() {
    let (tx, rx) = rendezvous::channel();
    let (count, waker) = Count::new();
    let mut send = pin!(tx.send(1));
    assert!(poll_with(send.as_mut(), &waker).is_pending());
    assert!(poll_with(send.as_mut(), &waker).is_pending());
    assert_eq!(count.get(), 0);
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(count.get(), 1);
    assert!(matches!(poll_once(send.as_mut()), Poll::Ready(Ok(()))));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_waiting_receiver_is_called_and_not_robbed() {
    let (tx, rx) = rendezvous::channel();
    let (count, waker) = Count::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_with(recv.as_mut(), &waker).is_pending());
    let mut send = pin!(tx.send(1));
    assert!(poll_once(send.as_mut()).is_pending());
    assert_eq!(count.get(), 1);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(poll_once(pin!(rx.recv())).is_pending());
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(Some(1)));
    assert!(poll_once(send.as_mut()).is_ready());
}

#[test]
fn senders_are_served_in_order() {
    let (tx, rx) = rendezvous::channel();
    let mut sends: Vec<_> = (0..3).map(|n| Box::pin(tx.send(n))).collect();
    for send in &mut sends {
        assert!(poll_once(send.as_mut()).is_pending());
    }
    drop(sends.remove(1));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(2)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_called_receiver_that_leaves_calls_the_next() {
    let (tx, rx) = rendezvous::channel();
    let (count, waker) = Count::new();
    let mut first = Box::pin(rx.recv());
    let mut second = Box::pin(rx.recv());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    let mut send = pin!(tx.send(1));
    assert!(poll_once(send.as_mut()).is_pending());
    drop(first);
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(second.as_mut()), Poll::Ready(Some(1)));
}

#[test]
fn a_withdrawn_value_comes_back_and_a_taken_one_does_not() {
    let (tx, rx) = rendezvous::channel();
    let mut send = pin!(tx.send("unpolled"));
    assert_eq!(send.as_mut().withdraw(), Some("unpolled"));

    let (count, waker) = Count::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_with(recv.as_mut(), &waker).is_pending());
    let mut send = pin!(tx.send("offered"));
    assert!(poll_once(send.as_mut()).is_pending());
    assert_eq!(send.as_mut().withdraw(), Some("offered"));
    assert_eq!(count.get(), 1);
    assert!(poll_with(recv.as_mut(), &waker).is_pending(), "called in vain");

    let mut send = pin!(tx.send("taken"));
    assert!(poll_once(send.as_mut()).is_pending());
    assert_eq!(count.get(), 2);
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(Some("taken")));
    assert_eq!(send.as_mut().withdraw(), None);
}

#[test]
fn a_value_is_dropped_with_its_future_once() {
    let value = Arc::new(());
    let (tx, rx) = rendezvous::channel();
    drop(tx.send(value.clone()));
    let mut send = Box::pin(tx.send(value.clone()));
    assert!(poll_once(send.as_mut()).is_pending());
    drop(send);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn closing_gives_values_back_and_ends_receiving() {
    let (tx, rx) = rendezvous::channel();
    let mut send = pin!(tx.send(1));
    assert!(poll_once(send.as_mut()).is_pending());
    rx.close();
    assert!(matches!(poll_once(send.as_mut()), Poll::Ready(Err(error)) if error.0 == 1));
    assert_eq!(poll_once(pin!(rx.recv())), Poll::Ready(None));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));

    let (tx, rx) = rendezvous::channel::<u8>();
    let mut recv = pin!(rx.recv());
    assert!(poll_once(recv.as_mut()).is_pending());
    drop(tx);
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(None));

    let (tx, rx) = rendezvous::channel();
    drop(rx.clone());
    assert!(!tx.is_closed());
    drop(rx);
    assert!(matches!(poll_once(pin!(tx.send(2))), Poll::Ready(Err(error)) if error.0 == 2));
}

#[test]
fn a_panicking_waker_does_no_harm() {
    let (tx, rx) = rendezvous::channel();
    let mut send = Box::pin(tx.send(1));
    assert!(poll_with(send.as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| rx.try_recv())).is_err());
    assert!(poll_once(send.as_mut()).is_ready());
    let mut send = Box::pin(tx.send(2));
    assert!(poll_once(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn ends_are_send_and_sync_when_the_value_may_be_sent() {
    fn assert_both<T: Send + Sync + Unpin>() {}
    fn assert_send<T: Send>(_: &T) {}
    assert_both::<rendezvous::Sender<core::cell::Cell<u8>>>();
    assert_both::<rendezvous::Receiver<core::cell::Cell<u8>>>();
    let (tx, rx) = rendezvous::channel();
    assert_send(&tx.send(core::cell::Cell::new(1)));
    assert_send(&rx.recv());
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn threads_meet() {
    let (tx, rx) = rendezvous::channel();
    let receivers: Vec<_> = (0..2)
        .map(|_| {
            let rx = rx.clone();
            std::thread::spawn(move || std::iter::from_fn(|| rx.blocking_recv()).sum::<u32>())
        })
        .collect();
    let senders: Vec<_> = (0..2)
        .map(|_| {
            let tx = tx.clone();
            std::thread::spawn(move || (1..=100).for_each(|n| tx.blocking_send(n).unwrap()))
        })
        .collect();
    drop((tx, rx));
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let sum: u32 = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
    assert_eq!(sum, 2 * 100 * 101 / 2);
}
