//! A worker's own queue: a ring of 256 tasks that its worker pushes to and pops from, oldest
//! first, and from which others take half at a time.
//!
//! The design is that of the Go scheduler's run queue. `tail` is written by the worker alone;
//! `head` moves by compare-and-swap, by whoever takes. A thief copies tasks first and claims them
//! after, by moving `head`: if it was too late its copies are void, so a slot may be overwritten
//! while it is read, and slots are atomics.
//!
//! `head` and `tail` count up for ever; on 64-bit targets they do not come round.

use crate::atomic::{AtomicPtr, AtomicUsize, Ordering};
use crate::task::Task;
use core::ptr::NonNull;
use std::boxed::Box;

/// How many tasks a ring holds.
pub(super) const CAPACITY: usize = if cfg!(loom) { 4 } else { 256 };

#[derive(Debug)]
pub(super) struct Ring {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: Box<[AtomicPtr<()>]>,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            slots: (0..CAPACITY).map(|_| AtomicPtr::new(core::ptr::null_mut())).collect(),
        }
    }

    fn slot(&self, position: usize) -> &AtomicPtr<()> {
        &self.slots[position % CAPACITY]
    }

    /// How many tasks are in it, roughly if others take.
    pub(super) fn len(&self) -> usize {
        let tail = self.tail.load(Ordering::Acquire);
        // `head` may have passed the `tail` that was read before it.
        (tail.wrapping_sub(self.head.load(Ordering::Acquire)) as isize).max(0) as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a task; gives it back if the ring is full. Only for the ring's worker.
    #[inline]
    pub(super) fn push(&self, task: Task) -> Result<(), Task> {
        // Relaxed: only this thread writes it.
        let tail = self.tail.load(Ordering::Relaxed);
        // Acquire: thieves are done with the slots before `head`.
        if tail.wrapping_sub(self.head.load(Ordering::Acquire)) == CAPACITY {
            return Err(task);
        }
        self.slot(tail).store(task.as_raw().as_ptr(), Ordering::Relaxed);
        // Release hands the slot and the held task to the Acquire of whoever takes it.
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the oldest task. Only for the ring's worker.
    #[inline]
    pub(super) fn pop(&self) -> Option<Task> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            // Relaxed: only this thread writes `tail`.
            if head == self.tail.load(Ordering::Relaxed) {
                return None;
            }
            let task = self.slot(head).load(Ordering::Relaxed);
            // Release: a later `push` that sees the new `head` may write the slot after this read.
            match self.head.compare_exchange_weak(
                head,
                head.wrapping_add(1),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(task_at(task)),
                Err(actual) => head = actual,
            }
        }
    }

    /// Takes half of the tasks, the larger half, into `to`, which must be empty and the caller's
    /// own; answers one more to run at once. For any worker but the ring's own.
    pub(super) fn steal_into(&self, to: &Ring) -> Option<Task> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            // Acquire pairs with the Release in `push`.
            let available = self.tail.load(Ordering::Acquire).wrapping_sub(head);
            if available == 0 {
                return None;
            }
            if available > CAPACITY {
                // `head` is stale: it moved before `tail` was read.
                head = self.head.load(Ordering::Acquire);
                continue;
            }
            let count = available - available / 2;
            // Relaxed: only the caller writes the `tail` of its own ring.
            let tail = to.tail.load(Ordering::Relaxed);
            for offset in 0..count - 1 {
                let task = self.slot(head.wrapping_add(offset + 1)).load(Ordering::Relaxed);
                to.slot(tail.wrapping_add(offset)).store(task, Ordering::Relaxed);
            }
            let first = self.slot(head).load(Ordering::Relaxed);
            // Success makes the copies ours. Release: see `pop`.
            match self.head.compare_exchange_weak(
                head,
                head.wrapping_add(count),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    // Release: see `push`.
                    to.tail.store(tail.wrapping_add(count - 1), Ordering::Release);
                    return Some(task_at(first));
                }
                Err(actual) => head = actual,
            }
        }
    }
}

fn task_at(task: *mut ()) -> Task {
    Task::from_raw(NonNull::new(task).expect("a claimed slot holds a task"))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::env::rng::Rng;
    use core::ptr;
    use std::collections::VecDeque;

    fn task(number: usize) -> Task {
        task_at(ptr::without_provenance_mut(8 * (number + 1)))
    }

    #[test]
    fn a_ring_keeps_the_order_and_gives_half_to_a_thief() {
        let (ring, mut model) = (Ring::new(), VecDeque::new());
        let mut rng = Rng::new(11);
        for number in 0..20_000 {
            match rng.below(1_000) {
                0 => {
                    let thief = Ring::new();
                    let half = model.len() - model.len() / 2;
                    assert_eq!(ring.steal_into(&thief), model.pop_front());
                    for _ in 1..half {
                        assert_eq!(thief.pop(), model.pop_front());
                    }
                    assert!(thief.is_empty());
                }
                1..450 => assert_eq!(ring.pop(), model.pop_front()),
                _ if model.len() == CAPACITY => {
                    assert_eq!(ring.push(task(number)), Err(task(number)));
                }
                _ => {
                    ring.push(task(number)).unwrap();
                    model.push_back(task(number));
                }
            }
            assert_eq!(ring.len(), model.len());
        }
    }
}
