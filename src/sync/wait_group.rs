//! A group whose members one can wait for: a [`Latch`](super::Latch) that counts its own handles.
//!
//! The count can only rise through a member, so once it is zero it stays zero. Whoever brings it
//! there releases the waiters.

use super::crowd::{Crowd, Named};
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::site::Site;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;

/// Waits until every member of a group is gone.
///
/// Each clone is a member, and leaves when it is dropped. [`wait`](Self::wait) leaves too, and then
/// waits for the others.
///
/// # Examples
///
/// ```
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use creel::sync::WaitGroup;
///
/// let group = WaitGroup::new();
/// for _ in 0..3 {
///     let member = group.clone();
///     creel::spawn(async move {
///         creel::task::yield_now().await;
///         drop(member);
///     });
/// }
/// group.wait().await;
/// # });
/// ```
pub struct WaitGroup {
    group: Arc<Group>,
}

struct Group {
    members: AtomicUsize,
    waiters: Crowd<Self>,
}

impl WaitGroup {
    /// A group of one member.
    pub fn new() -> Self {
        Self { group: Arc::new(Group { members: AtomicUsize::new(1), waiters: Crowd::new() }) }
    }

    /// How many members there are, this one among them.
    pub fn count(&self) -> usize {
        self.group.members.load(Ordering::Acquire)
    }

    /// Leaves the group, and waits until all others have left. Several may wait at once.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the group, if that has not happened yet, and nothing else.
    #[track_caller]
    pub fn wait(self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            let group = Arc::clone(&self.group);
            drop(self);
            group.waiters.wait_for(|| group.is_empty().then_some(())).await
        })
    }
}

impl Group {
    fn is_empty(&self) -> bool {
        // Acquire pairs with the Release in `drop`: what members did is seen by who waited.
        self.members.load(Ordering::Acquire) == 0
    }
}

impl Named for Group {
    const NAME: &'static str = "wait group";
}

impl Clone for WaitGroup {
    fn clone(&self) -> Self {
        // Relaxed: this member keeps the count above zero.
        self.group.members.fetch_add(1, Ordering::Relaxed);
        Self { group: Arc::clone(&self.group) }
    }
}

impl Drop for WaitGroup {
    fn drop(&mut self) {
        // Release publishes what this member did, Acquire takes in what the others published.
        if self.group.members.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.group.waiters.release();
        }
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup").field("count", &self.count()).finish()
    }
}
