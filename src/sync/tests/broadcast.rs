//! The broadcast channel.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::block::block_on;
use crate::sync::broadcast::error::{RecvError, TryRecvError};
use crate::sync::broadcast::{self, Receiver, Sender, WeakSender};
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::string::ToString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::vec::Vec;

#[test]
fn everybody_receives_everything_in_order() {
    let (tx, mut one) = broadcast::channel(4);
    let mut other = tx.subscribe();
    for n in 0..3 {
        assert_eq!(tx.send(n).unwrap(), 2);
    }
    let mut late = one.resubscribe();
    for rx in [&mut one, &mut other] {
        for n in 0..3 {
            assert_eq!(poll_once(pin!(rx.recv())), Poll::Ready(Ok(n)));
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
    drop(tx);
    assert_eq!(late.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(poll_once(pin!(one.recv())), Poll::Ready(Err(RecvError::Closed)));
}

#[test]
fn everybody_who_waits_is_woken_once() {
    let (tx, rx) = broadcast::channel(4);
    let (count, waker) = Count::new();
    let mut receivers: Vec<_> = (0..70).map(|_| rx.resubscribe()).collect();
    let mut waits: Vec<_> = receivers.iter_mut().map(|rx| Box::pin(rx.recv())).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(count.get(), 70);
    for wait in &mut waits {
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(1)));
    }
}

#[test]
fn a_slow_receiver_is_told_what_it_missed() {
    let (tx, mut rx) = broadcast::channel(3);
    for n in 0..10 {
        tx.send(n).unwrap();
    }
    assert_eq!((rx.len(), tx.len()), (10, 4));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(6)));
    assert_eq!(rx.len(), 4);
    tx.send(10).unwrap();
    assert_eq!(poll_once(pin!(rx.recv())), Poll::Ready(Err(RecvError::Lagged(1))));
    for n in 7..11 {
        assert_eq!(rx.try_recv(), Ok(n));
    }
    assert!(rx.is_empty() && tx.is_empty());
}

#[test]
fn messages_go_when_nobody_will_receive_them() {
    let message = Arc::new(());
    let (tx, mut one) = broadcast::channel(4);
    let mut other = tx.subscribe();
    tx.send(message.clone()).unwrap();
    drop(one.try_recv());
    assert_eq!(Arc::strong_count(&message), 2);
    drop(other.try_recv());
    assert_eq!(Arc::strong_count(&message), 1, "all have seen it");
    tx.send(message.clone()).unwrap();
    drop(one.try_recv());
    drop(other);
    assert_eq!(Arc::strong_count(&message), 1, "who has not seen it is gone");
    for _ in 0..9 {
        tx.send(message.clone()).unwrap();
    }
    assert_eq!(Arc::strong_count(&message), 5);
    drop(one);
    assert_eq!(Arc::strong_count(&message), 1);
    assert!(tx.is_empty());
    let rx = tx.subscribe();
    tx.send(message.clone()).unwrap();
    drop((tx, rx));
    assert_eq!(Arc::strong_count(&message), 1, "with the channel");
}

#[test]
fn a_wait_may_be_dropped_at_any_point() {
    let (tx, mut rx) = broadcast::channel(4);
    drop(rx.recv());
    let mut wait = Box::pin(rx.recv());
    assert!(poll_once(wait.as_mut()).is_pending());
    drop(wait);
    let mut wait = Box::pin(rx.recv());
    assert!(poll_once(wait.as_mut()).is_pending());
    tx.send(1).unwrap();
    drop(wait);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn closing_wakes_who_waits() {
    let (tx, mut rx) = broadcast::channel::<u8>(4);
    let (count, waker) = Count::new();
    let mut wait = pin!(rx.recv());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    let other = tx.clone();
    drop(tx);
    assert_eq!(count.get(), 0);
    drop(other);
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(wait), Poll::Ready(Err(RecvError::Closed)));
}

#[test]
fn senders_see_the_receivers_go_and_come() {
    let (tx, rx) = broadcast::channel::<u8>(4);
    let (count, waker) = Count::new();
    let mut closed = pin!(tx.closed());
    assert!(poll_with(closed.as_mut(), &waker).is_pending());
    drop(rx);
    assert_eq!(count.get(), 1);
    let again = tx.subscribe();
    assert!(poll_once(closed.as_mut()).is_pending());
    drop(again);
    assert!(poll_once(closed).is_ready());
    let error = tx.send(7).unwrap_err();
    assert_eq!((error.0, error.to_string().as_str()), (7, "channel closed"));
    assert!(poll_once(pin!(Sender::<u8>::new(1).closed())).is_ready());
}

#[test]
fn weak_senders_keep_nothing_open() {
    let (tx, rx) = broadcast::channel::<u8>(1);
    let weak = tx.downgrade();
    let other = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 2));
    let again = weak.upgrade().unwrap();
    assert!(again.same_channel(&tx) && rx.same_channel(&tx.subscribe()));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (2, 2));
    drop((tx, again, other));
    assert!(weak.upgrade().is_none() && rx.is_closed());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
}

#[test]
#[should_panic = "capacity cannot be zero"]
fn a_ring_of_nothing_is_refused() {
    broadcast::channel::<u8>(0);
}

#[test]
#[should_panic = "capacity exceeded"]
fn a_ring_of_too_much_is_refused() {
    broadcast::channel::<u8>(usize::MAX);
}

/// A message that runs something when it is cloned.
struct OnClone(Option<fn()>);

std::thread_local! {
    static CHANNEL: RefCell<Option<(Sender<OnClone>, Receiver<OnClone>)>> = const { RefCell::new(None) };
    static SEEN: Cell<usize> = const { Cell::new(0) };
}

impl Clone for OnClone {
    fn clone(&self) -> Self {
        if let Some(run) = self.0 {
            run();
        }
        Self(self.0)
    }
}

#[test]
fn a_panicking_clone_costs_one_receiver_one_message() {
    let (tx, mut one) = broadcast::channel(4);
    let mut other = tx.subscribe();
    assert!(tx.send(OnClone(Some(|| panic!("clone")))).is_ok());
    assert!(tx.send(OnClone(None)).is_ok());
    for rx in [&mut one, &mut other] {
        assert!(catch_unwind(AssertUnwindSafe(|| rx.try_recv().is_ok())).is_err());
        assert!(rx.try_recv().is_ok());
    }
    assert!(tx.is_empty());
    assert!(tx.send(OnClone(Some(|| panic!("clone")))).is_ok());
    assert!(
        catch_unwind(AssertUnwindSafe(|| poll_once(pin!(one.recv())).is_ready())).is_err(),
        "in a task as well"
    );
}

#[test]
fn a_clone_may_use_the_channel() {
    let (tx, mut rx) = broadcast::channel(2);
    CHANNEL.set(Some((tx.clone(), tx.subscribe())));
    let message = OnClone(Some(|| {
        let taken = CHANNEL.take();
        let Some((tx, mut rx)) = taken else { return };
        assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)), "it is being cloned right here");
        assert!(poll_once(pin!(rx.recv())).is_pending());
        // The sender comes round while the message is lent.
        for _ in 0..3 {
            assert!(tx.send(OnClone(None)).is_ok());
        }
        assert!(matches!(rx.try_recv(), Err(TryRecvError::Lagged(2))));
        drop(rx);
        SEEN.set(1);
    }));
    assert!(tx.send(message).is_ok());
    assert!(rx.try_recv().is_ok());
    assert_eq!(SEEN.get(), 1);
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Lagged(1))));
    assert!(rx.try_recv().is_ok() && rx.try_recv().is_ok());
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
}

#[test]
fn a_waiter_is_woken_when_a_lent_message_comes_back() {
    std::thread_local! {
        static READY: RefCell<Option<(Receiver<Probe>, Waker)>> = const { RefCell::new(None) };
        static WAITING: RefCell<Option<Pin<Box<dyn Future<Output = bool>>>>> =
            const { RefCell::new(None) };
    }
    #[derive(Debug)]
    struct Probe;
    impl Clone for Probe {
        fn clone(&self) -> Self {
            if let Some((mut rx, waker)) = READY.take() {
                let mut wait = Box::pin(async move { rx.recv().await.is_ok() });
                assert!(poll_with(wait.as_mut(), &waker).is_pending());
                // It waits beyond the clone, as a task on another thread would.
                WAITING.set(Some(wait));
            }
            Self
        }
    }
    let (tx, mut rx) = broadcast::channel(2);
    let (count, waker) = Count::new();
    READY.set(Some((tx.subscribe(), waker)));
    tx.send(Probe).unwrap();
    rx.try_recv().unwrap();
    assert_eq!(count.get(), 1);
    let mut wait = WAITING.take().unwrap();
    assert_eq!(poll_once(pin!(&mut wait)), Poll::Ready(true));
}

#[test]
fn a_panicking_drop_keeps_no_other_message_alive() {
    struct Fragile(Rc<Cell<u32>>);
    impl Drop for Fragile {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            assert!(self.0.get() != 1, "the first");
        }
    }
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            unreachable!()
        }
    }
    let drops = Rc::new(Cell::new(0));
    let (tx, rx) = broadcast::channel(4);
    for _ in 0..3 {
        assert!(tx.send(Fragile(drops.clone())).is_ok());
    }
    let mut closed = pin!(tx.closed());
    let (count, waker) = Count::new();
    assert!(poll_with(closed.as_mut(), &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!((drops.get(), count.get(), tx.len()), (3, 1, 0));
}

#[test]
fn a_panicking_waker_keeps_no_other_from_being_woken() {
    let (tx, mut one) = broadcast::channel(4);
    let mut other = tx.subscribe();
    let (count, waker) = Count::new();
    let mut bomb = pin!(one.recv());
    let mut wait = pin!(other.recv());
    assert!(poll_with(bomb.as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| tx.send(1))).is_err());
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(wait), Poll::Ready(Ok(1)));
    assert_eq!(poll_once(bomb), Poll::Ready(Ok(1)));
}

#[test]
fn auto_traits_follow_the_value() {
    fn send_sync<T: Send + Sync>() {}
    fn send_sync_value<T: Send + Sync>(_: &T) {}
    // `Cell` may be sent and not shared: no two receivers clone one at the same time.
    send_sync::<Sender<Cell<u8>>>();
    send_sync::<WeakSender<Cell<u8>>>();
    send_sync::<Receiver<Cell<u8>>>();
    let (tx, mut rx) = broadcast::channel::<Cell<u8>>(1);
    send_sync_value(&rx.recv());
    send_sync_value(&tx.closed());
}

#[test]
fn no_value_is_cloned_twice_at_once() {
    /// Counts without synchronisation, as a type that is not `Sync` may.
    struct Unshared(Cell<usize>, Arc<AtomicUsize>);
    impl Clone for Unshared {
        fn clone(&self) -> Self {
            let before = self.0.get();
            std::thread::yield_now();
            self.0.set(before + 1);
            self.1.fetch_max(self.0.get(), Ordering::Relaxed);
            Self(Cell::new(0), self.1.clone())
        }
    }
    let clones = Arc::new(AtomicUsize::new(0));
    let (tx, rx) = broadcast::channel(64);
    let threads: Vec<_> = (0..3)
        .map(|i| {
            let mut rx = rx.resubscribe();
            std::thread::spawn(move || {
                let mut received = 0;
                loop {
                    let next = match i {
                        0 => rx.try_recv().map_err(|error| error == TryRecvError::Closed),
                        _ => block_on(rx.recv()).map_err(|error| error == RecvError::Closed),
                    };
                    match next {
                        Ok(_) => received += 1,
                        Err(true) => return received,
                        Err(false) => std::thread::yield_now(),
                    }
                }
            })
        })
        .collect();
    drop(rx);
    let messages = if cfg!(miri) { 10 } else { 60 };
    for _ in 0..messages {
        assert!(tx.send(Unshared(Cell::new(0), clones.clone())).is_ok());
    }
    drop(tx);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), messages);
    }
    assert_eq!(clones.load(Ordering::Relaxed), 3, "each clone counted");
}
