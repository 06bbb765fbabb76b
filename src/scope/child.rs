//! A child of a scope: its future as the scope runs it, and its handle.

use super::frame::{Frame, Signals};
use super::policy::Judges;
use super::region::Region;
use super::roster::Entry;
use crate::env::panics::Panics;
use crate::lock::Lock;
use crate::task::task_tracker::TaskTrackerToken;
use crate::task::{Id, JoinHandle};
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// What the body and the children of a scope share.
pub(crate) struct Shared<E> {
    /// Reach the body and the children.
    pub(crate) whole: Arc<Signals>,
    /// Reach the children.
    pub(crate) children: Arc<Signals>,
    keeps_going: bool,
    trouble: Lock<Option<Trouble<E>>>,
}

/// Why a scope fails.
pub(crate) enum Trouble<E> {
    Panic(Panics),
    Error(E),
}

impl<E> Shared<E> {
    pub(crate) fn new(whole: Arc<Signals>, keeps_going: bool) -> Self {
        let children = Arc::new(whole.below(None));
        Self { whole, children, keeps_going, trouble: Lock::new(None) }
    }

    /// The first trouble counts, but a panic counts more than an error.
    pub(crate) fn fail(&self, trouble: Trouble<E>) {
        let old = {
            let mut place = self.trouble.lock();
            match (&*place, &trouble) {
                (None, _) | (Some(Trouble::Error(_)), Trouble::Panic(_)) => place.replace(trouble),
                _ => Some(trouble),
            }
        };
        if !self.keeps_going {
            self.whole.cancel();
        }
        // Not under the lock, and without harm if it panics.
        Panics::new().guard(|| drop(old));
    }

    /// What made the scope fail, if anything did.
    pub(crate) fn take_trouble(&self) -> Option<Trouble<E>> {
        self.trouble.lock().take()
    }
}

impl<E> fmt::Debug for Shared<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("signals", &self.whole).finish_non_exhaustive()
    }
}

/// What a child or a body has of its scope, which waits for the children until they drop this.
pub(crate) struct Part<E> {
    shared: Arc<Shared<E>>,
    is_child: bool,
}

impl<E> Part<E> {
    pub(crate) fn of_child(shared: Arc<Shared<E>>) -> Self {
        shared.children.tracker.enter();
        Self { shared, is_child: true }
    }

    pub(crate) fn of_body(shared: Arc<Shared<E>>) -> Self {
        Self { shared, is_child: false }
    }
}

impl<E> core::ops::Deref for Part<E> {
    type Target = Shared<E>;

    fn deref(&self) -> &Shared<E> {
        &self.shared
    }
}

impl<E> Drop for Part<E> {
    #[inline]
    fn drop(&mut self) {
        if self.is_child {
            self.children.tracker.leave();
        }
    }
}

pin_project! {
    /// The future of a child, or of a body: what it gives, a panic too, is told the scope.
    pub(crate) struct Member<F, E> {
        #[pin]
        region: Region<F>,
        entry: Option<Entry>,
        shared: Part<E>,
        outer: Option<TaskTrackerToken>,
    }

    impl<F, E> PinnedDrop for Member<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut panics = Panics::new();
            panics.guard(|| this.region.end());
            if panics.any() {
                this.shared.fail(Trouble::Panic(panics));
            }
        }
    }
}

impl<F, E> Member<F, E> {
    pub(crate) fn new(
        frame: Frame,
        future: F,
        shared: Part<E>,
        entry: Option<Entry>,
        outer: Option<TaskTrackerToken>,
    ) -> Self {
        Self { region: Region::new(frame, future), entry, shared, outer }
    }

    /// Polls the future; what is wrong is told the scope.
    pub(crate) fn poll_judged<P>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<P::Value, ChildError>>
    where
        F: Future,
        P: Judges<F::Output, Error = E>,
    {
        let mut this = self.project();
        let mut panics = Panics::new();
        let mut polled = Poll::Pending;
        panics.guard(|| polled = this.region.as_mut().poll(cx));
        if polled.is_ready() || panics.any() {
            *this.entry = None;
        }
        let (error, trouble) = match polled {
            _ if panics.any() => {
                // As in a function: what it held is dropped while it is known that it failed.
                Panics::new().guard(|| this.region.end());
                (ChildError::Panicked, Trouble::Panic(panics))
            }
            Poll::Pending => return Poll::Pending,
            Poll::Ready(None) => return Poll::Ready(Err(ChildError::Cancelled)),
            Poll::Ready(Some(output)) => match P::judge(output) {
                Ok(value) => return Poll::Ready(Ok(value)),
                Err(error) => (ChildError::Failed, Trouble::Error(error)),
            },
        };
        this.shared.fail(trouble);
        Poll::Ready(Err(error))
    }
}

pin_project! {
    /// A [`Member`] as a future by itself.
    pub(crate) struct Judged<F, P: super::Policy> {
        #[pin]
        member: Member<F, P::Error>,
    }
}

impl<F, P: super::Policy> Judged<F, P> {
    pub(crate) fn new(member: Member<F, P::Error>) -> Self {
        Self { member }
    }
}

impl<F: Future, P: Judges<F::Output>> Future for Judged<F, P> {
    type Output = Result<P::Value, ChildError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().member.poll_judged::<P>(cx)
    }
}

/// The handle of a child of a [`Scope`](super::Scope): a future of its value.
///
/// Dropping it changes nothing: the child belongs to its scope.
///
/// # Cancel safety
/// Awaiting `&mut child` is cancel safe: the value stays where it is until it is taken.
///
/// # Panics
/// When polled again after it gave its value.
pub struct Child<T> {
    task: JoinHandle<Result<T, ChildError>>,
}

impl<T> Child<T> {
    pub(crate) fn new(task: JoinHandle<Result<T, ChildError>>) -> Self {
        Self { task }
    }

    /// Drops the child's future at its next turn, whatever it is doing. Its shields do not help it;
    /// clean-up that it owes is done elsewhere, and the scope waits for it.
    ///
    /// # Examples
    /// ```
    /// # #[creel::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let stuck = creel::scope(async |s| {
    ///     let stuck = s.spawn(std::future::pending::<()>());
    ///     stuck.abort();
    ///     stuck.await
    /// });
    /// assert_eq!(stuck.await, Err(creel::scope::ChildError::Cancelled));
    /// # }
    /// ```
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Whether the child has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// The id of the task that the child is.
    pub fn id(&self) -> Id {
        self.task.id()
    }
}

impl<T> Future for Child<T> {
    type Output = Result<T, ChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(cx).map(|outcome| match outcome {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => Err(ChildError::Panicked),
            Err(_) => Err(ChildError::Cancelled),
        })
    }
}

impl<T> fmt::Debug for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("id", &self.id()).finish()
    }
}

/// Why a child gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildError {
    /// It was cancelled, with its scope or alone.
    Cancelled,
    /// It failed; the scope has its error.
    Failed,
    /// It panicked; the scope has the payload.
    Panicked,
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the child was cancelled",
            Self::Failed => "the child failed, and its scope has the error",
            Self::Panicked => "the child panicked, and its scope has the payload",
        })
    }
}

impl core::error::Error for ChildError {}
