//! Stands in for [`block`](super) where no thread can wait.

use core::future::Future;

/// Waiting with the thread is impossible here.
///
/// # Panics
/// Always, and says so.
#[track_caller]
pub(crate) fn block_on<F: Future>(_: F) -> F::Output {
    panic!(
        "this host cannot wait with the thread: spawn the future and let the host drive the \
         runtime"
    )
}
