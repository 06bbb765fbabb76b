//! Wakers that come back into the pipe they are woken from.

use super::poll;
use crate::io::{AsyncReadExt, AsyncWriteExt, duplex, simplex};
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Waker};
use std::boxed::Box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::vec::Vec;

/// Polls a future to its end whenever it is woken, on the spot.
struct PollOnWake {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    wakes: AtomicUsize,
}

impl Wake for PollOnWake {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        // A wake from within its own poll finds it taken.
        let Some(mut future) = self.future.lock().unwrap().take() else { return };
        let waker = Waker::from(self.clone());
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            *self.future.lock().unwrap() = Some(future);
        }
    }
}

fn poll_on_wake(future: impl Future<Output = ()> + Send + 'static) -> Arc<PollOnWake> {
    let future = Mutex::new(Some(Box::pin(future) as _));
    let task = Arc::new(PollOnWake { future, wakes: AtomicUsize::new(0) });
    task.clone().wake();
    task
}

impl PollOnWake {
    fn is_done(&self) -> bool {
        self.future.lock().unwrap().is_none()
    }
}

#[test]
fn a_reader_may_read_while_it_is_woken() {
    let (mut near, mut far) = duplex(1);
    let task = poll_on_wake(async move {
        assert_eq!(far.read_u16().await.unwrap(), 0x0102);
    });
    assert!(!task.is_done());
    assert!(poll(pin!(near.write_u8(1))).is_ready());
    assert!(poll(pin!(near.write_u8(2))).is_ready());
    assert!(task.is_done());
}

#[test]
fn a_half_may_be_polled_from_within_the_poll_of_the_other() {
    let (mut reader, mut writer) = simplex(1);
    let task = poll_on_wake(async move {
        assert_eq!(reader.read_u16().await.unwrap(), 0x0102);
    });
    // The write wakes the reader from inside the gate. It finds the gate taken, and is woken again
    // when the writer has left.
    assert!(poll(pin!(writer.write_u8(1))).is_ready());
    assert!(poll(pin!(writer.write_u8(2))).is_ready());
    assert!(task.is_done());
    assert!(task.wakes.load(Ordering::Relaxed) >= 5);
}

#[test]
fn closing_wakes_either_side() {
    for close_by_drop in [false, true] {
        let (mut near, mut far) = duplex(1);
        let reader = poll_on_wake(async move {
            assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
        });
        assert!(!reader.is_done());
        if close_by_drop {
            drop(near);
        } else {
            assert!(poll(pin!(near.shutdown())).is_ready());
        }
        assert!(reader.is_done());
    }
    let (near, mut far) = duplex(1);
    let writer = poll_on_wake(async move {
        far.write_all(b"xy").await.unwrap_err();
    });
    assert!(!writer.is_done());
    drop(near);
    assert!(writer.is_done());
}

#[test]
fn a_replaced_waker_is_dropped_outside_the_lock() {
    /// Owns the other end of the pipe that it waits on.
    struct Owner {
        _end: crate::io::DuplexStream,
    }
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }

    let (mut near, far) = duplex(1);
    let mut byte = [0; 1];
    let mut read = pin!(near.read(&mut byte));
    let owner = Waker::from(Arc::new(Owner { _end: far }));
    assert!(read.as_mut().poll(&mut Context::from_waker(&owner)).is_pending());
    drop(owner);
    // The last reference to the other end goes here, and closes the pipe.
    assert!(poll(read.as_mut()).is_pending());
    assert!(matches!(poll(read.as_mut()), core::task::Poll::Ready(Ok(0))));
}

#[test]
fn a_pipe_that_wraps_around_keeps_the_order() {
    let (mut near, mut far) = duplex(7);
    let (mut next_in, mut next_out) = (0_u8, 0_u8);
    for round in 0..200_usize {
        let piece: Vec<u8> = (0..round % 6 + 1).map(|n| next_in.wrapping_add(n as u8)).collect();
        if let core::task::Poll::Ready(n) = poll(pin!(near.write(&piece))) {
            next_in = next_in.wrapping_add(n.unwrap() as u8);
        }
        let mut buf = [0; 5];
        if let core::task::Poll::Ready(n) = poll(pin!(far.read(&mut buf[..round % 5 + 1]))) {
            for byte in &buf[..n.unwrap()] {
                assert_eq!(*byte, next_out);
                next_out = next_out.wrapping_add(1);
            }
        }
    }
    assert!(next_in.wrapping_sub(next_out) <= 7);
}
