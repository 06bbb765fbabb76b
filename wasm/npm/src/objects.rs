//! What tasks share: queues, semaphores, signals, barriers.

use crate::op::{CLOSED, OK};
use crate::single::Single;
use crate::table::Table;
use core::cell::RefCell;
use creel::sync::mpmc::{self, Receiver, Sender};
use creel::sync::mpsc::error::{TryRecvError, TrySendError};
use creel::sync::{Barrier, Notify, Semaphore};

/// A queue of places in JavaScript's table of values.
pub struct Queue {
    /// None once the queue is closed.
    pub sender: RefCell<Option<Sender<u32>>>,
    /// What takes values out, also after that.
    pub receiver: Receiver<u32>,
}

/// The queues.
pub static QUEUES: Single<Table<Queue>> = Single(Table::new());
/// The semaphores.
pub static SEMAPHORES: Single<Table<Semaphore>> = Single(Table::new());
/// The signals.
pub static SIGNALS: Single<Table<Notify>> = Single(Table::new());
/// The barriers.
pub static BARRIERS: Single<Table<Barrier>> = Single(Table::new());

/// Forgets everything.
pub fn clear() {
    QUEUES.clear();
    SEMAPHORES.clear();
    SIGNALS.clear();
    BARRIERS.clear();
}

/// What cannot be done at once.
const WOULD_WAIT: i32 = -2;

/// A queue that holds up to `capacity` values.
#[unsafe(no_mangle)]
pub extern "C" fn queue(capacity: u32) -> u32 {
    let (sender, receiver) = mpmc::channel(capacity as usize);
    QUEUES.insert(Queue { sender: RefCell::new(Some(sender)), receiver }).0
}

/// Puts a value in at once, if there is room.
#[unsafe(no_mangle)]
pub extern "C" fn try_send(queue: u32, place: u32) -> i32 {
    let Some(queue) = QUEUES.get(queue) else { return CLOSED };
    match queue.sender.borrow().as_ref().map(|sender| sender.try_send(place)) {
        Some(Ok(())) => OK,
        Some(Err(TrySendError::Full(_))) => WOULD_WAIT,
        _ => CLOSED,
    }
}

/// Takes a value out at once, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn try_receive(queue: u32) -> i32 {
    let Some(queue) = QUEUES.get(queue) else { return CLOSED };
    match queue.receiver.try_recv() {
        Ok(place) => place as i32,
        Err(TryRecvError::Empty) => WOULD_WAIT,
        Err(_) => CLOSED,
    }
}

/// How many values a queue holds.
#[unsafe(no_mangle)]
pub extern "C" fn queue_length(queue: u32) -> u32 {
    QUEUES.get(queue).map_or(0, |queue| queue.receiver.len() as u32)
}

/// Lets nothing in any more; what is inside can still be taken.
#[unsafe(no_mangle)]
pub extern "C" fn close_queue(queue: u32) {
    if let Some(queue) = QUEUES.get(queue) {
        drop(queue.sender.take());
    }
}

/// Forgets a queue that JavaScript has lost.
#[unsafe(no_mangle)]
pub extern "C" fn drop_queue(queue: u32) {
    drop(QUEUES.remove(queue));
}

/// A semaphore.
#[unsafe(no_mangle)]
pub extern "C" fn semaphore(permits: u32) -> u32 {
    SEMAPHORES.insert(Semaphore::new(permits as usize)).0
}

/// Takes permits at once, if there are so many.
#[unsafe(no_mangle)]
pub extern "C" fn try_acquire(semaphore: u32, permits: u32) -> i32 {
    let Some(semaphore) = SEMAPHORES.get(semaphore) else { return CLOSED };
    match semaphore.try_acquire_many(permits) {
        Ok(permits) => {
            permits.forget();
            OK
        }
        Err(_) => WOULD_WAIT,
    }
}

/// Gives permits back.
#[unsafe(no_mangle)]
pub extern "C" fn release(semaphore: u32, permits: u32) {
    if let Some(semaphore) = SEMAPHORES.get(semaphore) {
        semaphore.add_permits(permits as usize);
    }
}

/// How many permits there are.
#[unsafe(no_mangle)]
pub extern "C" fn permits(semaphore: u32) -> u32 {
    SEMAPHORES.get(semaphore).map_or(0, |semaphore| semaphore.available_permits() as u32)
}

/// Forgets a semaphore that JavaScript has lost.
#[unsafe(no_mangle)]
pub extern "C" fn drop_semaphore(semaphore: u32) {
    drop(SEMAPHORES.remove(semaphore));
}

/// A signal.
#[unsafe(no_mangle)]
pub extern "C" fn signal() -> u32 {
    SIGNALS.insert(Notify::new()).0
}

/// Wakes every task that waits for a signal now.
#[unsafe(no_mangle)]
pub extern "C" fn signal_all(signal: u32) {
    if let Some(signal) = SIGNALS.get(signal) {
        signal.notify_waiters();
    }
}

/// Wakes one task that waits for a signal, or the next one to wait.
#[unsafe(no_mangle)]
pub extern "C" fn signal_one(signal: u32) {
    if let Some(signal) = SIGNALS.get(signal) {
        signal.notify_one();
    }
}

/// Forgets a signal that JavaScript has lost.
#[unsafe(no_mangle)]
pub extern "C" fn drop_signal(signal: u32) {
    drop(SIGNALS.remove(signal));
}

/// A barrier.
#[unsafe(no_mangle)]
pub extern "C" fn barrier(tasks: u32) -> u32 {
    BARRIERS.insert(Barrier::new(tasks as usize)).0
}

/// Forgets a barrier that JavaScript has lost.
#[unsafe(no_mangle)]
pub extern "C" fn drop_barrier(barrier: u32) {
    drop(BARRIERS.remove(barrier));
}
