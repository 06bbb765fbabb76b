//! A meeting point of a fixed number of tasks.
//!
//! `arrived` counts who waits in the running `generation`. The last to arrive ends the generation:
//! it sets `arrived` to zero, starts the next generation and wakes those whose slot names the one
//! that ended. A waiter that is dropped before that takes its arrival back.
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

/// Lets a number of tasks wait until all of them have arrived; then it starts anew.
///
/// # Examples
///
/// ```
/// # creel::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use creel::sync::Barrier;
/// use std::sync::Arc;
///
/// let barrier = Arc::new(Barrier::new(3));
/// let tasks: Vec<_> = (0..3)
///     .map(|_| {
///         let barrier = barrier.clone();
///         creel::spawn(async move { barrier.wait().await.is_leader() })
///     })
///     .collect();
/// let mut leaders = 0;
/// for task in tasks {
///     leaders += usize::from(task.await.unwrap());
/// }
/// assert_eq!(leaders, 1);
/// # });
/// ```
pub struct Barrier {
    needed: usize,
    state: Lock<State>,
}

pub(crate) struct State {
    arrived: usize,
    generation: u64,
    waiters: WaitList<Arrival>,
}

/// The generation in which a waiter has arrived.
pub(crate) type Arrival = Cell<Option<u64>>;

impl Barrier {
    /// A barrier for `n` tasks. Zero is taken as one: nobody waits.
    #[cfg(not(loom))]
    pub const fn new(n: usize) -> Self {
        let needed = if n == 0 { 1 } else { n };
        let waiters = WaitList::new();
        Self { needed, state: Lock::new(State { arrived: 0, generation: 0, waiters }) }
    }

    /// A barrier for `n` tasks.
    #[cfg(loom)]
    pub fn new(n: usize) -> Self {
        let waiters = WaitList::new();
        let state = Lock::new(State { arrived: 0, generation: 0, waiters });
        Self { needed: n.max(1), state }
    }

    /// Arrives, and waits until all have. One of them is told that it is the leader.
    ///
    /// # Cancel safety
    /// A future that is dropped before all have arrived takes its arrival back, as if it had never
    /// been polled: the others wait for somebody else in its place.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        Site::here().of(async move {
            let mut waiter = pin!(Waiter::new(self, Cell::new(None)));
            poll_fn(|cx| {
                let receipt = ready!(coop::poll_proceed(cx));
                let arrive =
                    |state: &mut State, arrival: &Arrival, _| state.arrive(self.needed, arrival);
                let is_leader = ready!(waiter.as_mut().enroll(Some(cx.waker()), arrive));
                receipt.made_progress();
                if is_leader {
                    self.release();
                }
                Poll::Ready(BarrierWaitResult(is_leader))
            })
            .await
        })
    }

    /// Wakes whoever arrived in a generation that is over.
    fn release(&self) {
        let state = self.state.lock();
        if state.waiters.is_empty() {
            return;
        }
        let running = state.generation;
        wake_while(&self, state, |arrival| arrival.get().is_some_and(|arrival| arrival < running));
    }
}

impl State {
    /// Counts a newcomer. Answers, to those who need not wait, whether they lead.
    fn arrive(&mut self, needed: usize, arrival: &Arrival) -> Option<bool> {
        match arrival.get() {
            Some(generation) => (generation < self.generation).then_some(false),
            None if self.arrived + 1 == needed => {
                self.arrived = 0;
                self.generation += 1;
                Some(true)
            }
            None => {
                self.arrived += 1;
                arrival.set(Some(self.generation));
                None
            }
        }
    }
}

// SAFETY: always the one lock and the one list inside the barrier that the reference keeps alive.
unsafe impl WaitPoint for &Barrier {
    type Guarded = State;
    type Slot = Arrival;

    fn lock(&self) -> &Lock<State> {
        &self.state
    }

    fn waiters(state: &mut State) -> &mut WaitList<Arrival> {
        &mut state.waiters
    }

    fn wait(&self, _: &Arrival) -> Wait {
        Wait::new("barrier")
    }

    fn forsake(&self, mut state: LockGuard<'_, State>, arrival: &Arrival, _notified: bool) {
        if arrival.get() == Some(state.generation) {
            state.arrived -= 1;
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrived = self.state.lock().arrived;
        f.debug_struct("Barrier").field("n", &self.needed).field("arrived", &arrived).finish()
    }
}

/// What [`Barrier::wait`] answers.
#[derive(Debug, Clone)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this is the one task of its meeting that leads: the one that arrived last.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}
