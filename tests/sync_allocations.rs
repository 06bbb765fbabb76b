//! Waiting allocates nothing: a waiter is a node inside its future.

mod counting;

use counting::allocations;
use creel::sync::{Mutex, Notify, RwLock, Semaphore};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

/// Waits, gives up, waits again, is notified by `notify`, and ends.
fn wait<F: Future>(make: impl Fn() -> F, notify: impl FnOnce()) {
    fn is_ready<F: Future>(future: Pin<&mut F>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }
    {
        let mut quitter = pin!(make());
        assert!(!is_ready(quitter.as_mut()));
    }
    let mut waiter = pin!(make());
    assert!(!is_ready(waiter.as_mut()));
    notify();
    assert!(is_ready(waiter.as_mut()));
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn locks_allocate_nothing() {
    assert_eq!(
        allocations(|| {
            let mutex = Mutex::new(0);
            let guard = mutex.try_lock().unwrap();
            wait(|| mutex.lock(), move || drop(guard));
            let lock = RwLock::new(0);
            let guard = lock.try_write().unwrap();
            wait(|| lock.read(), move || drop(guard));
            let guard = lock.try_read().unwrap();
            wait(|| lock.write(), move || drop(guard));
        }),
        0
    );
}

#[test]
fn semaphore_and_notify_allocate_nothing() {
    assert_eq!(
        allocations(|| {
            let semaphore = Semaphore::new(0);
            wait(|| semaphore.acquire_many(3), || semaphore.add_permits(3));
            wait(|| semaphore.acquire_many(4), || semaphore.close());
            let notify = Notify::new();
            wait(|| notify.notified(), || notify.notify_one());
            wait(|| notify.notified(), || notify.notify_last());
            wait(|| notify.notified(), || notify.notify_waiters());
        }),
        0
    );
}
