//! The event.

use crate::sync::Event;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_event_a_manual_set_releases_all_even_if_reset_follows() {
    loom::model(|| {
        let event = Arc::new(Event::manual_reset());
        let waiter = thread::spawn({
            let event = event.clone();
            move || block_on(event.wait())
        });
        event.set();
        event.reset();
        event.set();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_event_an_auto_set_releases_one_even_if_a_waiter_quits() {
    loom::model(|| {
        let event = Arc::new(Event::auto_reset());
        let quitter = thread::spawn({
            let event = event.clone();
            move || {
                let mut wait = pin!(event.wait());
                let mut cx = Context::from_waker(Waker::noop());
                wait.as_mut().poll(&mut cx).is_ready()
            }
        });
        let waiter = thread::spawn({
            let event = event.clone();
            move || block_on(event.wait())
        });
        event.set();
        if quitter.join().unwrap() {
            event.set();
        }
        waiter.join().unwrap();
        assert!(!event.is_set());
    });
}
