//! What a running future is part of, and who keeps it from being cancelled.
//!
//! A [`Signals`] is what a scope tells everything below it: that it *is asked* to end, which code
//! may look at and act on, and that it *is cancelled*, which [regions](super::region) act on: they
//! drop their future where it stands. Both go from a scope to those nested in it.
//!
//! A [`Frame`] stands around each poll of a region: the context slot `scope` points to it while the
//! poll lasts, as it does to the runtime and the task. So what is below finds its scope without
//! being handed it, as it finds its runtime.
//!
//! A [`Hold`] keeps the region it was made in from dropping its future: a shield, a clean-up under
//! way, a scope that waits for its children. The region waits until the last hold is gone.
//!
//! Why unsafe: a context slot is a plain pointer, as all of them are.

use super::roster::Place;
use crate::atomic::{AtomicUsize, Ordering};
use crate::env::atomic_waker::AtomicWaker;
use crate::env::context::{self, Restore};
use crate::env::instant::Instant;
use crate::sync::CancellationToken;
use crate::task::TaskTracker;
use alloc::sync::Arc;
use core::cell::OnceCell;
use core::fmt;
use core::future::poll_fn;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

/// What a scope tells everything below it.
pub(crate) struct Signals {
    /// It shall end by itself, soon.
    pub(crate) asked: CancellationToken,
    /// It is over: regions drop their futures.
    pub(crate) cancelled: CancellationToken,
    /// When it will be cancelled, as far as anybody knows.
    pub(crate) deadline: Option<Instant>,
    /// Counts what the scope waits for: its children, and clean-up that is done elsewhere.
    pub(crate) tracker: TaskTracker,
}

impl Signals {
    /// Signals below none.
    pub(crate) fn root() -> Self {
        let asked = CancellationToken::new();
        Self { cancelled: asked.beside(), asked, deadline: None, tracker: TaskTracker::new() }
    }

    /// Signals below these, which will be given at `deadline` or before.
    pub(crate) fn below(&self, deadline: Option<Instant>) -> Self {
        Self {
            asked: self.asked.child_token(),
            cancelled: self.cancelled.child_token(),
            deadline: earlier(self.deadline, deadline),
            tracker: self.tracker.clone(),
        }
    }

    /// Signals of a new scope below the running code.
    pub(crate) fn here(deadline: Option<Instant>) -> Self {
        with_frame(|frame| match frame {
            Some(Frame { signals: Some(signals), shielded, .. }) => {
                let tracker = TaskTracker::new();
                match shielded {
                    true => Self { deadline, tracker, ..Self::root() },
                    false => Self { tracker, ..signals.below(deadline) },
                }
            }
            _ => Self { deadline, ..Self::root() },
        })
    }

    /// Asks for an end, and says that it is over.
    pub(crate) fn cancel(&self) {
        self.asked.cancel();
        self.cancelled.cancel();
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals")
            .field("asked", &self.asked.is_cancelled())
            .field("cancelled", &self.cancelled.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// What stands around the polls of a region.
#[derive(Debug)]
pub(crate) struct Frame {
    signals: Option<Arc<Signals>>,
    /// The signals of what is around are kept from what is inside.
    shielded: bool,
    /// Where it stands in the tree that a shutdown reports about.
    place: Option<Place>,
    /// Made by the first hold.
    holds: OnceCell<Arc<Holds>>,
}

impl Frame {
    /// A frame that `signals` reach.
    pub(crate) fn new(signals: Arc<Signals>, place: Option<Place>) -> Self {
        Self { signals: Some(signals), shielded: false, place, holds: OnceCell::new() }
    }

    /// A frame that nothing reaches.
    pub(crate) fn nowhere() -> Self {
        Self { signals: None, shielded: false, place: None, holds: OnceCell::new() }
    }

    /// A frame below the running code that keeps the signals from what is inside.
    pub(crate) fn shield() -> Self {
        Self { shielded: true, ..Self::here() }
    }

    /// A frame like the one of the running code.
    pub(crate) fn here() -> Self {
        with_frame(|frame| Self {
            signals: frame.and_then(|frame| frame.signals.clone()),
            shielded: frame.is_some_and(|frame| frame.shielded),
            place: frame.and_then(|frame| frame.place.clone()),
            holds: OnceCell::new(),
        })
    }

    /// The same frame, reached by `signals`.
    pub(crate) fn with_signals(self, signals: Arc<Signals>) -> Self {
        Self { signals: Some(signals), shielded: false, ..self }
    }

    /// Runs `f` with this frame around it.
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _scope = Restore::set(|cx| &cx.scope, Some(NonNull::from(self).cast()));
        f()
    }

    /// The signals that reach what is inside.
    pub(crate) fn signals(&self) -> Option<&Arc<Signals>> {
        self.signals.as_ref().filter(|_| !self.shielded)
    }

    /// Where it stands in the tree that a shutdown reports about.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// What counts the clean-up that is left to others.
    pub(crate) fn tracker(&self) -> Option<&TaskTracker> {
        self.signals.as_ref().map(|signals| &signals.tracker)
    }

    /// Whether something inside holds; if so, `waker` is called when it no longer does.
    pub(crate) fn is_held(&self, waker: &Waker) -> bool {
        self.holds.get().is_some_and(|holds| holds.is_held(waker))
    }
}

/// Runs `f` with the frame of the running code.
pub(crate) fn with_frame<R>(f: impl FnOnce(Option<&Frame>) -> R) -> R {
    let frame = context::with(|cx| cx.scope.get()).map(NonNull::cast::<Frame>);
    // SAFETY: the slot is set by `enter` alone, which borrows the frame until it has reset it.
    f(frame.map(|frame| unsafe { frame.as_ref() }))
}

/// Waits until the region around drops what awaits this, which was cancelled and gives no output.
///
/// # Panics
/// Where nobody will: a future that was begun in a region that is cancelled has nothing to give to
/// who polls it elsewhere, and waiting for it would be a hang.
pub(crate) async fn until_dropped<T>() -> T {
    poll_fn(|_| check_cancelled()).await
}

/// [`until_dropped`] for a future written by hand.
pub(crate) fn check_cancelled<T>() -> Poll<T> {
    let is_cancelled =
        |frame: &Frame| frame.signals().is_some_and(|signals| signals.cancelled.is_cancelled());
    assert!(
        with_frame(|frame| frame.is_some_and(is_cancelled)),
        "a future that was cancelled with the scope it was begun in is awaited outside of it, where \
         it can never be ready"
    );
    Poll::Pending
}

/// How many holds a region has.
#[derive(Debug)]
struct Holds {
    count: AtomicUsize,
    region: AtomicWaker,
}

impl Holds {
    fn is_held(&self, waker: &Waker) -> bool {
        // Acquire pairs with the Release of the last hold's drop.
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        self.region.register(waker);
        // Looked at again, for a hold may have gone elsewhere and end on another thread.
        self.count.load(Ordering::Acquire) > 0
    }
}

/// Keeps a region from dropping its future, as long as it lives. Nothing outside of a region.
#[derive(Debug)]
pub(crate) struct Hold(Option<Arc<Holds>>);

impl Hold {
    /// A hold on the region of the running code.
    pub(crate) fn here() -> Self {
        with_frame(|frame| {
            Self(frame.map(|frame| {
                let fresh = || Holds { count: AtomicUsize::new(0), region: AtomicWaker::new() };
                let holds = frame.holds.get_or_init(|| Arc::new(fresh()));
                // Relaxed: the region looks after the poll that this is part of.
                holds.count.fetch_add(1, Ordering::Relaxed);
                holds.clone()
            }))
        })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Release pairs with the Acquire of `is_held`.
        if let Some(holds) = &self.0
            && holds.count.fetch_sub(1, Ordering::Release) == 1
        {
            holds.region.wake();
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use core::task::Poll;
    use loom::future::block_on;
    use loom::thread;

    /// A hold that ends on another thread wakes the region that waits for it.
    #[test]
    fn loom_the_last_hold_wakes_its_region() {
        loom::model(|| {
            let frame = Frame::nowhere();
            let holds = frame.enter(|| [Hold::here(), Hold::here()]);
            for hold in holds {
                thread::spawn(move || drop(hold));
            }
            block_on(core::future::poll_fn(|cx| match frame.is_held(cx.waker()) {
                true => {
                    thread::yield_now();
                    Poll::Pending
                }
                false => Poll::Ready(()),
            }));
        });
    }
}
