//! The tree of nodes behind the tokens.
//!
//! # Who owns what
//!
//! A node lives as long as it has handles: tokens, futures that own one, and a canceller that is
//! about to wake its waiters. A node whose last handle is gone hands its only child to its parent
//! and is freed; if it has several, it is *retained* in the tree until they are down to one. So a
//! retained node has two children or more, and there are fewer of them than of live leaves: memory
//! is bounded by the tokens that exist, and attaching and detaching take constant time.
//!
//! # Who may touch what
//!
//! - `branch` and `links` belong to whoever holds the lock of the `tree`. All nodes of a tree share
//!   that lock, and two trees may; a node that left its parent keeps it.
//! - `cancelled` goes to true once, under that lock, and is read by anybody.
//! - `handles` rises only from a handle, or from non-zero under the lock. Who brings it to zero
//!   takes the lock and settles the node; until then the node stays in the tree.
//! - `waiters` has a lock of its own. A waiter looks at `cancelled` under it, and a canceller takes
//!   it after setting `cancelled`, so either the one sees the flag or the other sees the waiter.
//!
//! # Cancelling
//!
//! Under the lock, the node leaves its parent, and then all nodes below it are marked, breadth
//! first: the children of each are appended to one list that is linked through the nodes
//! themselves, so neither stack nor heap is needed. Cancelled nodes are in no tree; their links are
//! free to hold the list of those to wake, each kept alive by a handle. The lock is released before
//! the first waker is called.
//!
//! Deliberately absent: a lock a node. It would let siblings attach in parallel, and cost every
//! operation that looks at two levels a second lock and a second thought about order.
//!
//! Why unsafe: nodes point up, down and sideways, so no reference can say who keeps whom alive.

use crate::atomic::{AtomicBool, AtomicUsize, Ordering, UnsafeCell, fence};
use crate::collections::list::{self, Links, List};
use crate::env::dump::Wait;
use crate::lock::Lock;
use crate::sync::panics::Panics;
use crate::sync::wait::{WaitList, WaitPoint, Waiter, wake_while};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// One token and all its clones.
pub(super) struct Node {
    cancelled: AtomicBool,
    handles: AtomicUsize,
    tree: Arc<Lock<()>>,
    branch: UnsafeCell<Branch>,
    /// In a cell because neighbours write it while handles refer to the node.
    links: core::cell::UnsafeCell<Links<Node>>,
    waiters: Lock<WaitList<()>>,
}

/// The place of a node in its tree.
struct Branch {
    parent: Option<NonNull<Node>>,
    children: List<Node>,
    count: usize,
    /// Without handles, in the tree for the sake of its children.
    retained: bool,
}

// SAFETY: `links` is one field at a fixed place; only its address is formed.
unsafe impl list::Node for Node {
    fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the field of a valid node is not null; the cell has the layout of its content.
        unsafe { NonNull::new_unchecked((&raw mut (*node.as_ptr()).links).cast()) }
    }
}

// SAFETY: a node is made of atomics and of what its locks guard; links and branch hold addresses.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    fn alloc(tree: Arc<Lock<()>>) -> NonNull<Self> {
        let branch = Branch { parent: None, children: List::new(), count: 0, retained: false };
        let node = Self {
            cancelled: AtomicBool::new(false),
            handles: AtomicUsize::new(1),
            tree,
            branch: UnsafeCell::new(branch),
            links: core::cell::UnsafeCell::new(Links::new()),
            waiters: Lock::new(WaitList::new()),
        };
        NonNull::from(Box::leak(Box::new(node)))
    }

    /// Whether the node is cancelled.
    #[inline]
    pub(super) fn is_cancelled(&self) -> bool {
        // Acquire pairs with the Release in `mark`: what came before `cancel` is seen.
        self.cancelled.load(Ordering::Acquire)
    }

    /// Ready when the node is cancelled.
    pub(super) fn poll_cancelled<P>(
        &self,
        waiter: Pin<&mut Waiter<P>>,
        cx: &mut Context<'_>,
    ) -> Poll<()>
    where
        P: WaitPoint<Guarded = WaitList<()>, Slot = ()>,
    {
        if self.is_cancelled() {
            return Poll::Ready(());
        }
        waiter.enroll(Some(cx.waker()), |_, (), _| self.is_cancelled().then_some(()))
    }
}

// SAFETY: always the one lock and the one list inside the node that the reference keeps alive.
unsafe impl WaitPoint for &Node {
    type Guarded = WaitList<()>;
    type Slot = ();

    fn lock(&self) -> &Lock<WaitList<()>> {
        &self.waiters
    }

    fn waiters(list: &mut WaitList<()>) -> &mut WaitList<()> {
        list
    }

    fn wait(&self, _: &()) -> Wait {
        Wait::new("cancellation token")
    }
}

/// A counted pointer to a node.
pub(super) struct Handle(NonNull<Node>);

// SAFETY: nodes are `Send` and `Sync`, so whichever thread drops the last handle may free one.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// A node without a parent.
    pub(super) fn root() -> Self {
        Self(Node::alloc(Arc::new(Lock::new(()))))
    }

    /// A node without a parent, whose tree shares the lock of this one's.
    pub(super) fn beside(&self) -> Self {
        Self(Node::alloc(Arc::clone(&self.get().tree)))
    }

    /// A new node below this one.
    pub(super) fn child(&self) -> Self {
        let node = self.get();
        let child = Self(Node::alloc(Arc::clone(&node.tree)));
        let tree = node.tree.lock();
        if node.is_cancelled() {
            drop(tree);
            // Relaxed: nobody else knows the child.
            child.get().cancelled.store(true, Ordering::Relaxed);
        } else {
            // SAFETY: the lock is held; the child is new, and the parent is in the tree.
            unsafe { attach(self.0, child.0) };
            drop(tree);
        }
        child
    }

    #[inline]
    pub(super) fn get(&self) -> &Node {
        // SAFETY: a handle keeps its node alive.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn address(&self) -> *const Node {
        self.0.as_ptr()
    }

    #[inline]
    pub(super) fn is_cancelled(&self) -> bool {
        self.get().is_cancelled()
    }

    /// Cancels the node and all below it, then wakes their waiters.
    pub(super) fn cancel(&self) {
        if self.is_cancelled() {
            return;
        }
        let tree = self.get().tree.lock();
        if self.is_cancelled() {
            return;
        }
        // SAFETY: the lock is held, and the node is alive and not cancelled.
        let (superfluous, cancelled) = unsafe { (detach(self.0), mark_all(self.0)) };
        drop(tree);
        // SAFETY: it left the tree and has no handles.
        unsafe { free(superfluous) };
        cancelled.wake();
    }

    /// A waiter that owns this handle is ready when the node is cancelled.
    pub(super) fn poll(waiter: Pin<&mut Waiter<Self>>, cx: &mut Context<'_>) -> Poll<()> {
        let node = waiter.point().0;
        // SAFETY: the waiter is borrowed for the whole call, and owns a handle.
        unsafe { node.as_ref() }.poll_cancelled(waiter, cx)
    }
}

// SAFETY: the node, and with it the one lock and the one list, lives as long as the handle.
unsafe impl WaitPoint for Handle {
    type Guarded = WaitList<()>;
    type Slot = ();

    fn lock(&self) -> &Lock<WaitList<()>> {
        &self.get().waiters
    }

    fn waiters(list: &mut WaitList<()>) -> &mut WaitList<()> {
        list
    }

    fn wait(&self, _: &()) -> Wait {
        Wait::new("cancellation token")
    }
}

impl Clone for Handle {
    #[inline]
    fn clone(&self) -> Self {
        // Relaxed: this handle keeps the count above zero.
        let handles = self.get().handles.fetch_add(1, Ordering::Relaxed);
        assert!(handles <= usize::MAX / 2, "too many clones of a cancellation token");
        Self(self.0)
    }
}

impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        // Release publishes what this handle did to whoever frees the node.
        if self.get().handles.fetch_sub(1, Ordering::Release) == 1 {
            // Acquire: and this takes in what all other handles did.
            fence(Ordering::Acquire);
            // SAFETY: the last handle is gone, so the count stays at zero.
            unsafe { settle(self.0) };
        }
    }
}

/// The nodes that a call of `cancel` has marked, each with a handle.
struct Cancelled(List<Node>);

impl Cancelled {
    /// Wakes all who wait for them, also if a waker panics.
    fn wake(mut self) {
        let mut panics = Panics::new();
        while let Some(node) = self.0.pop_front() {
            let handle = Handle(node);
            let node = handle.get();
            panics.guard(|| wake_while(&node, node.waiters.lock(), |()| true));
        }
        panics.resume();
    }
}

/// Marks `node` and all below it, takes them out of the tree and adds a handle to each.
///
/// # Safety
/// The lock of the tree is held; `node` has a handle, no parent, and is not cancelled.
unsafe fn mark_all(node: NonNull<Node>) -> Cancelled {
    let mut cancelled = List::new();
    let mut unmarked = List::new();
    let mut next = Some(node);
    while let Some(node) = next {
        // SAFETY: nodes in the tree are alive while the lock is held.
        let this = unsafe { node.as_ref() };
        // SAFETY: as above.
        let retained = unsafe {
            with_branch(node, |branch| {
                unmarked.append(&mut branch.children);
                branch.count = 0;
                branch.parent = None;
                core::mem::take(&mut branch.retained)
            })
        };
        // Release publishes what came before `cancel` to `is_cancelled`.
        this.cancelled.store(true, Ordering::Release);
        // A node that has no handles and is not retained is about to be settled, by the thread that
        // dropped the last one and now waits for the lock: it is left to that thread.
        let one_more = |handles: usize| (retained || handles > 0).then_some(handles + 1);
        // Relaxed: the lock orders it with `settle`, and the new handle stays on this thread.
        if this.handles.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
            // SAFETY: the node is in no list, and the new handle keeps it alive.
            unsafe { cancelled.push_back(node) };
        }
        next = unmarked.pop_front();
    }
    Cancelled(cancelled)
}

/// Links `child` below `parent`.
///
/// # Safety
/// The lock of the tree is held, both nodes are alive, and `child` has no parent.
unsafe fn attach(parent: NonNull<Node>, child: NonNull<Node>) {
    // SAFETY: as the caller promises.
    unsafe {
        with_branch(child, |branch| branch.parent = Some(parent));
        with_branch(parent, |branch| {
            branch.children.push_back(child);
            branch.count += 1;
        });
    }
}

/// Takes `node`, with all below it, from its parent. Answers the parent, if that was retained for
/// its children and now has left the tree, too: the caller frees it after the lock.
///
/// # Safety
/// The lock of the tree is held, and `node` is alive.
unsafe fn detach(node: NonNull<Node>) -> Option<NonNull<Node>> {
    // SAFETY: as the caller promises; a parent is alive as long as it has children.
    unsafe {
        let parent = with_branch(node, |branch| branch.parent.take())?;
        let superfluous = with_branch(parent, |branch| {
            branch.children.remove(node);
            branch.count -= 1;
            branch.retained && branch.count == 1
        });
        superfluous.then(|| {
            replace_by_child(parent);
            parent
        })
    }
}

/// Takes `node` out of the tree and puts its only child in its place.
///
/// # Safety
/// The lock of the tree is held, and `node` is alive and has one child.
unsafe fn replace_by_child(node: NonNull<Node>) {
    // SAFETY: as the caller promises; parents and children of live nodes are alive.
    unsafe {
        let (parent, child) = with_branch(node, |branch| {
            branch.count = 0;
            (branch.parent.take(), branch.children.pop_front())
        });
        let child = child.expect("the caller counted one child");
        with_branch(child, |branch| branch.parent = None);
        if let Some(parent) = parent {
            with_branch(parent, |branch| {
                branch.children.remove(node);
                branch.count -= 1;
            });
            attach(parent, child);
        }
    }
}

/// Frees a node without handles, or retains it for its children.
///
/// # Safety
/// The last handle of `node` is gone, and the caller is the one that dropped it.
unsafe fn settle(node: NonNull<Node>) {
    // SAFETY: a node without handles lives until it is settled.
    let tree = unsafe { node.as_ref() }.tree.lock();
    // SAFETY: the lock is held, and the node is alive.
    let superfluous = unsafe {
        match with_branch(node, |branch| branch.count) {
            0 => detach(node),
            1 => {
                replace_by_child(node);
                None
            }
            _ => return with_branch(node, |branch| branch.retained = true),
        }
    };
    drop(tree);
    // SAFETY: both are in no tree and have no handles.
    unsafe {
        free(Some(node));
        free(superfluous);
    }
}

/// # Safety
/// The node, if any, is in no tree, has no handles, and the lock of the tree is not held.
unsafe fn free(node: Option<NonNull<Node>>) {
    if let Some(node) = node {
        // SAFETY: it came from a box, and nobody knows it any more.
        drop(unsafe { Box::from_raw(node.as_ptr()) });
    }
}

/// # Safety
/// The lock of the tree is held, and `node` is alive.
unsafe fn with_branch<R>(node: NonNull<Node>, f: impl FnOnce(&mut Branch) -> R) -> R {
    // SAFETY: the lock makes the access exclusive; no `f` reaches the same branch a second time.
    unsafe { node.as_ref().branch.with_mut(|branch| f(&mut *branch)) }
}
