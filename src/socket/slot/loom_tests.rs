use super::{Direction, Slot};
use crate::io::{Interest, Ready};
use core::task::Context;
use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

/// The operation fails, an edge comes, the readiness is cleared: in whatever order, the task that
/// polls afterwards learns of the edge.
#[test]
fn loom_a_clear_and_an_edge() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        slot.set(0, Ready::READABLE);
        let event = slot.event(Interest::READABLE);
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.set(0, Ready::READABLE))
        };
        slot.clear(event);
        block_on(core::future::poll_fn(|cx| slot.poll(cx, Direction::Read, None)));
        reactor.join().unwrap();
    });
}

/// Two tasks of both kinds begin to wait while an edge comes: both learn of it.
#[test]
fn loom_waiting_and_an_edge() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.set(0, Ready::READABLE))
        };
        let other = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || drop(block_on(slot.wait(Interest::READABLE, None))))
        };
        block_on(core::future::poll_fn(|cx: &mut Context<'_>| {
            slot.poll(cx, Direction::Read, None)
        }));
        reactor.join().unwrap();
        other.join().unwrap();
    });
}

/// A slot gets its next source while an edge of the one before comes: the next source is not ready.
#[test]
fn loom_a_stale_edge() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.set(0, Ready::READABLE))
        };
        slot.renew();
        reactor.join().unwrap();
        assert!(slot.event(Interest::READABLE).ready.is_empty());
    });
}

/// Waiting and the end of the runtime.
#[test]
fn loom_waiting_and_shutting_down() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.shut_down())
        };
        assert!(block_on(slot.wait(Interest::READABLE, None)).shut_down);
        reactor.join().unwrap();
    });
}
