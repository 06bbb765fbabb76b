//! The event.

use super::{Bomb, Count, poll_once, poll_with};
use crate::sync::Event;
use core::pin::pin;
use core::task::Waker;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn a_manual_event_releases_everybody_until_it_is_reset() {
    let event = Event::manual_reset();
    let (count, waker) = Count::new();
    let mut waits: Vec<_> = (0..70).map(|_| Box::pin(event.wait())).collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    event.set();
    event.set();
    assert_eq!(count.get(), 70);
    assert!(poll_once(pin!(event.wait())).is_ready());
    event.reset();
    assert!(poll_once(pin!(event.wait())).is_pending());
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_ready(), "released before the reset");
    }
}

#[test]
fn an_auto_event_releases_one_in_order() {
    let event = Event::auto_reset();
    let mut first = pin!(event.wait());
    let mut second = pin!(event.wait());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    event.set();
    assert!(!event.is_set() && !event.try_wait(), "it was given to the first");
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(poll_once(first).is_ready());
    event.set();
    assert!(poll_once(second).is_ready());
}

#[test]
fn an_auto_event_remembers_one_set() {
    let event = Event::auto_reset();
    event.set();
    event.set();
    assert!(event.is_set());
    assert!(poll_once(pin!(event.wait())).is_ready());
    assert!(poll_once(pin!(event.wait())).is_pending());
    event.set();
    event.reset();
    assert!(!event.try_wait());
}

#[test]
fn a_release_given_to_a_dropped_waiter_goes_on() {
    let event = Event::auto_reset();
    let (count, waker) = Count::new();
    let mut first = Box::pin(event.wait());
    let mut second = Box::pin(event.wait());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    event.set();
    drop(first);
    assert_eq!(count.get(), 1);
    drop(second);
    assert!(event.is_set(), "nobody is left to take it");
}

#[test]
fn dropping_a_waiter_that_was_not_released_changes_nothing() {
    for event in [Event::auto_reset(), Event::manual_reset()] {
        let mut quitter = Box::pin(event.wait());
        assert!(poll_once(quitter.as_mut()).is_pending());
        drop(quitter);
        assert!(!event.is_set());
        let mut wait = pin!(event.wait());
        assert!(poll_once(wait.as_mut()).is_pending());
        event.set();
        assert!(poll_once(wait).is_ready());
    }
}

#[test]
fn a_panicking_waker_keeps_no_other_from_being_woken() {
    let event = Event::manual_reset();
    let (count, waker) = Count::new();
    let mut bomb = pin!(event.wait());
    let mut other = pin!(event.wait());
    assert!(poll_with(bomb.as_mut(), &Waker::from(Arc::new(Bomb))).is_pending());
    assert!(poll_with(other.as_mut(), &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| event.set())).is_err());
    assert_eq!(count.get(), 1);
    assert!(poll_once(bomb).is_ready() && poll_once(other).is_ready());
}

#[test]
fn a_static_event_is_waited_for_by_a_thread() {
    static EVENT: Event = Event::auto_reset();
    let thread = std::thread::spawn(|| EVENT.blocking_wait());
    EVENT.set();
    thread.join().unwrap();
    assert!(!EVENT.is_set());
}
