//! Where ready tasks wait: the queue of the thread that drives them, and the inbox that everybody
//! else posts to. Both are linked through the cells, so neither allocates.

use super::cell::{Header, Task};
use crate::atomic::{AtomicPtr, Ordering, THREADS};
use core::ptr::{self, NonNull};

#[cfg_attr(not(feature = "sim"), path = "queue/shuffled_none.rs")]
mod shuffled;

use shuffled::Shuffled;

/// The order in which one thread runs its ready tasks.
#[derive(Debug)]
pub(crate) enum ReadyQueue {
    /// First in, first out.
    Fifo { head: Option<Task>, tail: Option<Task>, len: usize },
    /// Any of them, by a seed: the simulator's order.
    Shuffled(Shuffled),
    /// Its owner shuts down: what is pushed is forgotten, for its owner cancels it anyway.
    Closed,
}

impl Default for ReadyQueue {
    fn default() -> Self {
        Self::Fifo { head: None, tail: None, len: 0 }
    }
}

impl ReadyQueue {
    #[cfg(feature = "sim")]
    pub(crate) fn shuffled(seed: u64) -> Self {
        Self::Shuffled(Shuffled::new(seed))
    }

    /// A hash of every choice a seeded order has made; zero for first in, first out.
    pub(crate) fn trace(&self) -> u64 {
        match self {
            Self::Fifo { .. } | Self::Closed => 0,
            Self::Shuffled(tasks) => tasks.trace(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Fifo { len, .. } => *len,
            Self::Shuffled(tasks) => tasks.len(),
            Self::Closed => 0,
        }
    }

    /// Queues a task that the caller holds.
    #[inline]
    pub(crate) fn push(&mut self, task: Task) {
        match self {
            Self::Fifo { head, tail, len } => {
                task.set_next(None);
                match tail.replace(task) {
                    Some(last) => last.set_next(Some(task)),
                    None => *head = Some(task),
                }
                *len += 1;
            }
            Self::Shuffled(tasks) => tasks.push(task),
            Self::Closed => {}
        }
    }

    /// Takes the next task; the caller holds it now.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Task> {
        match self {
            Self::Fifo { head, tail, len } => {
                let task = (*head)?;
                *head = task.next();
                if head.is_none() {
                    *tail = None;
                }
                *len -= 1;
                Some(task)
            }
            Self::Closed => None,
            Self::Shuffled(tasks) => tasks.pop(),
        }
    }
}

/// A stack of tasks that any thread, or an interrupt handler, may push to and one thread empties. Where
/// there are no other threads nobody pushes.
///
/// R. K. Treiber's stack (1986) without its pop: the reader takes everything at once, so the ABA
/// problem does not arise.
#[derive(Debug)]
pub(crate) struct Inbox {
    top: AtomicPtr<Header>,
}

/// What became of a task that was posted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// It is the first since the inbox was emptied: the reader must be told.
    First,
    /// Others were there before it.
    More,
    /// Nobody will read the inbox any more; the task is still the caller's.
    Closed,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self { top: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The mark of a closed inbox: no cell has this address.
    fn closed() -> *mut Header {
        ptr::without_provenance_mut(usize::MAX)
    }

    /// Posts a task that the caller holds.
    pub(crate) fn push(&self, task: Task) -> Posted {
        // Acquire: the next pusher or the reader sees the links of those below.
        let mut top = self.top.load(Ordering::Acquire);
        loop {
            if top == Self::closed() {
                return Posted::Closed;
            }
            task.set_next(NonNull::new(top).map(|top| Task::from_raw(top.cast())));
            // Release hands the link and the held task to the Acquire in `take`.
            match self.top.compare_exchange_weak(
                top,
                task.as_ptr().as_ptr(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(below) if below.is_null() => return Posted::First,
                Ok(_) => return Posted::More,
                Err(actual) => top = actual,
            }
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // Acquire: who reads "empty" before it waits pairs with the fence of its own hand-over.
        !THREADS || self.top.load(Ordering::Acquire).is_null()
    }

    /// Takes all tasks, oldest first, and gives each to `each`.
    pub(crate) fn take(&self, each: impl FnMut(Task)) {
        let top = self.top.load(Ordering::Acquire);
        if THREADS && !top.is_null() && top != Self::closed() {
            // Only the reader closes the inbox, so it is still open here.
            Self::reversed(self.top.swap(ptr::null_mut(), Ordering::AcqRel), each);
        }
    }

    /// Closes the inbox and gives what was left to `each`.
    pub(crate) fn close(&self, each: impl FnMut(Task)) {
        if THREADS {
            Self::reversed(self.top.swap(Self::closed(), Ordering::AcqRel), each);
        }
    }

    fn reversed(top: *mut Header, mut each: impl FnMut(Task)) {
        if top == Self::closed() {
            return;
        }
        let mut next = NonNull::new(top).map(|top| Task::from_raw(top.cast()));
        let mut oldest = None;
        while let Some(task) = next {
            next = task.next();
            task.set_next(oldest);
            oldest = Some(task);
        }
        while let Some(task) = oldest {
            oldest = task.next();
            each(task);
        }
    }
}
