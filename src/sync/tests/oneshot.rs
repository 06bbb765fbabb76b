//! The oneshot channel.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::oneshot::{self, error::TryRecvError};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

#[test]
fn a_value_travels_once() {
    let (tx, mut rx) = oneshot::channel();
    assert!(rx.is_empty() && !rx.is_terminated());
    tx.send(7).unwrap();
    assert!(!rx.is_empty());
    assert_eq!(poll_once(Pin::new(&mut rx)), Poll::Ready(Ok(7)));
    assert!(rx.is_terminated() && rx.is_empty());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn sending_wakes_the_last_waker_once() {
    let (tx, mut rx) = oneshot::channel();
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    assert!(poll_with(Pin::new(&mut rx), &first_waker).is_pending());
    assert!(poll_with(Pin::new(&mut rx), &second_waker).is_pending());
    assert!(poll_with(Pin::new(&mut rx), &second_waker).is_pending());
    assert_eq!(Arc::strong_count(&first), 2);
    tx.send(()).unwrap();
    assert_eq!((first.get(), second.get()), (0, 1));
    assert_eq!(poll_once(Pin::new(&mut rx)), Poll::Ready(Ok(())));
    drop((first_waker, second_waker));
    assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 1));
}

#[test]
fn a_dropped_sender_wakes_and_closes() {
    let (tx, mut rx) = oneshot::channel::<u8>();
    let (count, waker) = Count::new();
    assert!(poll_with(Pin::new(&mut rx), &waker).is_pending());
    drop(tx);
    assert_eq!(count.get(), 1);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_closed_receiver_gives_the_value_back_and_wakes_the_sender() {
    let (mut tx, mut rx) = oneshot::channel();
    let (count, waker) = Count::new();
    assert!(tx.poll_closed(&mut Context::from_waker(&waker)).is_pending());
    rx.close();
    rx.close();
    assert_eq!(count.get(), 1);
    assert!(tx.is_closed());
    assert!(tx.poll_closed(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(tx.send("back"), Err("back"));
    assert!(matches!(poll_once(Pin::new(&mut rx)), Poll::Ready(Err(_))));
}

#[test]
fn a_value_sent_before_the_close_is_received() {
    let (tx, mut rx) = oneshot::channel();
    tx.send(1).unwrap();
    rx.close();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn closing_answers_without_a_word_of_the_sender() {
    let (tx, mut rx) = oneshot::channel::<u8>();
    assert!(poll_once(Pin::new(&mut rx)).is_pending());
    rx.close();
    assert!(matches!(poll_once(Pin::new(&mut rx)), Poll::Ready(Err(_))));
    drop(rx);
    assert_eq!(tx.send(3), Err(3));
}

#[test]
fn the_closed_future_may_be_dropped_at_any_point() {
    let (mut tx, rx) = oneshot::channel::<u8>();
    let (count, waker) = Count::new();
    drop(tx.closed());
    {
        let mut closed = pin!(tx.closed());
        assert!(poll_with(closed.as_mut(), &waker).is_pending());
    }
    {
        let (_other, waker) = Count::new();
        assert!(poll_with(pin!(tx.closed()), &waker).is_pending());
    }
    drop(rx);
    assert_eq!(count.get(), 0, "the waker was replaced");
    assert!(tx.is_closed());
}

#[test]
fn an_unreceived_value_is_dropped_with_the_receiver() {
    let value = Arc::new(());
    let (tx, rx) = oneshot::channel();
    tx.send(value.clone()).unwrap();
    assert_eq!(Arc::strong_count(&value), 2);
    drop(rx);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn wakers_are_dropped_with_both_halves() {
    let (mut tx, mut rx) = oneshot::channel::<u8>();
    let (closed, closed_waker) = Count::new();
    let (sent, sent_waker) = Count::new();
    assert!(tx.poll_closed(&mut Context::from_waker(&closed_waker)).is_pending());
    assert!(poll_with(Pin::new(&mut rx), &sent_waker).is_pending());
    drop((closed_waker, sent_waker));
    drop(tx);
    drop(rx);
    assert_eq!((Arc::strong_count(&closed), Arc::strong_count(&sent)), (1, 1));
}

#[test]
fn panicking_wakers_and_drops_leave_nothing_behind() {
    let value = Arc::new(());
    let (tx, mut rx) = oneshot::channel();
    let bomb = Waker::from(Arc::new(Bomb));
    assert!(poll_with(Pin::new(&mut rx), &bomb).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| tx.send(value.clone()))).is_err());
    assert!(rx.try_recv().is_ok(), "the value arrived all the same");

    let (mut tx, rx) = oneshot::channel::<Arc<()>>();
    assert!(tx.poll_closed(&mut Context::from_waker(&bomb)).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert!(tx.send(value.clone()).is_err());

    struct Angry {
        _held: Arc<()>,
    }
    impl Drop for Angry {
        fn drop(&mut self) {
            panic!("a drop");
        }
    }
    let (tx, rx) = oneshot::channel();
    assert!(tx.send(Angry { _held: value.clone() }).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
#[should_panic = "after it had answered"]
fn polling_after_the_answer_panics() {
    let (tx, mut rx) = oneshot::channel::<u8>();
    drop(tx);
    assert!(poll_once(Pin::new(&mut rx)).is_ready());
    let _ = poll_once(Pin::new(&mut rx));
}

#[test]
fn halves_are_send_and_sync_when_the_value_may_be_sent() {
    fn assert_both<T: Send + Sync + Unpin>() {}
    assert_both::<oneshot::Sender<core::cell::Cell<u8>>>();
    assert_both::<oneshot::Receiver<core::cell::Cell<u8>>>();
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn the_thread_may_wait() {
    let (tx, rx) = oneshot::channel();
    let sender = std::thread::spawn(move || tx.send(5));
    assert_eq!(rx.blocking_recv(), Ok(5));
    sender.join().unwrap().unwrap();
}
