//! The mpsc channel.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::mpsc::{self, error::SendError, error::TryRecvError, error::TrySendError};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn values_come_in_order_over_many_blocks() {
    let (tx, mut rx) = mpsc::channel(100);
    for round in 0..5 {
        (0..100).for_each(|n| tx.try_send(round + n).unwrap());
        assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
        assert_eq!((rx.len(), tx.capacity(), tx.max_capacity()), (100, 0, 100));
        (0..100).for_each(|n| assert_eq!(rx.try_recv(), Ok(round + n)));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn one_send_wakes_the_receiver_once() {
    let (tx, mut rx) = mpsc::channel(4);
    let (count, waker) = Count::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_with(recv.as_mut(), &waker).is_pending());
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!(count.get(), 1);
    assert_eq!(poll_with(recv.as_mut(), &waker), Poll::Ready(Some(1)));
    drop(recv);
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn an_abandoned_receive_loses_nothing() {
    let (tx, mut rx) = mpsc::channel(4);
    drop(rx.recv());
    assert!(poll_once(pin!(rx.recv())).is_pending());
    tx.try_send(1).unwrap();
    drop(rx.recv());
    assert_eq!(poll_once(pin!(rx.recv())), Poll::Ready(Some(1)));
    let mut buffer = Vec::new();
    assert!(poll_once(pin!(rx.recv_many(&mut buffer, 9))).is_pending());
    tx.try_send(2).unwrap();
    tx.try_send(3).unwrap();
    assert_eq!(poll_once(pin!(rx.recv_many(&mut buffer, 9))), Poll::Ready(2));
    assert_eq!(buffer, [2, 3]);
    assert_eq!(poll_once(pin!(rx.recv_many(&mut buffer, 0))), Poll::Ready(0));
}

#[test]
fn senders_are_served_in_order_and_not_overtaken() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let (count, waker) = Count::new();
    let mut first = Box::pin(tx.send(1));
    let mut second = Box::pin(tx.send(2));
    assert!(poll_with(first.as_mut(), &waker).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(count.get(), 1);
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    assert!(poll_once(pin!(tx.send(9))).is_pending());
    assert_eq!(poll_once(first.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(poll_once(second.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(tx.capacity(), 1);
}

#[test]
fn a_large_demand_is_not_starved_by_small_ones() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send(0).unwrap();
    let mut many = Box::pin(tx.reserve_many(2));
    assert!(poll_once(many.as_mut()).is_pending());
    assert_eq!(tx.capacity(), 0, "the free place is set aside");
    let mut one = Box::pin(tx.reserve());
    assert!(poll_once(one.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(poll_once(one.as_mut()).is_pending());
    let Poll::Ready(Ok(permits)) = poll_once(many.as_mut()) else { panic!("room for two") };
    assert_eq!(permits.len(), 2);
    permits.zip([1, 2]).for_each(|(permit, value)| permit.send(value));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
    assert!(poll_once(one.as_mut()).is_ready());
}

#[test]
fn a_sender_that_leaves_passes_its_places_on() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send(0).unwrap();
    let mut waits = Box::pin(tx.reserve_many(2));
    let mut next = Box::pin(tx.send(1));
    let (count, waker) = Count::new();
    assert!(poll_once(waits.as_mut()).is_pending());
    assert!(poll_with(next.as_mut(), &waker).is_pending());
    drop(waits);
    assert_eq!(count.get(), 1, "it had one of two places");
    assert!(poll_once(next.as_mut()).is_ready());

    let mut granted = Box::pin(tx.send(2));
    let mut next = Box::pin(tx.send(3));
    assert!(poll_once(granted.as_mut()).is_pending());
    assert!(poll_with(next.as_mut(), &waker).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(granted);
    assert_eq!(count.get(), 2);
    drop(next);
    assert_eq!(tx.capacity(), 1);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Err(TryRecvError::Empty)));
}

#[test]
fn one_release_serves_many_and_many_wakers_panic() {
    let (tx, mut rx) = mpsc::channel(40);
    let permits = tx.try_reserve_many(40).unwrap();
    let bomb = Waker::from(Arc::new(Bomb));
    let mut waits: Vec<_> = (0..40).map(|n| Box::pin(tx.send(n))).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &bomb).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(permits))).is_err());
    assert!(waits.iter_mut().all(|wait| poll_once(wait.as_mut()).is_ready()));
    assert_eq!(core::iter::from_fn(|| rx.try_recv().ok()).count(), 40);
}

#[test]
fn a_closed_channel_gives_back_what_waits_and_what_comes() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let (count, waker) = Count::new();
    let mut send = Box::pin(tx.send(1));
    let mut closed = Box::pin(tx.closed());
    assert!(poll_with(send.as_mut(), &waker).is_pending());
    assert!(poll_with(closed.as_mut(), &waker).is_pending());
    rx.close();
    assert_eq!(count.get(), 2);
    assert_eq!(poll_once(send.as_mut()), Poll::Ready(Err(SendError(1))));
    assert!(poll_once(closed.as_mut()).is_ready());
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(poll_once(pin!(tx.send(3))), Poll::Ready(Err(SendError(3))));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_permit_keeps_its_worth_and_the_channel_open_after_a_close() {
    let (tx, mut rx) = mpsc::channel(2);
    let (count, waker) = Count::new();
    let used = tx.try_reserve().unwrap();
    let dropped = tx.try_reserve().unwrap();
    rx.close();
    {
        let mut recv = pin!(rx.recv());
        assert!(poll_with(recv.as_mut(), &waker).is_pending());
        used.send(1);
        assert_eq!(poll_with(recv.as_mut(), &waker), Poll::Ready(Some(1)));
    }
    let mut recv = pin!(rx.recv());
    assert!(poll_with(recv.as_mut(), &waker).is_pending());
    let before = count.get();
    drop(dropped);
    assert_eq!(count.get(), before + 1);
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(None));
}

#[test]
fn values_go_with_the_receiver_in_spite_of_panics() {
    struct Angry {
        _held: Arc<()>,
    }
    impl Drop for Angry {
        fn drop(&mut self) {
            panic!("a drop");
        }
    }
    let value = Arc::new(());
    let (tx, rx) = mpsc::unbounded_channel();
    (0..40).for_each(|_| tx.send(Angry { _held: value.clone() }).unwrap());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(tx.is_closed());

    let (tx, rx) = mpsc::channel(1);
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    permit.send(Angry { _held: value.clone() });
    assert_eq!(Arc::strong_count(&value), 2);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(tx))).is_err());
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn the_last_sender_wakes_the_receiver_and_weak_ones_do_not_hold_it() {
    let (tx, mut rx) = mpsc::channel::<u8>(1);
    let weak = tx.downgrade();
    let (count, waker) = Count::new();
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 1));
    let strong = weak.upgrade().unwrap();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_with(recv.as_mut(), &waker).is_pending());
    drop(tx);
    assert_eq!(count.get(), 0);
    drop(strong);
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(recv.as_mut()), Poll::Ready(None));
    assert!(weak.upgrade().is_none());
}

#[test]
fn capacities_have_limits() {
    let (tx, _rx) = mpsc::channel::<u8>(usize::MAX);
    assert_eq!(tx.max_capacity(), (1 << 29) - 1);
    assert_eq!(tx.try_reserve_many(usize::MAX).unwrap_err(), TrySendError::Full(()));
    let all = tx.try_reserve_many(tx.max_capacity()).unwrap();
    assert_eq!(tx.capacity(), 0);
    drop(all);
    assert_eq!(tx.capacity(), tx.max_capacity());
}

#[test]
#[should_panic = "requires buffer > 0"]
fn no_capacity_is_no_channel() {
    let _ = mpsc::channel::<u8>(0);
}

#[test]
fn auto_traits_are_those_of_the_value() {
    use core::cell::Cell;
    use core::panic::{RefUnwindSafe, UnwindSafe};
    fn assert_both<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    fn assert_send<T: Send>(_: &T) {}
    fn assert_sync<T: Sync>(_: &T) {}
    assert_both::<mpsc::Sender<Cell<u8>>>();
    assert_both::<mpsc::UnboundedSender<Cell<u8>>>();
    assert_both::<mpsc::WeakSender<Cell<u8>>>();
    assert_both::<mpsc::WeakUnboundedSender<Cell<u8>>>();
    assert_both::<mpsc::Receiver<Cell<u8>>>();
    assert_both::<mpsc::UnboundedReceiver<Cell<u8>>>();
    assert_both::<mpsc::Permit<'_, Cell<u8>>>();
    assert_both::<mpsc::OwnedPermit<Cell<u8>>>();
    let (tx, mut rx) = mpsc::channel::<Cell<u8>>(1);
    assert_send(&tx.send(Cell::new(1)));
    assert_send(&tx.reserve());
    assert_sync(&tx.reserve());
    assert_send(&tx.closed());
    assert_sync(&tx.closed());
    assert_send(&rx.recv());
    assert_sync(&rx.recv());
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn threads_send_and_one_receives_everything_in_each_ones_order() {
    let (tx, mut rx) = mpsc::channel(3);
    let senders: Vec<_> = (0..3u32)
        .map(|sender| {
            let tx = tx.clone();
            std::thread::spawn(move || {
                (0..100).for_each(|n| tx.blocking_send((sender, n)).unwrap())
            })
        })
        .collect();
    drop(tx);
    let mut next = [0; 3];
    while let Some((sender, n)) = rx.blocking_recv() {
        assert_eq!(n, next[sender as usize]);
        next[sender as usize] += 1;
    }
    assert_eq!(next, [100; 3]);
    senders.into_iter().for_each(|sender| sender.join().unwrap());
}
