use super::{Direction, GENERATION_BITS, Slot};
use crate::io::{Interest, Ready};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counter() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (Arc::clone(&count), Waker::from(count))
}

fn woken(count: &Count) -> usize {
    count.0.swap(0, Ordering::Relaxed)
}

#[test]
fn an_edge_is_kept_until_it_is_cleared() {
    let slot = Slot::new();
    slot.set(0, Ready::READABLE);
    let event = slot.event(Interest::READABLE);
    assert_eq!(event.ready, Ready::READABLE);
    assert!(slot.event(Interest::WRITABLE).ready.is_empty());
    slot.clear(event);
    assert!(slot.event(Interest::READABLE).ready.is_empty());
}

#[test]
fn a_clear_does_not_lose_an_edge_that_came_between() {
    let slot = Slot::new();
    slot.set(0, Ready::READABLE);
    let event = slot.event(Interest::READABLE);
    slot.set(0, Ready::READABLE);
    slot.clear(event);
    assert_eq!(slot.event(Interest::READABLE).ready, Ready::READABLE);
}

#[test]
fn the_end_of_a_stream_is_never_forgotten() {
    let slot = Slot::new();
    slot.set(0, Ready::READABLE | Ready::READ_CLOSED);
    let event = slot.event(Interest::READABLE);
    slot.clear(event);
    assert_eq!(slot.event(Interest::READABLE).ready, Ready::READ_CLOSED);
}

#[test]
fn an_operation_that_blocks_at_the_end_of_a_stream_waits_for_the_next_edge() {
    let slot = Slot::new();
    slot.set(0, Ready::READABLE | Ready::READ_CLOSED);
    let (wakes, waker) = counter();
    let mut attempts = 0;
    let mut poll = |answer: fn() -> std::io::Result<()>| {
        slot.poll_io(&mut Context::from_waker(&waker), Direction::Read, || {
            attempts += 1;
            assert!(attempts < 10, "it spins");
            answer()
        })
    };
    assert!(poll(|| Err(std::io::ErrorKind::WouldBlock.into())).is_pending());
    assert_eq!(woken(&wakes), 0);
    slot.set(0, Ready::READABLE);
    assert_eq!(woken(&wakes), 1);
    assert!(poll(|| Ok(())).is_ready());
    assert_eq!(attempts, 2, "one a poll");
}

#[test]
fn an_edge_of_the_source_before_changes_nothing() {
    let slot = Slot::new();
    slot.set(0, Ready::READABLE);
    slot.renew();
    assert_eq!(slot.generation(), 1);
    assert!(slot.event(Interest::READABLE).ready.is_empty(), "nothing is inherited");
    slot.set(0, Ready::READABLE);
    assert!(slot.event(Interest::READABLE).ready.is_empty());
    slot.set(1, Ready::READABLE);
    assert_eq!(slot.event(Interest::READABLE).ready, Ready::READABLE);
}

#[test]
fn ticks_wrap_around_within_their_bits() {
    let slot = Slot::new();
    for _ in 0..3 {
        slot.renew();
    }
    let edges = if GENERATION_BITS > 16 { 1000 } else { 3 << GENERATION_BITS };
    for _ in 0..edges {
        slot.set(3, Ready::WRITABLE);
    }
    assert_eq!(slot.generation(), 3);
    assert_eq!(slot.event(Interest::WRITABLE).ready, Ready::WRITABLE);
}

#[test]
fn reader_and_writer_are_woken_for_what_they_wait_for() {
    let slot = Slot::new();
    let ((reads, reader), (writes, writer)) = (counter(), counter());
    assert!(slot.poll(&Context::from_waker(&reader), Direction::Read, None).is_pending());
    assert!(slot.poll(&Context::from_waker(&writer), Direction::Write, None).is_pending());
    slot.set(0, Ready::WRITABLE);
    assert_eq!((woken(&reads), woken(&writes)), (0, 1));
    slot.set(0, Ready::READ_CLOSED);
    assert_eq!((woken(&reads), woken(&writes)), (1, 0));
    assert!(slot.poll(&Context::from_waker(&reader), Direction::Read, None).is_ready());
}

#[test]
fn the_latest_reader_is_woken() {
    let slot = Slot::new();
    let ((first, one), (second, other)) = (counter(), counter());
    assert!(slot.poll(&Context::from_waker(&one), Direction::Read, None).is_pending());
    assert!(slot.poll(&Context::from_waker(&other), Direction::Read, None).is_pending());
    slot.set(0, Ready::READABLE);
    assert_eq!((woken(&first), woken(&second)), (0, 1));
}

#[test]
fn any_number_of_tasks_may_wait() {
    let slot = Slot::new();
    let wakers: [_; 3] = core::array::from_fn(|_| counter());
    let mut first = pin!(slot.wait(Interest::READABLE, None));
    let mut second = pin!(slot.wait(Interest::READABLE, None));
    let mut third = pin!(slot.wait(Interest::WRITABLE, None));
    let poll = |index: usize| Context::from_waker(&wakers[index].1);
    assert!(first.as_mut().poll(&mut poll(0)).is_pending());
    assert!(second.as_mut().poll(&mut poll(1)).is_pending());
    assert!(third.as_mut().poll(&mut poll(2)).is_pending());
    slot.set(0, Ready::READABLE);
    assert_eq!((woken(&wakers[0].0), woken(&wakers[1].0)), (1, 1));
    let Poll::Ready(event) = first.as_mut().poll(&mut poll(0)) else { panic!("it is ready") };
    slot.clear(event);
    assert!(second.as_mut().poll(&mut poll(1)).is_pending(), "another was faster");
    assert!(third.as_mut().poll(&mut poll(2)).is_pending(), "not what it waits for");
    slot.set(0, Ready::READABLE | Ready::WRITABLE);
    assert!(second.as_mut().poll(&mut poll(1)).is_ready());
    assert!(third.as_mut().poll(&mut poll(2)).is_ready());
}

#[test]
fn shutting_down_ends_every_wait() {
    let slot = Slot::new();
    let ((reads, reader), (others, other)) = (counter(), counter());
    assert!(slot.poll(&Context::from_waker(&reader), Direction::Read, None).is_pending());
    let mut wait = pin!(slot.wait(Interest::WRITABLE, None));
    assert!(wait.as_mut().poll(&mut Context::from_waker(&other)).is_pending());
    slot.shut_down();
    assert_eq!((woken(&reads), woken(&others)), (1, 1));
    let Poll::Ready(event) = wait.as_mut().poll(&mut Context::from_waker(&other)) else {
        panic!("it is over")
    };
    assert!(event.shut_down);
    slot.renew();
    assert!(slot.event(Interest::READABLE).shut_down, "the slot will not be used again");
}
