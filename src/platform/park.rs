//! Waiting: what a host does while its runtime has nothing to do.

use core::time::Duration;

/// How the host of a runtime waits, and how others end its wait.
///
/// A call of [`unpark`](Self::unpark) that comes before [`park`](Self::park) makes that one return
/// at once; several count as one. `park` may return early for any reason.
pub trait Park: Send + Sync + 'static {
    /// Waits until [`unpark`](Self::unpark), or for `timeout` on the host's clock; without one, as
    /// long as it takes. Only the thread that drives the runtime calls this.
    fn park(&self, timeout: Option<Duration>);

    /// Handles what has happened in the world without waiting. Called now and then while tasks
    /// keep the runtime busy, by the thread that drives it.
    fn look(&self) {}

    /// Ends the current or the next [`park`](Self::park). From any thread; never blocks.
    fn unpark(&self);
}
