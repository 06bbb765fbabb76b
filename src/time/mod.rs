//! Time: instants, sleeps, intervals, timeouts.
//!
//! - [`sleep`] and [`sleep_until`] wait once; a [`Sleep`] can be [reset](Sleep::reset).
//! - [`timeout`] and [`timeout_at`] bound how long a future may take.
//! - [`interval`] ticks again and again without drifting, and a [`MissedTickBehavior`] says what
//!   happens when somebody is late.
//! - [`Instant`] reads the clock of the runtime it is called in. That clock can be [`pause`]d, to
//!   test in no time what takes hours, and a simulated runtime brings its own.
//!
//! Deadlines are kept to the nanosecond and never fire early. How late they fire is up to the
//! host. A timer lives inside its future: waiting allocates nothing, and a million of them cost
//! what their futures occupy.
//!
//! ```
//! use creel::time::{Duration, interval, sleep, timeout};
//!
//! # #[creel::main(flavor = "current_thread")]
//! # async fn main() {
//! sleep(Duration::from_millis(2)).await;
//!
//! let late = timeout(Duration::from_millis(2), sleep(Duration::from_secs(60))).await;
//! assert!(late.is_err());
//!
//! let mut every_ms = interval(Duration::from_millis(1));
//! for _ in 0..3 {
//!     every_ms.tick().await;
//! }
//! # }
//! ```

#[cfg(feature = "alloc")]
mod clock;
#[cfg(feature = "alloc")]
pub mod error;
#[cfg(feature = "alloc")]
mod interval;
#[cfg(feature = "alloc")]
mod sleep;
#[cfg(feature = "alloc")]
mod timeout;

#[cfg(feature = "alloc")]
pub use self::clock::{advance, pause, resume};
#[cfg(feature = "alloc")]
pub use self::interval::{Interval, Missed, MissedTickBehavior, interval, interval_at};
#[cfg(feature = "alloc")]
pub use self::sleep::{Sleep, sleep, sleep_until};
#[cfg(feature = "alloc")]
pub use self::timeout::{Timeout, timeout, timeout_at};
pub use crate::env::instant::Instant;
#[doc(no_inline)]
pub use core::time::Duration;
