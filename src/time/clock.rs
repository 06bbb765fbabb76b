//! Standing still and moving by hand: the clock of the runtime in tests.

use super::Duration;
use crate::env::Env;
use crate::env::clock::Refused;
use crate::env::owner::OwnerRef;
use core::future::poll_fn;
use core::task::Poll;

/// Stops the clock of this runtime.
///
/// [`Instant::now`](super::Instant::now) stands still from here on, until the clock is moved by
/// [`advance`], or by the runtime itself: **when a runtime with a stopped clock has nothing left to
/// do, it moves the clock to the next timer.** So a program that only sleeps takes no time at all,
/// and its timers fire in order. While work is going on outside of the runtime (`spawn_blocking`)
/// the clock stays.
///
/// Only this runtime's clock stops, not that of the standard library.
///
/// # Panics
/// If the clock stands already; outside of a runtime; on a runtime with several threads.
///
/// ```
/// use creel::time::{self, Duration, Instant};
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// time::pause();
/// let start = Instant::now();
/// time::sleep(Duration::from_secs(3600)).await; // takes no time
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// # }
/// ```
#[track_caller]
pub fn pause() {
    check(with_env(|env| env.clock.pause()));
}

/// Lets the clock of this runtime run again, from where it stands.
///
/// # Panics
/// If the clock does not stand still; outside of a runtime.
///
/// ```
/// use creel::time::{self, Duration, Instant};
///
/// # #[creel::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let start = Instant::now();
/// time::resume();
/// time::sleep(Duration::from_millis(2)).await; // takes two milliseconds
/// assert!(start.elapsed() >= Duration::from_millis(2));
/// # }
/// ```
#[track_caller]
pub fn resume() {
    check(with_env(|env| env.clock.resume()));
}

/// Moves a stopped clock forward in one jump, then lets the other tasks run once.
///
/// Timers that the jump passes fire together, in the order of their deadlines, but each sees the
/// time after the jump. To have them fire one by one, each at its own time, `sleep` instead.
///
/// # Cancel safety
/// The clock jumps at the first poll; dropping the future later takes nothing back.
///
/// # Panics
/// If the clock does not stand still (see [`pause`]); outside of a runtime; if the clock cannot be
/// moved that far.
///
/// ```
/// use creel::time::{self, Duration, Instant};
///
/// # #[creel::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let start = Instant::now();
/// time::advance(Duration::from_secs(3600)).await;
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// # }
/// ```
pub async fn advance(duration: Duration) {
    check(with_env(|env| {
        env.clock.advance(duration)?;
        env.timers.turn(env.clock.now());
        Ok(())
    }));
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[track_caller]
fn with_env<R>(f: impl FnOnce(&Env) -> R) -> R {
    match OwnerRef::current() {
        Some(owner) => f(owner.env()),
        None => panic!("there is no runtime here: its clock can be moved only inside of it"),
    }
}

#[track_caller]
fn check(moved: Result<(), Refused>) {
    if let Err(refused) = moved {
        panic!("{}", refused.reason());
    }
}
