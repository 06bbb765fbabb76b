//! A future that is dropped where it stands when its scope is cancelled.
//!
//! ```text
//!   RUNNING ── cancelled ──▶ HELD ── the last hold is gone ──▶ ENDED
//!      └───────── ready ──────┴──────────────────────────────────▲
//! ```
//!
//! RUNNING the future is polled, unless the signal came before: then nothing more of it runs, and
//! one that was not begun is not begun at all. HELD it is polled, for the sake of what holds.

use super::frame::Frame;
use crate::sync::cancellation::WaitForCancellationFutureOwned;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

pin_project! {
    /// Answers `None` if it was cancelled.
    #[derive(Debug)]
    pub(crate) struct Region<F> {
        frame: Frame,
        #[pin]
        future: Option<F>,
        // From the first time that the future waits.
        #[pin]
        cancelled: Option<WaitForCancellationFutureOwned>,
    }
}

impl<F> Region<F> {
    /// Cancelled by what reaches into `frame`, if anything does.
    pub(crate) fn new(frame: Frame, future: F) -> Self {
        Self { frame, future: Some(future), cancelled: None }
    }

    /// Puts it into another frame, before it is polled.
    pub(crate) fn settle(self: Pin<&mut Self>, frame: Frame) {
        *self.project().frame = frame;
    }

    /// Whether the future is gone.
    pub(crate) fn has_ended(self: Pin<&mut Self>) -> bool {
        self.project().future.as_pin_mut().is_none()
    }

    /// Drops the future, inside of its frame.
    pub(crate) fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.frame.enter(|| this.future.set(None));
        this.cancelled.set(None);
    }
}

impl<F: Future> Future for Region<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // By projection only: a shared reference to the whole would reach into the future, which may
        // have borrowed from itself.
        let mut this = self.as_mut().project();
        let is_cancelled =
            this.frame.signals().is_some_and(|signals| signals.cancelled.is_cancelled());
        if is_cancelled && !this.frame.is_held(cx.waker()) {
            self.end();
            return Poll::Ready(None);
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        if let Poll::Ready(output) = this.frame.enter(|| future.poll(cx)) {
            self.end();
            return Poll::Ready(Some(output));
        }
        if this.cancelled.is_none()
            && let Some(signals) = this.frame.signals()
        {
            let cancelled = signals.cancelled.clone().cancelled_owned();
            this.cancelled.set(Some(cancelled));
        }
        // Its waker is here before the signal is looked at.
        let cancelled = this.cancelled.as_pin_mut().map(|cancelled| cancelled.poll(cx));
        if cancelled.is_none_or(|cancelled| cancelled.is_pending())
            || this.frame.is_held(cx.waker())
        {
            return Poll::Pending;
        }
        self.end();
        Poll::Ready(None)
    }
}
