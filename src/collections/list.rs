//! An intrusive doubly linked list: nodes live where their owner pinned them, so linking
//! allocates nothing and unlinking takes constant time.
//!
//! The list never owns its nodes. Whoever links a node promises to unlink it before it moves or
//! dies; in this crate the promise is kept by a pinned future whose `Drop` unlinks it under the
//! same lock that guards the list.

use core::marker::PhantomPinned;
use core::ptr::NonNull;

/// The two links, embedded in a node. Not `Unpin`, and reached through raw pointers only.
#[derive(Debug)]
pub(crate) struct Links<T> {
    prev: Option<NonNull<T>>,
    next: Option<NonNull<T>>,
    linked: Mark,
    _pin: PhantomPinned,
}

impl<T> Links<T> {
    pub(crate) const fn new() -> Self {
        Self { prev: None, next: None, linked: Mark::new(), _pin: PhantomPinned }
    }
}

/// Whether a node is in a list, which only debug builds note.
#[derive(Debug)]
struct Mark {
    #[cfg(debug_assertions)]
    is_set: bool,
}

impl Mark {
    const fn new() -> Self {
        Self {
            #[cfg(debug_assertions)]
            is_set: false,
        }
    }

    /// From unlinked to linked, or back.
    #[inline]
    fn turn(&mut self, _linked: bool) {
        #[cfg(debug_assertions)]
        assert_ne!(core::mem::replace(&mut self.is_set, _linked), _linked, "one list, once");
    }
}

/// A node that embeds [`Links`].
///
/// # Safety
/// `links` must answer the address of one and the same `Links` field inside `node`, without
/// making a reference to the rest of the node.
pub(crate) unsafe trait Node: Sized {
    fn links(node: NonNull<Self>) -> NonNull<Links<Self>>;
}

/// A list of nodes, first in first out by `push_back` and `pop_front`.
#[derive(Debug)]
pub(crate) struct List<T> {
    head: Option<NonNull<T>>,
    tail: Option<NonNull<T>>,
}

// SAFETY: the list holds addresses only; who dereferences them answers for `T`.
unsafe impl<T> Send for List<T> {}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> List<T> {
    pub(crate) const fn new() -> Self {
        Self { head: None, tail: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    pub(crate) fn front(&self) -> Option<NonNull<T>> {
        self.head
    }

    pub(crate) fn back(&self) -> Option<NonNull<T>> {
        self.tail
    }
}

impl<T: Node> List<T> {
    /// Appends a node.
    ///
    /// # Safety
    /// `node` is valid, pinned, in no list, and stays so until it is popped or removed; access
    /// to its links is exclusive to the holder of this list.
    pub(crate) unsafe fn push_back(&mut self, node: NonNull<T>) {
        let links = T::links(node).as_ptr();
        // SAFETY: the caller gives exclusive access to a valid node and, through the list, to
        // its neighbours.
        unsafe {
            (*links).linked.turn(true);
            (*links).prev = self.tail;
            (*links).next = None;
            match self.tail {
                Some(tail) => (*T::links(tail).as_ptr()).next = Some(node),
                None => self.head = Some(node),
            }
        }
        self.tail = Some(node);
    }

    /// Takes the oldest node.
    pub(crate) fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.head?;
        // SAFETY: `head` is in this list.
        unsafe { self.remove(node) };
        Some(node)
    }

    /// Takes the youngest node.
    pub(crate) fn pop_back(&mut self) -> Option<NonNull<T>> {
        let node = self.tail?;
        // SAFETY: `tail` is in this list.
        unsafe { self.remove(node) };
        Some(node)
    }

    /// Takes a node out of the middle.
    ///
    /// # Safety
    /// `node` is in this very list.
    pub(crate) unsafe fn remove(&mut self, node: NonNull<T>) {
        let links = T::links(node).as_ptr();
        // SAFETY: a linked node and its neighbours are valid by the contract of `push_back`.
        unsafe {
            (*links).linked.turn(false);
            let (prev, next) = ((*links).prev, (*links).next);
            match prev {
                Some(prev) => (*T::links(prev).as_ptr()).next = next,
                None => self.head = next,
            }
            match next {
                Some(next) => (*T::links(next).as_ptr()).prev = prev,
                None => self.tail = prev,
            }
        }
    }

    /// The nodes, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = NonNull<T>> {
        // SAFETY: nodes of this list are valid by the contract of `push_back`.
        core::iter::successors(self.head, |node| unsafe { (*T::links(*node).as_ptr()).next })
    }

    /// Moves all nodes of `other` behind those of this list.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let Some(head) = other.head.take() else { return };
        let tail = other.tail.take();
        // SAFETY: nodes of both lists are valid by the contract of `push_back`.
        unsafe { (*T::links(head).as_ptr()).prev = self.tail };
        match self.tail {
            // SAFETY: as above.
            Some(end) => unsafe { (*T::links(end).as_ptr()).next = Some(head) },
            None => self.head = Some(head),
        }
        self.tail = tail;
    }
}
