//! A panic as a value.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::any::Any;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, UnwindSafe};

/// Turns a panic of `future` into an error that holds its payload.
///
/// A task needs no such thing: its panics end in its
/// [`JoinHandle`](crate::task::JoinHandle). This is for a part of a task. Where panics abort
/// instead of unwinding, as on most WebAssembly targets, it changes nothing.
///
/// # Errors
///
/// The payload of the panic. Polled again after that, the future may do as it likes, most often
/// panic again.
///
/// # Cancel safety
///
/// That of `future`.
///
/// # Examples
///
/// ```
/// use creel::future::catch_unwind;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(catch_unwind(async { 1 }).await.unwrap(), 1);
///
/// let payload = catch_unwind(async { panic!("no") }).await.unwrap_err();
/// assert_eq!(payload.downcast_ref(), Some(&"no"));
/// # }
/// ```
pub fn catch_unwind<F: Future + UnwindSafe>(future: F) -> CatchUnwind<F> {
    CatchUnwind { future }
}

pin_project! {
    /// Future of [`catch_unwind`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct CatchUnwind<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future + UnwindSafe> Future for CatchUnwind<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}
