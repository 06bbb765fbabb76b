//! Sections that run to their end although they are being cancelled.

use super::frame::{Frame, Hold};
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// Runs `future` to its end although something around it is cancelled; what comes after it is
/// cancelled at its next `.await`.
///
/// Inside, nothing is asked to end, nothing is cancelled and there is no deadline, also not in
/// scopes that are nested there. So whoever cancels waits for as long as the section takes: bound it,
/// by a [`timeout`](crate::time::timeout) inside the shield.
///
/// It shields from being cancelled, by a scope, a [draining](super::timeout_drain) form or a
/// [shutdown](super::Shutdown). It does not shield from being dropped: by `select!`,
/// `time::timeout`, [`Child::abort`](super::Child::abort), the abort of the task, the end of the
/// runtime. What must be done even then belongs into [`finally`](super::finally).
///
/// # Cancel safety
/// That of `future`, which is dropped with it.
///
/// # Examples
/// ```
/// use creel::scope::shield;
/// use creel::task::yield_now;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut written = 0;
/// creel::scope(async |s| {
///     let written = &mut written;
///     s.spawn(async {
///         shield(async {
///             *written += 1;
///             yield_now().await; // the other half must follow
///             *written += 1;
///         })
///         .await;
///         yield_now().await;
///         *written += 1;
///     });
///     yield_now().await;
///     s.cancel();
/// })
/// .await;
/// assert_eq!(written, 2);
/// # }
/// ```
pub fn shield<F: IntoFuture>(future: F) -> Shield<F::IntoFuture> {
    Shield { future: future.into_future(), around: None }
}

pin_project! {
    /// Future of [`shield`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Shield<F> {
        #[pin]
        future: F,
        // From the first poll to the end.
        around: Option<(Frame, Hold)>,
    }
}

impl<F: Future> Future for Shield<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let (frame, _) = this.around.get_or_insert_with(|| (Frame::shield(), Hold::here()));
        let polled = frame.enter(|| this.future.poll(cx));
        if polled.is_ready() {
            *this.around = None;
        }
        polled
    }
}
