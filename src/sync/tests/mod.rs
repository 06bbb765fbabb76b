//! Unit tests of the room, one file a primitive.

mod atomic_waker;
mod barrier;
mod block;
mod broadcast;
mod cancellation;
mod event;
mod latch;
mod mpmc;
mod mpsc;
mod mutex;
mod notify;
mod once_cell;
mod oneshot;
mod rendezvous;
mod rwlock;
mod semaphore;
mod set_once;
mod wait;
mod wait_group;
mod watch;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

/// A waker that counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn new() -> (Arc<Self>, Waker) {
        let count = Arc::new(Self::default());
        (count.clone(), Waker::from(count))
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that panics when it is called.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("a bomb of a waker");
    }
}

/// Polls once with a waker that does nothing.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once with `waker`.
fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Runs `f` as a task that has spent its budget.
fn without_budget<R>(f: impl FnOnce() -> R) -> R {
    use crate::env::coop::{Budget, poll_proceed, with_budget};
    with_budget(Budget::INITIAL, || {
        while let Poll::Ready(receipt) = poll_proceed(&mut Context::from_waker(Waker::noop())) {
            receipt.made_progress();
        }
        f()
    })
}
