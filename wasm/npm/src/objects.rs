//! What tasks share: queues, semaphores, signals.

use crate::drive::Entry;
use crate::memory;
use crate::op::{CLOSED, OK, WOULD_WAIT};
use crate::single::Single;
use crate::table::Table;
use core::cell::RefCell;
use creel::sync::mpmc::{self, Receiver, Sender};
use creel::sync::mpsc::error::{TryRecvError, TrySendError};
use creel::sync::{Event, Semaphore};

/// Whatever JavaScript knows by a number.
pub enum Object {
    /// A task whose generator has not ended.
    Task(Entry),
    /// What channels are made of.
    Queue(Queue),
    /// What locks are made of.
    Semaphore(Semaphore),
    /// What everything else that waits is made of.
    Signal(Event),
}

/// A queue of places in JavaScript's table of values.
pub struct Queue {
    /// None once the queue is closed.
    pub sender: RefCell<Option<Sender<u32>>>,
    /// What takes values out, also after that.
    pub receiver: Receiver<u32>,
}

/// All of them.
pub static OBJECTS: Single<Table<Object>> = Single(Table::new());

/// Makes an object; the answer is its number, or 0 for want of memory.
fn make(object: impl FnOnce() -> Object) -> u32 {
    match memory::is_scarce(OBJECTS.len()) {
        true => 0,
        false => OBJECTS.insert(object()).0,
    }
}

/// Forgets an object that JavaScript has lost.
#[unsafe(no_mangle)]
pub extern "C" fn forget(object: u32) {
    drop(OBJECTS.remove(object));
}

fn with_queue<R>(id: u32, closed: R, f: impl FnOnce(&Queue) -> R) -> R {
    match OBJECTS.get(id).as_deref() {
        Some(Object::Queue(queue)) => f(queue),
        _ => closed,
    }
}

fn with_semaphore<R>(id: u32, gone: R, f: impl FnOnce(&Semaphore) -> R) -> R {
    match OBJECTS.get(id).as_deref() {
        Some(Object::Semaphore(semaphore)) => f(semaphore),
        _ => gone,
    }
}

/// A queue that holds up to `capacity` values.
#[unsafe(no_mangle)]
pub extern "C" fn queue(capacity: u32) -> u32 {
    make(|| {
        let (sender, receiver) = mpmc::channel(capacity as usize);
        Object::Queue(Queue { sender: RefCell::new(Some(sender)), receiver })
    })
}

/// Puts a value in at once, if there is room.
#[unsafe(no_mangle)]
pub extern "C" fn try_send(queue: u32, place: u32) -> i32 {
    with_queue(queue, CLOSED, |queue| {
        match queue.sender.borrow().as_ref().map(|sender| sender.try_send(place)) {
            Some(Ok(())) => OK,
            Some(Err(TrySendError::Full(_))) => WOULD_WAIT,
            _ => CLOSED,
        }
    })
}

/// Takes a value out at once, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn try_receive(queue: u32) -> i32 {
    with_queue(queue, CLOSED, |queue| match queue.receiver.try_recv() {
        Ok(place) => place as i32,
        Err(TryRecvError::Empty) => WOULD_WAIT,
        Err(_) => CLOSED,
    })
}

/// How many values a queue holds.
#[unsafe(no_mangle)]
pub extern "C" fn queue_length(queue: u32) -> u32 {
    with_queue(queue, 0, |queue| queue.receiver.len() as u32)
}

/// Lets nothing in any more; what is inside can still be taken.
#[unsafe(no_mangle)]
pub extern "C" fn close_queue(queue: u32) {
    with_queue(queue, (), |queue| drop(queue.sender.take()));
}

/// A semaphore.
#[unsafe(no_mangle)]
pub extern "C" fn semaphore(permits: u32) -> u32 {
    make(|| Object::Semaphore(Semaphore::new(permits as usize)))
}

/// Takes permits at once, if there are so many.
#[unsafe(no_mangle)]
pub extern "C" fn try_acquire(semaphore: u32, permits: u32) -> i32 {
    with_semaphore(semaphore, CLOSED, |semaphore| match semaphore.try_acquire_many(permits) {
        Ok(permits) => {
            permits.forget();
            OK
        }
        Err(_) => WOULD_WAIT,
    })
}

/// Gives permits back.
#[unsafe(no_mangle)]
pub extern "C" fn release(semaphore: u32, permits: u32) {
    with_semaphore(semaphore, (), |semaphore| semaphore.add_permits(permits as usize));
}

/// How many permits there are.
#[unsafe(no_mangle)]
pub extern "C" fn permits(semaphore: u32) -> u32 {
    with_semaphore(semaphore, 0, |semaphore| semaphore.available_permits() as u32)
}

/// A signal.
#[unsafe(no_mangle)]
pub extern "C" fn signal() -> u32 {
    make(|| Object::Signal(Event::manual_reset()))
}

/// Wakes every task that waits for a signal now.
#[unsafe(no_mangle)]
pub extern "C" fn signal_all(signal: u32) {
    if let Some(Object::Signal(signal)) = OBJECTS.get(signal).as_deref() {
        // Who waits now is released; who comes later waits for the next time.
        signal.set();
        signal.reset();
    }
}
