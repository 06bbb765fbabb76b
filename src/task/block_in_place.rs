//! Blocking the thread of a worker.

use crate::env::context::{self, Restore};
use crate::env::coop::Budget;
use crate::env::owner::OwnerRef;

/// Runs a closure that blocks the thread, on this very thread: the other tasks of a worker are
/// taken over by a substitute, so only the calling task waits. Inside, `block_on` is allowed.
///
/// Outside a runtime, and in the future given to `block_on` of a multi-threaded runtime, it just
/// runs the closure. Tasks bound to this thread by `spawn_local` wait until it is done.
///
/// # Panics
/// If `f` panics; and on a current-thread runtime, where nobody could take over: use
/// [`spawn_blocking`](crate::task::spawn_blocking) there.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Runtime::new().unwrap();
/// # runtime.block_on(async {
/// let task = creel::spawn(async {
///     creel::task::block_in_place(|| std::thread::sleep(std::time::Duration::from_millis(1)));
/// });
/// task.await.unwrap();
/// # });
/// ```
#[track_caller]
pub fn block_in_place<F: FnOnce() -> R, R>(f: F) -> R {
    let (driving, runtime) = context::with(|cx| (cx.driving.get(), cx.runtime.get()));
    if context::with(|cx| cx.occupied.get()) {
        // First who drives, a local set perhaps, which may refuse; then the runtime it runs in.
        for owner in driving.into_iter().chain(runtime.filter(|_| driving != runtime)) {
            // SAFETY: whoever set the slots keeps the owners alive until they are reset.
            let allowed = unsafe { OwnerRef::retain(owner) }.step_aside();
            assert!(
                allowed,
                "`block_in_place` would block all tasks of this thread: use `spawn_blocking` \
                 (tokio: can call blocking only when running on the multi-threaded runtime)"
            );
        }
    }
    let _free = Restore::set(|cx| &cx.occupied, false);
    let _unlimited = Restore::set(|cx| &cx.budget, Budget::UNLIMITED);
    f()
}
