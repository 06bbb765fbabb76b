//! The mpmc channel.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::mpmc::{self, error::TryRecvError, error::TrySendError};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn values_are_shared_out_in_order() {
    let (tx, rx) = mpmc::channel(3);
    let other = rx.clone();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    assert!(matches!(tx.try_send(3), Err(TrySendError::Full(3))));
    assert_eq!((rx.try_recv(), other.try_recv(), rx.try_recv()), (Ok(0), Ok(1), Ok(2)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn receivers_are_served_in_order_and_not_overtaken() {
    let (tx, rx) = mpmc::channel(4);
    let (counts, wakers): (Vec<_>, Vec<_>) = (0..2).map(|_| Count::new()).unzip();
    let mut first = Box::pin(rx.recv());
    let mut second = Box::pin(rx.recv());
    assert!(poll_with(first.as_mut(), &wakers[0]).is_pending());
    assert!(poll_with(second.as_mut(), &wakers[1]).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!((counts[0].get(), counts[1].get()), (1, 0));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the value is promised");
    assert!(poll_once(pin!(rx.recv())).is_pending());
    assert_eq!(poll_once(first.as_mut()), Poll::Ready(Some(1)));
    tx.try_send(2).unwrap();
    assert_eq!(counts[1].get(), 1);
    assert_eq!(poll_once(second.as_mut()), Poll::Ready(Some(2)));
}

#[test]
fn a_promise_is_passed_on_by_a_receiver_that_leaves() {
    let (tx, rx) = mpmc::channel(4);
    let (count, waker) = Count::new();
    let mut first = Box::pin(rx.recv());
    let mut second = Box::pin(rx.recv());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    tx.try_send(1).unwrap();
    drop(first);
    assert_eq!(count.get(), 1);
    drop(second);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn senders_are_served_in_order_and_not_overtaken() {
    let (tx, rx) = mpmc::channel(1);
    tx.try_send(0).unwrap();
    let (count, waker) = Count::new();
    let mut first = Box::pin(tx.send(1));
    let mut second = Box::pin(tx.send(2));
    assert!(poll_with(first.as_mut(), &waker).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(count.get(), 1);
    assert!(matches!(tx.try_send(3), Err(TrySendError::Full(3))), "the place is granted");
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(first);
    assert_eq!(count.get(), 2, "the grant is passed on");
    assert!(poll_once(second.as_mut()).is_ready());
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn closing_ends_it_for_everybody() {
    let (tx, rx) = mpmc::channel(1);
    tx.try_send(0).unwrap();
    let mut send = Box::pin(tx.send(1));
    assert!(poll_once(send.as_mut()).is_pending());
    rx.close();
    assert!(matches!(poll_once(send.as_mut()), Poll::Ready(Err(error)) if error.0 == 1));
    assert!(matches!(tx.try_send(2), Err(TrySendError::Closed(2))));
    assert_eq!(poll_once(pin!(rx.recv())), Poll::Ready(Some(0)));
    assert_eq!(poll_once(pin!(rx.recv())), Poll::Ready(None));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn the_last_promise_keeps_a_closed_channel_going() {
    let (tx, rx) = mpmc::channel(1);
    let (count, waker) = Count::new();
    let mut promised = Box::pin(rx.recv());
    assert!(poll_once(promised.as_mut()).is_pending());
    tx.try_send(1).unwrap();
    drop(tx);
    let mut late = Box::pin(rx.recv());
    let mut later = Box::pin(rx.recv());
    assert!(poll_with(late.as_mut(), &waker).is_pending());
    assert!(poll_with(later.as_mut(), &waker).is_pending());
    drop(promised);
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(late.as_mut()), Poll::Ready(Some(1)));
    assert_eq!(count.get(), 2, "this was the end");
    assert_eq!(poll_once(later.as_mut()), Poll::Ready(None));
}

#[test]
fn the_last_sender_wakes_the_receivers() {
    let (tx, rx) = mpmc::unbounded_channel::<u8>();
    let (count, waker) = Count::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_with(recv.as_mut(), &waker).is_pending());
    drop(tx.clone());
    assert_eq!(count.get(), 0);
    drop(tx);
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(None));
}

#[test]
fn values_go_with_the_last_receiver_in_spite_of_panics() {
    struct Angry {
        _held: Arc<()>,
    }
    impl Drop for Angry {
        fn drop(&mut self) {
            panic!("a drop");
        }
    }
    let value = Arc::new(());
    let (tx, rx) = mpmc::unbounded_channel();
    (0..3).for_each(|_| tx.send(Angry { _held: value.clone() }).unwrap());
    drop(rx.clone());
    assert_eq!(Arc::strong_count(&value), 4);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(tx.is_closed());
}

#[test]
fn a_panicking_waker_does_no_harm() {
    let (tx, rx) = mpmc::channel(2);
    let mut recv = Box::pin(rx.recv());
    assert!(poll_with(recv.as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| tx.try_send(1))).is_err());
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(Some(1)));
    tx.try_send(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn ends_are_send_and_sync_when_the_value_may_be_sent() {
    fn assert_both<T: Send + Sync + Unpin>() {}
    fn assert_send<T: Send>(_: &T) {}
    assert_both::<mpmc::Sender<core::cell::Cell<u8>>>();
    assert_both::<mpmc::UnboundedSender<core::cell::Cell<u8>>>();
    assert_both::<mpmc::Receiver<core::cell::Cell<u8>>>();
    let (tx, rx) = mpmc::channel(1);
    assert_send(&tx.send(core::cell::Cell::new(1)));
    assert_send(&rx.recv());
    assert_send(&rx.stream());
}

#[test]
#[should_panic = "capacity above 0"]
fn no_capacity_is_no_channel() {
    let _ = mpmc::channel::<u8>(0);
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn threads_share_the_work() {
    let (tx, rx) = mpmc::channel(2);
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let rx = rx.clone();
            std::thread::spawn(move || std::iter::from_fn(|| rx.blocking_recv()).sum::<u32>())
        })
        .collect();
    let senders: Vec<_> = (0..2)
        .map(|_| {
            let tx = tx.clone();
            std::thread::spawn(move || (1..=200).for_each(|n| tx.blocking_send(n).unwrap()))
        })
        .collect();
    drop((tx, rx));
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let sum: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    assert_eq!(sum, 2 * 200 * 201 / 2);
}
