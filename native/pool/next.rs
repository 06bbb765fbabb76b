//! The next slot of a worker: the task that it runs next, unless somebody steals it meanwhile.

// Why unsafe: the worker that has the seat promises that it is the one.

use super::biased::Biased;
use crate::atomic::{AtomicPtr, Ordering};
use crate::task::Task;
use core::ptr::{self, NonNull};

#[derive(Debug)]
pub(super) struct NextSlot {
    /// Null if there is none. Only the worker puts one in, so it stays empty for the worker.
    task: AtomicPtr<()>,
    /// For whoever takes one out.
    taking: Biased<()>,
}

impl NextSlot {
    pub(super) fn new() -> Self {
        Self { task: AtomicPtr::new(ptr::null_mut()), taking: Biased::new(()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        // Acquire: who reads "empty" before it waits pairs with the fence of its own hand-over.
        self.task.load(Ordering::Acquire).is_null()
    }

    /// Takes the task.
    ///
    /// # Safety
    /// The caller is the worker that has the seat.
    #[inline]
    pub(super) unsafe fn take(&self) -> Option<Task> {
        if self.task.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // SAFETY: by contract.
        unsafe { self.taking.own(|()| self.replace(ptr::null_mut())) }
    }

    /// Puts a task in; answers what was there before.
    ///
    /// # Safety
    /// The caller is the worker that has the seat.
    #[inline]
    pub(super) unsafe fn put(&self, task: Task) -> Option<Task> {
        let task = task.as_raw().as_ptr();
        if self.task.load(Ordering::Relaxed).is_null() {
            // Release hands the held task to the Acquire in `steal`.
            self.task.store(task, Ordering::Release);
            return None;
        }
        // SAFETY: by contract.
        unsafe { self.taking.own(|()| self.replace(task)) }
    }

    /// Takes the task, on another worker's thread.
    pub(super) fn steal(&self) -> Option<Task> {
        if self.is_empty() {
            return None;
        }
        // Not emptied if it is empty by now: the worker may put a task in without a claim. While there is
        // one it may not.
        self.taking.lock(|()| match self.is_empty() {
            true => None,
            false => self.replace(ptr::null_mut()),
        })
    }

    /// Only inside `taking`.
    #[inline]
    fn replace(&self, new: *mut ()) -> Option<Task> {
        let before = self.task.load(Ordering::Acquire);
        self.task.store(new, Ordering::Release);
        NonNull::new(before).map(Task::from_raw)
    }
}
