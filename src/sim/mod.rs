//! The deterministic simulator: a host without a kernel, a clock without time.
//!
//! A [`Simulator`] runs a program on one thread. Which of the ready tasks has its turn next is
//! drawn from a seed, and so is everything else that the runtime leaves to chance. The clock
//! stands still while tasks are ready, and jumps to the next deadline when none is: an hour of
//! sleeping takes no time. The same seed gives the same run on every platform, and
//! [`Simulator::trace`] is a hash of it to compare. So a test that fails under some seed fails
//! under it again, and [`explore`] looks for such a seed.
//!
//! A program is deterministic if all that it does not compute comes from the runtime: no threads,
//! no clock of its own, no address or `HashMap` order that decides anything. `spawn_blocking`
//! runs its closure in the task's turn.

#[cfg(feature = "std")]
mod explore;
#[cfg(feature = "std")]
pub use explore::explore;

use crate::env::clock::Clock;
use crate::env::instant::Instant;
use crate::platform::Park;
use crate::runtime::{Builder, Runtime, ShutdownReport};
use crate::task::join_set::resume_panic;
use crate::task::queue::ReadyQueue;
use alloc::sync::Arc;
use core::future::Future;
use core::time::Duration;

/// A runtime whose schedule and clock follow from a seed; see the [module](self).
///
/// # Examples
/// ```
/// use creel::sim::Simulator;
/// use creel::time::{Duration, Instant, sleep};
///
/// let program = || async {
///     let start = Instant::now();
///     let naps: Vec<_> = (1..=3).map(|n| creel::spawn(sleep(Duration::from_secs(n * 3600)))).collect();
///     for nap in naps {
///         nap.await.unwrap();
///     }
///     start.elapsed()
/// };
/// let (a, b) = (Simulator::new(7), Simulator::new(7));
/// assert_eq!(a.run(program()), Duration::from_secs(3 * 3600));
/// b.run(program());
/// assert_eq!(a.trace(), b.trace());
/// ```
#[derive(Debug)]
pub struct Simulator {
    seed: u64,
    runtime: Runtime,
}

impl Simulator {
    /// A simulator whose every run follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let host = Arc::new(Stuck { seed });
        let clock = Clock::simulated(Instant::START);
        let mut builder = Builder::new_current_thread();
        // Two streams: a program that draws numbers does not change the schedule by it.
        builder.seed(seed ^ 0x9e37_79b9_7f4a_7c15);
        Self { seed, runtime: builder.build_simulated(ReadyQueue::shuffled(seed), clock, host) }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Runs `future` as a task among those it starts, until it is ready. Tasks that are left go on
    /// at the next run.
    ///
    /// # Panics
    /// If `future` panics, with its payload. If nothing is ready and no timer waits, for then no
    /// task can ever go on: the message names the seed. Inside a runtime.
    #[track_caller]
    pub fn run<F>(&self, future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let outcome = self.runtime.block_on(async { crate::task::spawn_local(future).await });
        match outcome {
            Ok(output) => output,
            Err(error) => resume_panic(error),
        }
    }

    /// How much time has passed in the simulation.
    pub fn elapsed(&self) -> Duration {
        let now = self.runtime.handle().owner().env().clock.now();
        now.saturating_duration_since(Instant::START)
    }

    /// A hash of all that has happened so far: which task had its turn when.
    pub fn trace(&self) -> u64 {
        // FNV-1a's step, once more for the clock.
        (self.runtime.trace() ^ self.elapsed().as_nanos() as u64).wrapping_mul(0x0100_0000_01b3)
    }

    /// Gives the tasks that are left `time` on the simulated clock, cancels those that have not
    /// ended by then, and reports them.
    ///
    /// # Panics
    /// Inside a runtime.
    ///
    /// # Examples
    /// ```
    /// use creel::time::{Duration, sleep};
    ///
    /// let simulator = creel::sim::Simulator::new(1);
    /// simulator.run(async {
    ///     creel::spawn(sleep(Duration::from_secs(60)));
    ///     creel::spawn(std::future::pending::<()>());
    /// });
    /// let report = simulator.shutdown(Duration::from_secs(3600));
    /// assert_eq!(report.survivors.len(), 1);
    /// ```
    pub fn shutdown(self, time: Duration) -> ShutdownReport {
        self.runtime.shutdown(time)
    }

    /// The runtime inside, to spawn on it or enter it.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

/// The host of a simulator never waits: when it is asked to, nothing can ever happen again.
struct Stuck {
    seed: u64,
}

impl Park for Stuck {
    fn park(&self, _: Option<Duration>) {
        panic!(
            "the simulated program is stuck (seed {}): no task is ready and no timer waits, so \
             nothing can wake it",
            self.seed
        );
    }

    fn unpark(&self) {}
}

#[cfg(all(test, not(loom)))]
mod tests;
