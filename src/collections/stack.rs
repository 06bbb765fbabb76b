//! R. Kent Treiber's stack ("Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986),
//! with hazard pointers.
//!
//! A linked list whose head moves by compare-and-swap. A thread that pops reads the `next` of the
//! head; so a node must not be freed meanwhile, nor come back at the same address, or the
//! compare-and-swap would take it for the same. The [`Domain`] sees to both. A thread that pushes
//! reads nothing of the head, but links to it: if the node there were freed, and a new one came to
//! its address, the link would have the old one's provenance. So it protects the head as well.
//!
//! A node's `next` is written before it is pushed and never after; its value belongs to whoever moves
//! the head over it.

use super::hazard::{Domain, Guard};
use super::{Padded, drop_each};
use crate::atomic::{AtomicPtr, Ordering, UnsafeCell};
use alloc::boxed::Box;
use core::fmt;
use core::mem::MaybeUninit;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::{self, NonNull};

/// An unbounded stack for any number of threads, last in first out.
///
/// *Progress:* lock-free, but for the allocator: a value is one allocation. Whoever loses a race
/// lost it to a thread that got something done. At most as many nodes as there are threads in `pop`
/// wait to be freed.
///
/// # Examples
/// ```
/// let stack = creel::collections::Stack::new();
/// std::thread::scope(|scope| {
///     for number in 1..=3 {
///         let stack = &stack;
///         scope.spawn(move || stack.push(number));
///     }
/// });
/// assert!(stack.pop().is_some());
/// assert_eq!(stack.take_all().count(), 2);
/// assert_eq!(stack.pop(), None);
/// ```
pub struct Stack<T> {
    head: Padded<AtomicPtr<Node<T>>>,
    domain: Domain,
}

struct Node<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    next: *mut Node<T>,
}

// SAFETY: each value goes from one thread to one other, which `T: Send` allows.
unsafe impl<T: Send> Send for Stack<T> {}
// SAFETY: as above; nobody gets a reference to a value that is inside.
unsafe impl<T: Send> Sync for Stack<T> {}
impl<T> UnwindSafe for Stack<T> {}
impl<T> RefUnwindSafe for Stack<T> {}

impl<T> Stack<T> {
    /// An empty stack.
    pub fn new() -> Self {
        Self { head: Padded(AtomicPtr::new(ptr::null_mut())), domain: Domain::new() }
    }

    /// Puts a value on top.
    pub fn push(&self, value: T) {
        let value = UnsafeCell::new(MaybeUninit::new(value));
        let node = Box::into_raw(Box::new(Node { value, next: ptr::null_mut() }));
        loop {
            // SAFETY: as in `pop`.
            let head = unsafe { self.domain.protect(&self.head.0) };
            let next = head.as_ref().map_or(ptr::null_mut(), Guard::as_ptr);
            // SAFETY: nobody else knows the node.
            unsafe { (*node).next = next };
            // Release hands the node to the Acquire of whoever finds it: in `Domain::protect` and
            // `take_all`, also when others push and pop in between, for they all exchange.
            let won =
                self.head.0.compare_exchange(next, node, Ordering::Release, Ordering::Relaxed);
            if won.is_ok() {
                return;
            }
        }
    }

    /// Takes the value on top.
    pub fn pop(&self) -> Option<T> {
        loop {
            // SAFETY: the head holds boxes, which are retired when they were taken out.
            let guard = unsafe { self.domain.protect(&self.head.0) }?;
            let node = Guard::as_ptr(&guard);
            // SeqCst: `retire_ordered` asks for it.
            let won =
                self.head.0.compare_exchange(node, guard.next, Ordering::SeqCst, Ordering::Relaxed);
            if won.is_ok() {
                // SAFETY: who moved the head has the value.
                let value = guard.value.with(|it| unsafe { (*it).assume_init_read() });
                drop(guard);
                self.retire(node);
                return Some(value);
            }
        }
    }

    /// Takes all values at once, the last in first.
    pub fn take_all(&self) -> TakeAll<'_, T> {
        // SeqCst: `retire_ordered` asks for it. Acquire is part of it.
        TakeAll { next: self.head.0.swap(ptr::null_mut(), Ordering::SeqCst), stack: self }
    }

    /// Whether it is empty, at this moment.
    pub fn is_empty(&self) -> bool {
        // Acquire: so that "empty" comes after what emptied it.
        self.head.0.load(Ordering::Acquire).is_null()
    }

    /// Frees a node that this thread took out, and whose value is gone.
    fn retire(&self, node: *mut Node<T>) {
        // SAFETY: it was in the stack, so it is a box that is not null, and was taken out once, by
        // SeqCst. Without its value nothing of it cares for threads.
        unsafe { self.domain.retire_ordered(NonNull::new_unchecked(node)) }
    }
}

impl<T> Default for Stack<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<T> for Stack<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> FromIterator<T> for Stack<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut stack = Self::new();
        stack.extend(values);
        stack
    }
}

impl<T> Drop for Stack<T> {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}

impl<T> fmt::Debug for Stack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("is_empty", &self.is_empty()).finish_non_exhaustive()
    }
}

/// What [`Stack::take_all`] answers: the values that were in a stack.
pub struct TakeAll<'a, T> {
    next: *mut Node<T>,
    stack: &'a Stack<T>,
}

// SAFETY: the values are the iterator's alone, and may go along with it.
unsafe impl<T: Send> Send for TakeAll<'_, T> {}
// SAFETY: nothing can be done with a shared one.
unsafe impl<T: Send> Sync for TakeAll<'_, T> {}

impl<T> Iterator for TakeAll<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let node = self.next;
        // SAFETY: the nodes from here on were taken out by us, and are not retired yet.
        let this = unsafe { node.as_ref() }?;
        self.next = this.next;
        // SAFETY: who moved the head has the values of all nodes behind it.
        let value = this.value.with(|it| unsafe { (*it).assume_init_read() });
        self.stack.retire(node);
        Some(value)
    }
}

impl<T> core::iter::FusedIterator for TakeAll<'_, T> {}

impl<T> Drop for TakeAll<'_, T> {
    fn drop(&mut self) {
        drop_each(|| self.next());
    }
}

impl<T> fmt::Debug for TakeAll<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeAll").finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
