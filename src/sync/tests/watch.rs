//! The watch channel.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::watch;
use core::cell::Cell;
use core::pin::pin;
use core::task::{Poll, Waker};
use std::boxed::Box;
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn each_receiver_remembers_what_it_has_seen() {
    let (tx, mut one) = watch::channel(0);
    let mut other = one.clone();
    assert!(!one.has_changed().unwrap());
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert!(one.borrow().has_changed());
    assert_eq!(*one.borrow_and_update(), 2);
    assert!(!one.borrow().has_changed() && other.has_changed().unwrap());
    assert!(poll_once(pin!(one.changed())).is_pending());
    assert!(poll_once(pin!(other.changed())).is_ready());
    assert!(poll_once(pin!(other.changed())).is_pending());
    one.mark_changed();
    assert!(poll_once(pin!(one.changed())).is_ready());
    tx.send(3).unwrap();
    one.mark_unchanged();
    assert!(poll_once(pin!(one.changed())).is_pending());
    assert!(!tx.subscribe().has_changed().unwrap());
    assert!(!tx.borrow().has_changed());
}

#[test]
fn everybody_who_waits_is_woken_once() {
    let (tx, rx) = watch::channel(0);
    let (count, waker) = Count::new();
    let mut receivers: Vec<_> = (0..70).map(|_| rx.clone()).collect();
    let mut waits: Vec<_> = receivers.iter_mut().map(|rx| Box::pin(rx.changed())).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(count.get(), 70);
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_ready());
    }
}

#[test]
fn the_last_value_is_seen_before_the_close() {
    let (tx, mut rx) = watch::channel(0);
    let other = tx.clone();
    assert_eq!(tx.sender_count(), 2);
    assert!(tx.same_channel(&other) && rx.same_channel(&tx.subscribe()));
    drop(tx);
    assert!(!rx.is_closed());
    other.send(1).unwrap();
    drop(other);
    assert!(rx.is_closed() && rx.has_changed().is_err());
    assert!(matches!(poll_once(pin!(rx.changed())), Poll::Ready(Ok(()))));
    assert!(matches!(poll_once(pin!(rx.changed())), Poll::Ready(Err(_))));
    assert_eq!(*rx.borrow(), 1);
    rx.mark_changed();
    assert!(matches!(poll_once(pin!(rx.wait_for(|n| *n == 1))), Poll::Ready(Ok(_))));
    assert!(matches!(poll_once(pin!(rx.wait_for(|n| *n == 2))), Poll::Ready(Err(_))));
}

#[test]
fn closing_wakes_who_waits() {
    let (tx, mut rx) = watch::channel(0);
    let (count, waker) = Count::new();
    let mut wait = pin!(rx.changed());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    drop(tx);
    assert_eq!(count.get(), 1);
    assert!(matches!(poll_once(wait), Poll::Ready(Err(_))));
}

#[test]
fn wait_for_judges_each_value_it_meets() {
    let (tx, mut rx) = watch::channel(5);
    assert!(!poll_once(pin!(rx.wait_for(|n| *n == 5))).is_pending());
    let judged = Cell::new(0);
    let mut wait = pin!(rx.wait_for(|n| {
        judged.set(judged.get() + 1);
        *n > 6
    }));
    assert!(poll_once(wait.as_mut()).is_pending());
    assert!(poll_once(wait.as_mut()).is_pending());
    tx.send(6).unwrap();
    assert!(poll_once(wait.as_mut()).is_pending());
    tx.send(7).unwrap();
    assert!(matches!(poll_once(wait), Poll::Ready(Ok(value)) if *value == 7));
    assert_eq!(judged.get(), 3);
}

#[test]
fn a_dropped_wait_marks_nothing_as_seen() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Box::pin(rx.changed());
    assert!(poll_once(wait.as_mut()).is_pending());
    tx.send(1).unwrap();
    drop(wait);
    assert!(rx.has_changed().unwrap());
    let mut wait = Box::pin(rx.wait_for(|_| false));
    assert!(poll_once(wait.as_mut()).is_pending());
    drop(wait);
    assert!(!rx.has_changed().unwrap(), "it was judged");
    tx.send(2).unwrap();
    assert!(poll_once(pin!(rx.changed())).is_ready());
}

#[test]
fn a_panicking_modification_leaves_the_channel_usable() {
    let (tx, mut rx) = watch::channel(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        tx.send_modify(|n| {
            *n = 1;
            panic!("half-way");
        });
    }));
    assert!(result.is_err());
    assert!(!rx.has_changed().unwrap());
    assert_eq!(*rx.borrow(), 1);
    let result = catch_unwind(AssertUnwindSafe(|| {
        poll_once(pin!(rx.wait_for(|_| panic!("judge")))).is_ready()
    }));
    assert!(result.is_err());
    tx.send(2).unwrap();
    assert_eq!(*rx.borrow_and_update(), 2);
}

#[test]
fn a_panicking_waker_keeps_no_other_from_being_woken() {
    let (tx, mut one) = watch::channel(0);
    let mut other = tx.subscribe();
    let (count, waker) = Count::new();
    let mut bomb = pin!(one.changed());
    let mut changed = pin!(other.changed());
    assert!(poll_with(bomb.as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(poll_with(changed.as_mut(), &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| tx.send(1))).is_err());
    assert_eq!((count.get(), *tx.borrow()), (1, 1));
    assert!(poll_once(bomb).is_ready() && poll_once(changed).is_ready());
}

#[test]
fn a_value_whose_drop_panics_is_replaced_all_the_same() {
    struct Fragile(bool);
    impl Drop for Fragile {
        fn drop(&mut self) {
            assert!(!self.0, "fragile");
        }
    }
    let (tx, mut rx) = watch::channel(Fragile(true));
    assert!(catch_unwind(AssertUnwindSafe(|| tx.send(Fragile(false)).is_ok())).is_err());
    assert!(rx.has_changed().unwrap() && !rx.borrow_and_update().0);
}

#[test]
fn senders_see_the_receivers_go_and_come() {
    let (tx, rx) = watch::channel(0);
    let (count, waker) = Count::new();
    let mut closed = pin!(tx.closed());
    assert!(poll_with(closed.as_mut(), &waker).is_pending());
    let other = rx.clone();
    assert_eq!(tx.receiver_count(), 2);
    drop(rx);
    assert_eq!(count.get(), 0);
    drop(other);
    assert_eq!(count.get(), 1);
    let again = tx.subscribe();
    assert!(poll_once(closed.as_mut()).is_pending(), "somebody came meanwhile");
    drop(again);
    assert!(poll_once(closed).is_ready());
    assert!(tx.is_closed());
    let error = tx.send(1).unwrap_err();
    assert_eq!((error.0, error.to_string().as_str()), (1, "channel closed"));
    assert_eq!(format!("{error:?}"), "SendError { .. }");
    assert_eq!(tx.send_replace(2), 0);
    assert_eq!(*tx.borrow(), 2);
}

#[test]
fn a_shared_value_is_borrowed_by_many_at_once() {
    let (_tx, rx) = watch::channel(String::from("value"));
    let (one, other) = (rx.borrow(), rx.borrow());
    assert_eq!(*one, *other);
}

#[test]
fn auto_traits_follow_the_value() {
    fn send_sync<T: Send + Sync>(_: &T) {}
    fn sync<T: Sync>(_: &T) {}
    let (tx, mut rx) = watch::channel(0);
    send_sync(&tx);
    send_sync(&rx);
    sync(&tx.borrow());
    send_sync(&tx.closed());
    send_sync(&rx.changed());
    send_sync(&rx.wait_for(|_| true));
}

#[test]
fn threads_see_values_in_order_and_the_last_one() {
    let (tx, rx) = watch::channel(0);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let mut rx = rx.clone();
            std::thread::spawn(move || {
                crate::sync::block::block_on(async {
                    let mut last = 0;
                    while rx.changed().await.is_ok() {
                        let value = *rx.borrow_and_update();
                        assert!(value > last);
                        last = value;
                    }
                    last
                })
            })
        })
        .collect();
    let last = if cfg!(miri) { 50 } else { 2000 };
    for n in 1..=last {
        tx.send(n).unwrap();
    }
    drop(tx);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), last);
    }
}
