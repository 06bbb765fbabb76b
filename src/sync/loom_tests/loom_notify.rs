//! Notifications: each reaches somebody, whatever runs when.

use crate::sync::Notify;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_notify_one_reaches_each_of_two() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let first = thread::spawn({
            let notify = notify.clone();
            move || {
                block_on(notify.notified());
                notify.notify_one();
            }
        });
        let second = thread::spawn({
            let notify = notify.clone();
            move || {
                block_on(notify.notified());
                notify.notify_one();
            }
        });
        notify.notify_one();
        first.join().unwrap();
        second.join().unwrap();
        block_on(notify.notified());
    });
}

#[test]
fn loom_notify_waiters_reaches_both() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let first = notify.clone().notified_owned();
        let second = notify.clone().notified_owned();
        let thread = thread::spawn(move || block_on(first));
        let notifier = thread::spawn(move || notify.notify_waiters());
        block_on(second);
        thread.join().unwrap();
        notifier.join().unwrap();
    });
}

#[test]
fn loom_notify_a_quitter_hands_on() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let quitter = thread::spawn({
            let notify = notify.clone();
            move || {
                let mut notified = pin!(notify.notified());
                let mut cx = Context::from_waker(Waker::noop());
                if notified.as_mut().poll(&mut cx).is_ready() {
                    notify.notify_one();
                }
            }
        });
        let waiter = thread::spawn({
            let notify = notify.clone();
            move || block_on(notify.notified())
        });
        notify.notify_one();
        quitter.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_notify_one_beside_all() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let before = notify.clone().notified_owned();
        let all = thread::spawn({
            let notify = notify.clone();
            move || notify.notify_waiters()
        });
        let one = thread::spawn({
            let notify = notify.clone();
            move || notify.notify_one()
        });
        block_on(before);
        all.join().unwrap();
        one.join().unwrap();
    });
}
