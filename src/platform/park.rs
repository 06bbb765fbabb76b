//! Waiting: what a host does while its runtime has nothing to do.

use core::time::Duration;

/// How the host of a runtime waits, and how others end its wait.
///
/// A call of [`unpark`](Self::unpark) that comes before [`park`](Self::park) makes that one return
/// at once; several count as one. `park` may return early for any reason.
///
/// # Examples
/// ```
/// use creel::platform::Park;
/// use std::sync::{Condvar, Mutex};
/// use std::time::Duration;
///
/// #[derive(Default)]
/// struct Bell {
///     rung: Mutex<bool>,
///     changed: Condvar,
/// }
///
/// impl Park for Bell {
///     fn park(&self, timeout: Option<Duration>) {
///         let rung = self.rung.lock().unwrap();
///         let timeout = timeout.unwrap_or(Duration::MAX);
///         let (mut rung, _) = self.changed.wait_timeout_while(rung, timeout, |rung| !*rung).unwrap();
///         *rung = false;
///     }
///
///     fn unpark(&self) {
///         *self.rung.lock().unwrap() = true;
///         self.changed.notify_one();
///     }
/// }
///
/// let runtime = creel::runtime::Builder::new_current_thread().build_on(Bell::default());
/// assert_eq!(runtime.block_on(async { creel::spawn(async { 1 }).await.unwrap() }), 1);
/// ```
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
