//! The token and the futures that wait for it.

use super::guard::{DropGuard, DropGuardRef};
use super::tree::{Handle, Node};
use crate::env::site::Site;
use crate::sync::wait::Waiter;
use core::fmt;
use core::future::Future;
use core::hash::{Hash, Hasher};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// Tells any number of tasks to stop.
///
/// Clones are the same token. A [child](Self::child_token) is cancelled with its parent, but can be
/// cancelled alone; it stays below its ancestors even when the tokens between are dropped.
///
/// # Examples
///
/// ```
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use creel::sync::CancellationToken;
///
/// let server = CancellationToken::new();
/// let connection = server.child_token();
/// let task = creel::spawn(async move {
///     connection.cancelled().await;
///     "closed"
/// });
/// server.cancel();
/// assert_eq!(task.await.unwrap(), "closed");
/// # });
/// ```
pub struct CancellationToken {
    node: Handle,
}

// What a panic could leave half-done is atomic or under a lock that runs no foreign code.
impl UnwindSafe for CancellationToken {}
impl RefUnwindSafe for CancellationToken {}

impl CancellationToken {
    /// A token without a parent.
    pub fn new() -> Self {
        Self { node: Handle::root() }
    }

    /// A token that is cancelled with this one, at the latest. Below a cancelled token it is
    /// cancelled from the start.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::sync::CancellationToken;
    ///
    /// let parent = CancellationToken::new();
    /// let (one, other) = (parent.child_token(), parent.child_token());
    /// one.cancel();
    /// assert!(!parent.is_cancelled() && !other.is_cancelled());
    /// parent.cancel();
    /// assert!(other.is_cancelled());
    /// assert!(parent.child_token().is_cancelled());
    /// ```
    pub fn child_token(&self) -> Self {
        Self { node: self.node.child() }
    }

    /// A token that has nothing to do with this one, but is often made and dropped with it.
    pub(crate) fn beside(&self) -> Self {
        Self { node: self.node.beside() }
    }

    /// Cancels this token and everything below it, at once, then wakes whoever waits for them.
    ///
    /// It needs no stack however deep the tree is, and runs no foreign code under a lock. A second
    /// call does nothing.
    pub fn cancel(&self) {
        self.node.cancel();
    }

    /// Whether the token is cancelled. One load.
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.node.is_cancelled()
    }

    /// Waits until the token is cancelled.
    ///
    /// It takes nothing from the cooperative budget: a task that has spent it still sees the
    /// cancellation.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture { waiter: Waiter::new(self.node.get(), ()).at(Site::here()) }
    }

    /// Waits until the token is cancelled, and keeps the token itself meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future drops the token, and nothing else is lost.
    #[track_caller]
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        WaitForCancellationFutureOwned { waiter: Waiter::new(self.node, ()).at(Site::here()) }
    }

    /// A guard that cancels this token when it is dropped.
    ///
    /// # Examples
    /// ```
    /// let token = creel::sync::CancellationToken::new();
    /// {
    ///     let _guard = token.clone().drop_guard();
    ///     assert!(!token.is_cancelled());
    /// }
    /// assert!(token.is_cancelled());
    /// ```
    pub fn drop_guard(self) -> DropGuard {
        DropGuard::new(self)
    }

    /// A guard that borrows this token and cancels it when it is dropped.
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef::new(self)
    }

    /// Runs `future` until it completes or the token is cancelled: `None` if it was cancelled
    /// first. A future that is ready together with the cancellation wins; one that was not begun
    /// when the token was cancelled is not begun at all.
    ///
    /// # Cancel safety
    /// As safe as `future`, which is dropped with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::CancellationToken;
    ///
    /// let token = CancellationToken::new();
    /// assert_eq!(token.run_until_cancelled(async { 1 }).await, Some(1));
    /// token.cancel();
    /// assert_eq!(token.run_until_cancelled(async { 1 }).await, None);
    /// # });
    /// ```
    pub async fn run_until_cancelled<F: Future>(&self, future: F) -> Option<F::Output> {
        if self.is_cancelled() {
            return None;
        }
        RunUntilCancelled { future, cancelled: self.cancelled() }.await
    }

    /// Like [`run_until_cancelled`](Self::run_until_cancelled), with the token inside.
    ///
    /// # Cancel safety
    /// As safe as `future`, which is dropped with it.
    pub async fn run_until_cancelled_owned<F: Future>(self, future: F) -> Option<F::Output> {
        self.run_until_cancelled(future).await
    }
}

impl Clone for CancellationToken {
    fn clone(&self) -> Self {
        Self { node: self.node.clone() }
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

/// Tokens are equal if they are clones of each other.
impl PartialEq for CancellationToken {
    fn eq(&self, other: &Self) -> bool {
        self.node.address() == other.node.address()
    }
}

impl Eq for CancellationToken {}

impl Hash for CancellationToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.node.address().hash(state);
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken").field("is_cancelled", &self.is_cancelled()).finish()
    }
}

pin_project! {
    /// Completes when a borrowed token is cancelled. Made by [`CancellationToken::cancelled`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFuture<'a> {
        #[pin]
        waiter: Waiter<&'a Node>,
    }
}

impl Future for WaitForCancellationFuture<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waiter = self.project().waiter;
        let node = *waiter.point();
        node.poll_cancelled(waiter, cx)
    }
}

impl fmt::Debug for WaitForCancellationFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForCancellationFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// Completes when the token inside is cancelled. Made by
    /// [`CancellationToken::cancelled_owned`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFutureOwned {
        #[pin]
        waiter: Waiter<Handle>,
    }
}

impl Future for WaitForCancellationFutureOwned {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Handle::poll(self.project().waiter, cx)
    }
}

impl fmt::Debug for WaitForCancellationFutureOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForCancellationFutureOwned").finish_non_exhaustive()
    }
}

pin_project! {
    /// `future`, unless the token is cancelled first.
    struct RunUntilCancelled<'a, F> {
        #[pin]
        future: F,
        #[pin]
        cancelled: WaitForCancellationFuture<'a>,
    }
}

impl<F: Future> Future for RunUntilCancelled<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => this.cancelled.poll(cx).map(|()| None),
        }
    }
}
