//! A point in time that exists on every target.

use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

/// Nanoseconds that lie before the first reading of the clock: an `Instant` may be this much
/// (146 years) earlier than the start of the program.
pub(crate) const ORIGIN: u64 = 1 << 62;

/// A point on the monotonic clock of the runtime it was read in, in nanoseconds.
///
/// Eight bytes on every target, none panics. Within a runtime whose clock is paused or simulated,
/// [`Instant::now`] answers that clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);
