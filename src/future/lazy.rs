//! A value that is computed when it is first asked for.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Calls `f` when the future is first polled, and is ready with what it returns.
///
/// `f` gets the context of the task, for code that needs its waker.
///
/// # Cancel safety
///
/// Dropped before it was polled, it drops `f` uncalled.
///
/// # Examples
///
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let later = creel::future::lazy(|_| 1 + 1);
/// assert_eq!(later.await, 2);
/// # }
/// ```
pub fn lazy<F, T>(f: F) -> Lazy<F>
where
    F: FnOnce(&mut Context<'_>) -> T,
{
    Lazy { f: Some(f) }
}

/// Future of [`lazy`].
///
/// # Panics
///
/// When it is polled after completion.
#[must_use = "futures do nothing unless awaited"]
pub struct Lazy<F> {
    f: Option<F>,
}

// `f` is never pinned, only moved out and called.
impl<F> Unpin for Lazy<F> {}

impl<F, T> Future for Lazy<F>
where
    F: FnOnce(&mut Context<'_>) -> T,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let f = self.f.take().expect("`Lazy` was polled after it had completed");
        Poll::Ready(f(cx))
    }
}

impl<F> fmt::Debug for Lazy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").field("called", &self.f.is_none()).finish()
    }
}
