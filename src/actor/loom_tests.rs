//! The mailbox, in every interleaving.
//!
//! What waits for the end is not here: it is a counted cell, and loom does not see the counts of
//! `alloc`'s `Arc`, so it takes the last drop for a race.

use super::exit::ExitReason;
use super::mailbox::{Mailbox, Next, Priority, Refusal, Shared, Ticket};
use super::reply::ReplyTo;
use super::signals::{Monitor, Signals, Watcher};
use core::future::poll_fn;
use core::task::Waker;
use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loom::thread;

type Numbers = Arc<Shared<u32>>;

fn mailbox(mailbox: Mailbox) -> Numbers {
    Arc::new(Shared::new(mailbox))
}

/// What the actor sees until it is stopped.
fn handle_all(mailbox: &Numbers) -> (std::vec::Vec<u32>, ExitReason) {
    let mut seen = std::vec::Vec::new();
    loop {
        match block_on(poll_fn(|cx| mailbox.poll_next(cx, true))) {
            Next::Message(message) => seen.push(message),
            Next::Stopped(reason) => return (seen, reason),
            Next::Signals(_) => unreachable!("they are known"),
        }
    }
}

/// As an address does: waits for room.
fn send(mailbox: &Numbers, message: u32) -> bool {
    match mailbox.push(Priority::Normal, message, Ticket::None) {
        Ok(()) => true,
        Err((Refusal::Full(Some(room)), message)) => block_on(async {
            let Ok(place) = room.acquire().await else { return false };
            let sent = mailbox.push(Priority::Normal, message, Ticket::Place).is_ok();
            place.forget();
            sent
        }),
        Err(_) => false,
    }
}

#[test]
fn loom_actor_hears_every_message_and_the_last_address_that_goes() {
    loom::model(|| {
        let mailbox = mailbox(Mailbox::unbounded());
        mailbox.retain();
        let senders = [1, 2].map(|n| {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                assert!(send(&mailbox, n), "nobody has stopped it");
                mailbox.release();
            })
        });
        let (mut seen, reason) = handle_all(&mailbox);
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
        assert!(reason.is_normal());
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn loom_actor_handles_what_was_accepted_before_the_stop() {
    loom::model(|| {
        let mailbox = mailbox(Mailbox::unbounded());
        let sender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || u32::from(send(&mailbox, 1)))
        };
        let stopper = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.stop(ExitReason::Shutdown))
        };
        let (seen, _) = handle_all(&mailbox);
        stopper.join().unwrap();
        assert_eq!(seen.len() as u32, sender.join().unwrap());
    });
}

#[test]
fn loom_actor_makes_room_for_who_waits() {
    loom::model(|| {
        let mailbox = mailbox(Mailbox::bounded(1));
        let sender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                assert!(send(&mailbox, 1) && send(&mailbox, 2));
                mailbox.release();
            })
        };
        assert_eq!(handle_all(&mailbox).0, [1, 2]);
        sender.join().unwrap();
    });
}

#[test]
fn loom_actor_stop_ends_the_wait_for_room() {
    loom::model(|| {
        let mailbox = mailbox(Mailbox::bounded(1));
        assert!(send(&mailbox, 1));
        let sender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || send(&mailbox, 2))
        };
        mailbox.stop(ExitReason::Normal);
        assert!(!sender.join().unwrap(), "it was full");
        assert_eq!(handle_all(&mailbox).0, [1]);
    });
}

/// An answer that is dropped with its actor has a reason.
#[test]
fn loom_actor_tells_callers_why() {
    loom::model(|| {
        let mailbox: Arc<Shared<ReplyTo<u32>>> = Arc::new(Shared::new(Mailbox::unbounded()));
        let (reply, answer) = ReplyTo::new();
        let ender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                mailbox.doom(ExitReason::Shutdown);
                mailbox.end();
            })
        };
        match mailbox.push(Priority::Normal, reply, Ticket::None) {
            Ok(()) => assert!(block_on(answer).is_err(), "nobody answers"),
            Err((_, reply)) => drop(reply),
        }
        assert!(matches!(mailbox.fate(), Some(ExitReason::Shutdown)));
        ender.join().unwrap();
    });
}

#[test]
fn loom_actor_tells_each_watcher_once() {
    loom::model(|| {
        let mailbox = mailbox(Mailbox::unbounded());
        let told = Arc::new(AtomicUsize::new(0));
        let ender = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                mailbox.doom(ExitReason::Normal);
                mailbox.end();
            })
        };
        let count = told.clone();
        let call = move |reason: &ExitReason| {
            assert!(reason.is_normal());
            count.fetch_add(1, SeqCst);
        };
        mailbox.watch(Watcher::Call(std::boxed::Box::new(call)));
        let signals = alloc::sync::Arc::new(Signals::new(mailbox.id));
        let (_monitor, watcher) = Monitor::new(signals.clone());
        mailbox.watch(watcher);
        ender.join().unwrap();
        assert_eq!(told.load(SeqCst), 1);
        assert!(signals.next(Waker::noop()).is_some() && signals.next(Waker::noop()).is_none());
    });
}

#[test]
fn loom_actor_is_ready_or_has_ended() {
    loom::model(|| {
        let mailbox = mailbox(Mailbox::unbounded());
        let actor = {
            let mailbox = mailbox.clone();
            thread::spawn(move || handle_all(&mailbox).0)
        };
        block_on(mailbox.ready()).unwrap();
        mailbox.release();
        assert!(actor.join().unwrap().is_empty());
    });
}
