//! Clean-up that awaits, and happens however the work ends.
//!
//! ```text
//!   NEW ── first poll ──▶ BODY ── ready, cancelled, panicked ──▶ CLEAN-UP ── ready, late ──▶ DONE
//!                          └──────────── dropped ───┬───────────────┘
//!                                                   ▼
//!                                        a task of the runtime
//! ```
//!
//! BODY and CLEAN-UP hold the region around, so cancelling waits for them.

use super::frame::{Frame, Hold, check_cancelled, with_frame};
use super::region::Region;
use crate::env::context;
use crate::env::panics::{Panics, unwinding};
use crate::task::task_tracker::TaskTrackerToken;
use crate::task::{self, Handle, TaskTracker};
use crate::time::{Duration, Timeout, timeout};
use alloc::boxed::Box;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Runs `body`, and then `cleanup`, however `body` ends: by its output, a panic, by being cancelled,
/// or by being dropped.
///
/// - When it ends by itself or [is cancelled](super), `cleanup` runs in its place, and whoever
///   cancels waits for it. It is [shielded](super::shield).
/// - When it is dropped, by `select!`, an abort, the end of a task, there is nobody to wait. Then
///   `cleanup` becomes a task of the runtime that `body` ran in, named `clean-up`. A scope around
///   waits for that task too, and so does [`Runtime::shutdown`](crate::runtime::Runtime::shutdown),
///   which reports it if it is late. If the runtime has already ended, nobody can run it any more,
///   and it is dropped.
/// - It has a minute, unless [`within`](Finally::within) says otherwise, and is dropped then.
///
/// It is owed from the first poll on: a future that was never begun has nothing to clean up. Where
/// panics abort there is none after a panic.
///
/// # Cancel safety
/// Dropping it drops `body` and hands `cleanup` over, as said above.
///
/// # Panics
/// If `body` or `cleanup` panics; `body`'s panic counts, and goes on after the clean-up.
///
/// # Examples
/// ```
/// use creel::sync::mpsc;
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let (send, mut server) = mpsc::channel(1);
/// creel::scope(async |s| {
///     let farewell = async move { send.send("bye").await.unwrap() };
///     s.spawn(creel::scope::finally(std::future::pending::<()>(), farewell));
///     creel::task::yield_now().await;
///     s.cancel();
/// })
/// .await;
/// assert_eq!(server.recv().await, Some("bye"));
/// # }
/// ```
pub fn finally<B, C>(body: B, cleanup: C) -> Finally<B::IntoFuture, C::IntoFuture>
where
    B: IntoFuture,
    C: IntoFuture<Output = (), IntoFuture: Send + 'static>,
{
    Finally::new(body.into_future(), cleanup.into_future(), |cleanup, runtime| {
        if let Some(runtime) = runtime {
            let started = task::Builder::new().name(NAME).spawn_on(cleanup, &runtime);
            drop(started);
        }
    })
}

/// [`finally`] with a clean-up that need not be `Send`: if it has to become a task, it stays on this
/// thread. Where the thread drives no runtime at that moment, it is dropped.
///
/// # Cancel safety
/// That of [`finally`].
///
/// # Panics
/// If `body` or `cleanup` panics.
pub fn finally_local<B, C>(body: B, cleanup: C) -> Finally<B::IntoFuture, C::IntoFuture>
where
    B: IntoFuture,
    C: IntoFuture<Output = (), IntoFuture: 'static>,
{
    Finally::new(body.into_future(), cleanup.into_future(), |cleanup, _| {
        if context::with(|cx| cx.local.get()).is_some() {
            drop(task::Builder::new().name(NAME).spawn_local(cleanup));
        }
    })
}

/// The name of the task that a clean-up becomes.
const NAME: &str = "clean-up";

const A_MINUTE: Duration = Duration::from_secs(60);

pin_project! {
    /// Future of [`finally`] and [`finally_local`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Finally<B: Future, C: Future<Output = ()>> {
        #[pin]
        body: Region<B>,
        outcome: Option<B::Output>,
        panics: Panics,
        cleanup: Cleanup<C>,
        limit: Duration,
        // From the first poll to the end.
        owed: Option<Owed>,
        hand_over: fn(HandedOver<C>, Option<Handle>),
    }

    impl<B: Future, C: Future<Output = ()>> PinnedDrop for Finally<B, C> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(owed) = this.owed.take() else { return };
            let mut panics = Panics::new();
            panics.guard(|| this.body.as_mut().end());
            if let Some(cleanup) = this.cleanup.take(*this.limit) {
                let token = owed.tracker.map(|tracker| tracker.token());
                panics.guard(|| (this.hand_over)(HandedOver { cleanup, token }, owed.runtime));
            }
            if !unwinding() {
                panics.resume();
            }
        }
    }
}

/// What a clean-up needs if it must be left to others, and what keeps others waiting.
#[derive(Debug)]
struct Owed {
    runtime: Option<Handle>,
    tracker: Option<TaskTracker>,
    frame: Frame,
    hold: Option<Hold>,
}

#[derive(Debug)]
enum Cleanup<C> {
    Due(C),
    /// In a box, so that it can be taken elsewhere.
    Running(Pin<Box<Timeout<C>>>),
    Done,
}

impl<C: Future> Cleanup<C> {
    /// The clean-up, begun, if it is not done.
    fn take(&mut self, limit: Duration) -> Option<Pin<Box<Timeout<C>>>> {
        match core::mem::replace(self, Self::Done) {
            Self::Due(cleanup) => Some(Box::pin(timeout(limit, cleanup))),
            Self::Running(cleanup) => Some(cleanup),
            Self::Done => None,
        }
    }
}

impl<B: Future, C: Future<Output = ()>> Finally<B, C> {
    fn new(body: B, cleanup: C, hand_over: fn(HandedOver<C>, Option<Handle>)) -> Self {
        let body = Region::new(Frame::nowhere(), body);
        let (outcome, panics, cleanup) = (None, Panics::new(), Cleanup::Due(cleanup));
        Self { body, outcome, panics, cleanup, limit: A_MINUTE, owed: None, hand_over }
    }

    /// Gives the clean-up so much time, from its first poll on.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the body until it has ended; notes what it gave, or that it panicked.
    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let mut polled = Poll::Pending;
        if this.panics.finishes(|| polled = this.body.as_mut().poll(cx)) {
            *this.outcome = ready!(polled);
        } else {
            this.panics.guard(|| this.body.end());
        }
        Poll::Ready(())
    }
}

impl<B: Future, C: Future<Output = ()>> Future for Finally<B, C> {
    type Output = B::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B::Output> {
        // By projection only, as in a region.
        let this = self.as_mut().project();
        if this.owed.is_none() {
            let is_new = matches!(this.cleanup, Cleanup::Due(_));
            assert!(is_new, "the future was polled after it had completed");
            self.as_mut().begin();
        }
        if !self.as_mut().project().body.has_ended() {
            ready!(self.as_mut().poll_body(cx));
        }
        let this = self.project();
        let Some(owed) = this.owed else { return Poll::Pending };
        if let Some(mut cleanup) = this.cleanup.take(*this.limit) {
            let mut polled = Poll::Pending;
            let poll = || polled = owed.frame.enter(|| cleanup.as_mut().poll(cx)).map(drop);
            if this.panics.finishes(poll) && polled.is_pending() {
                *this.cleanup = Cleanup::Running(cleanup);
                return Poll::Pending;
            }
        }
        core::mem::replace(this.panics, Panics::new()).resume();
        match this.outcome.take() {
            Some(output) => {
                *this.owed = None;
                Poll::Ready(output)
            }
            // It was cancelled, and so is the region around, which now is free to drop this.
            None => {
                owed.hold = None;
                check_cancelled()
            }
        }
    }
}

impl<B: Future, C: Future<Output = ()>> Finally<B, C> {
    fn begin(self: Pin<&mut Self>) {
        let this = self.project();
        this.body.settle(Frame::here());
        *this.owed = Some(Owed {
            runtime: Handle::try_current().ok(),
            tracker: with_frame(|frame| frame.and_then(Frame::tracker).cloned()),
            frame: Frame::shield(),
            hold: Some(Hold::here()),
        });
    }
}

impl<B: Future, C: Future<Output = ()>> fmt::Debug for Finally<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finally").field("limit", &self.limit).finish_non_exhaustive()
    }
}

pin_project! {
    /// A clean-up that has become a task of its own.
    struct HandedOver<C> {
        cleanup: Pin<Box<Timeout<C>>>,
        // Keeps the scope waiting that it was left by.
        token: Option<TaskTrackerToken>,
    }
}

impl<C: Future<Output = ()>> Future for HandedOver<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().cleanup.as_mut().poll(cx).map(drop)
    }
}
