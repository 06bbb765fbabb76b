//! The task of an actor: initialise, handle, terminate; and whatever way it ends, say so.
//!
//! The order at the end is the same for a return, an error, a panic and an abort: the reason
//! becomes final, whoever waits for an answer is told it, the actor's value is dropped, and then
//! monitors and links hear of it. An abort drops the future where it stands, so there the first
//! step is done by [`Run`]'s drop and the last by that of its last field.

use super::behaviour::LocalActor;
use super::context::{Context, Event};
use super::exit::ExitReason;
use super::mailbox::Shared;
use crate::env::panics::Panics;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context as Polling, Poll};
use pin_project_lite::pin_project;

/// What an actor's task does, but for the end.
#[allow(clippy::manual_async_fn)] // an `async fn` would have the actor in its future twice
pub(super) fn serve<A: LocalActor>(
    mut actor: A,
    mut cx: Context<A>,
) -> impl Future<Output = ExitReason> {
    async move {
        if let Err(reason) = Caught::new(actor.init(&mut cx)).await {
            return cx.shared().doom(reason);
        }
        let reason = match Caught::new(handle_all(&mut actor, &mut cx)).await {
            Ok(()) => ExitReason::Normal,
            Err(reason) => reason,
        };
        let reason = cx.shared().doom(reason);
        // The reason stands; what goes wrong in here changes it no more.
        drop(Caught::new(terminate(&mut actor, &reason, &mut cx)).await);
        reason
    }
}

/// Handles what comes until the actor is to end; the reason is the error.
async fn handle_all<A: LocalActor>(actor: &mut A, cx: &mut Context<A>) -> Result<(), ExitReason> {
    loop {
        match cx.next().await {
            Event::Message(message) => actor.handle(message, cx).await?,
            Event::Info(info) => actor.info(info, cx).await?,
            Event::End(reason) => return Err(reason),
        }
        if let Some(reason) = cx.take_exit() {
            return Err(reason);
        }
    }
}

async fn terminate<A: LocalActor>(
    actor: &mut A,
    reason: &ExitReason,
    cx: &mut Context<A>,
) -> Result<(), ExitReason> {
    actor.terminate(reason, cx).await;
    Ok(())
}

pin_project! {
    /// A callback, a panic of which is an error. Where nothing unwinds it changes nothing.
    struct Caught<F> {
        #[pin]
        callback: F,
    }
}

impl<F: Future<Output = Result<(), ExitReason>>> Caught<F> {
    fn new(callback: F) -> Self {
        Self { callback }
    }
}

impl<F: Future<Output = Result<(), ExitReason>>> Future for Caught<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<F::Output> {
        let callback = self.project().callback;
        match caught(|| callback.poll(cx)) {
            Ok(polled) => polled,
            Err(reason) => Poll::Ready(Err(reason)),
        }
    }
}

#[cfg(feature = "std")]
#[inline]
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, ExitReason> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).map_err(ExitReason::panicked)
}

/// Without `std` a panic cannot be caught.
#[cfg(not(feature = "std"))]
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, ExitReason> {
    Ok(f())
}

pin_project! {
    /// The whole task: the body, and what must happen however it ends.
    pub(super) struct Run<M, F> {
        #[pin]
        body: Option<F>,
        began: bool,
        // After the body.
        end: End<M>,
    }

    impl<M, F> PinnedDrop for Run<M, F> {
        fn drop(this: Pin<&mut Self>) {
            // Before the body, so that answers that are dropped with it have a reason.
            if let Some(shared) = &this.project().end.shared {
                shared.abort();
            }
        }
    }
}

/// Tells of the end when dropped.
struct End<M> {
    /// `None` once it was told.
    shared: Option<Arc<Shared<M>>>,
}

impl<M, F> Run<M, F> {
    pub(super) fn new(shared: Arc<Shared<M>>, body: F) -> Self {
        Self { body: Some(body), began: false, end: End { shared: Some(shared) } }
    }
}

impl<M, F: Future<Output = ExitReason>> Future for Run<M, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<()> {
        let mut this = self.project();
        let (Some(body), Some(shared)) = (this.body.as_mut().as_pin_mut(), &this.end.shared) else {
            return Poll::Ready(());
        };
        if !*this.began {
            *this.began = true;
            shared.begin(crate::task::try_id());
        }
        let reason = match caught(|| body.poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(reason)) | Err(reason) => reason,
        };
        shared.doom(reason);
        let mut panics = Panics::new();
        panics.guard(|| this.body.set(None));
        panics.forget();
        this.end.tell();
        Poll::Ready(())
    }
}

impl<M> End<M> {
    fn tell(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.end();
        }
    }
}

impl<M> Drop for End<M> {
    fn drop(&mut self) {
        self.tell();
    }
}
