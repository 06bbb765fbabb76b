//! Letting the others run.

use super::waker::is_current_task;
use crate::env::context;
use core::future::poll_fn;
use core::task::Poll;

/// Gives every other ready task a turn before this one goes on.
///
/// In the future of a `block_on` it lets the tasks of that runtime run.
///
/// # Cancel safety
/// Cancel safe: it does nothing but wait for its turn.
///
/// # Examples
/// ```
/// # let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let other = creel::spawn(async {});
/// creel::task::yield_now().await;
/// assert!(other.is_finished());
/// # });
/// ```
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        if is_current_task(cx.waker()) {
            // The task is held by whoever polls it: it can be queued again without an atomic.
            context::with(|context| context.yielded.set(true));
        } else {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
}
