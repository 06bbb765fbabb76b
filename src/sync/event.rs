//! A flag that tasks wait for.
//!
//! - *Manual reset*: `set` releases everybody who waits and leaves the flag up until `reset`. Each
//!   `set` ends a `generation`, which waiters keep in their slot, so those who began to wait before
//!   a `set` are released by it even if `reset` follows at once.
//! - *Auto reset*: `set` releases the one who waits longest; if nobody waits, the flag stays up for
//!   the next one, who takes it down. So while somebody waits the flag is down, and nobody can jump
//!   the queue. A release given to a waiter that is dropped goes to the next one.
//!
//! In both kinds a waiter that somebody took off the list is released.
//!
//! Why unsafe: naming the place where one waits is a promise that it stays one place.

use super::wait::{WaitList, WaitPoint, Waiter, wake_while};
use crate::env::coop;
use crate::env::dump::Wait;
use crate::env::site::Site;
use crate::lock::{Lock, LockGuard};
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, ready};

/// A flag to wait for, with manual or automatic reset.
///
/// # Examples
///
/// ```
/// use creel::sync::Event;
///
/// let door = Event::manual_reset();
/// door.set();
/// assert!(door.try_wait() && door.try_wait(), "an open door lets everybody through");
/// door.reset();
/// assert!(!door.try_wait());
///
/// let turnstile = Event::auto_reset();
/// turnstile.set();
/// assert!(turnstile.try_wait(), "a turnstile lets one through");
/// assert!(!turnstile.try_wait());
/// ```
pub struct Event {
    auto: bool,
    state: Lock<State>,
}

pub(crate) struct State {
    set: bool,
    /// How many times a manual event was set.
    generation: u64,
    waiters: WaitList<Began>,
}

/// The generation in which a waiter began to wait.
pub(crate) type Began = Cell<Option<u64>>;

impl Event {
    /// An event that, once set, stays set until [`reset`](Self::reset), and releases everybody.
    #[cfg(not(loom))]
    pub const fn manual_reset() -> Self {
        Self { auto: false, state: Lock::new(State::new()) }
    }

    /// An event of which each [`set`](Self::set) releases exactly one.
    #[cfg(not(loom))]
    pub const fn auto_reset() -> Self {
        Self { auto: true, state: Lock::new(State::new()) }
    }

    /// An event that stays set.
    #[cfg(loom)]
    pub fn manual_reset() -> Self {
        Self { auto: false, state: Lock::new(State::new()) }
    }

    /// An event that releases one.
    #[cfg(loom)]
    pub fn auto_reset() -> Self {
        Self { auto: true, state: Lock::new(State::new()) }
    }

    /// Sets the event.
    ///
    /// With manual reset everybody is released who waits now, and who comes before the next
    /// [`reset`](Self::reset). With auto reset one is: the one who waits longest, or the next to
    /// come; a second `set` before that changes nothing.
    pub fn set(&self) {
        let mut state = self.state.lock();
        if self.auto {
            return Self::release_one(state);
        }
        if state.set {
            return;
        }
        state.set = true;
        state.generation += 1;
        let generation = state.generation;
        wake_while(&self, state, |began| began.get().is_some_and(|began| began < generation));
    }

    /// Takes the flag down; whoever was released stays released.
    pub fn reset(&self) {
        self.state.lock().set = false;
    }

    /// Whether the flag is up.
    pub fn is_set(&self) -> bool {
        self.state.lock().set
    }

    /// Whether [`wait`](Self::wait) would have gone through at once; with auto reset, it has.
    #[must_use = "with auto reset the release is taken"]
    pub fn try_wait(&self) -> bool {
        self.state.lock().pass(self.auto)
    }

    /// Waits until the event is set; with auto reset, until it is set for this waiter.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: a release that it was given goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use creel::sync::Event;
    /// use std::sync::Arc;
    ///
    /// let ready = Arc::new(Event::manual_reset());
    /// let seen = ready.clone();
    /// let task = creel::spawn(async move { seen.wait().await });
    /// ready.set();
    /// task.await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = ()> {
        Site::here().of(async move {
            let mut waiter = pin!(Waiter::new(self, Cell::new(None)));
            poll_fn(|cx| {
                let receipt = ready!(coop::poll_proceed(cx));
                ready!(waiter.as_mut().enroll(Some(cx.waker()), |state, began, released| {
                    let first = began.get().unwrap_or(state.generation);
                    began.set(Some(first));
                    let through = released || first < state.generation || state.pass(self.auto);
                    through.then_some(())
                }));
                receipt.made_progress();
                Poll::Ready(())
            })
            .await
        })
    }

    fn release_one(mut state: LockGuard<'_, State>) {
        match state.waiters.take_front(|_| ()) {
            Some(notice) => {
                drop(state);
                notice.wake();
            }
            None => state.set = true,
        }
    }
}

impl State {
    const fn new() -> Self {
        Self { set: false, generation: 0, waiters: WaitList::new() }
    }

    fn pass(&mut self, auto: bool) -> bool {
        let set = self.set;
        if auto {
            self.set = false;
        }
        set
    }
}

// SAFETY: always the one lock and the one list inside the event that the reference keeps alive.
unsafe impl WaitPoint for &Event {
    type Guarded = State;
    type Slot = Began;

    fn lock(&self) -> &Lock<State> {
        &self.state
    }

    fn waiters(state: &mut State) -> &mut WaitList<Began> {
        &mut state.waiters
    }

    fn wait(&self, _: &Began) -> Wait {
        Wait::new("event")
    }

    fn forsake(&self, state: LockGuard<'_, State>, _began: &Began, released: bool) {
        if released && self.auto {
            Event::release_one(state);
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.auto { "auto" } else { "manual" };
        f.debug_struct("Event").field("reset", &kind).field("set", &self.is_set()).finish()
    }
}
