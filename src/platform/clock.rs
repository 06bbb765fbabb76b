//! The monotonic clock of the host.
//!
//! Where the standard library has one it is used (`source`), unless the host brings its own with
//! [`set_clock`]. Everywhere else time stands still at zero until the host does.

// Why unsafe: there is no atomic cell for a function.

use super::source;
use core::ptr;
// Not `crate::atomic`: loom has no statics, and nothing here is worth a model.
use core::sync::atomic::{AtomicPtr, Ordering};

/// The host's own clock, a `fn() -> u64`; null for [`source`].
static CLOCK: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Makes `now_ns` the clock of this process: nanoseconds since some fixed moment, never going
/// backwards.
///
/// A host without a standard clock (a browser, a bare microcontroller) calls this once, before it
/// makes its first runtime: [`Instant`](crate::time::Instant)s read from different clocks do not
/// compare.
///
/// ```no_run
/// creel::platform::set_clock(|| 0 /* read the hardware timer here */);
/// ```
pub fn set_clock(now_ns: fn() -> u64) {
    // Release publishes what the host set up for its clock to the Acquire in `now_ns`.
    CLOCK.store(now_ns as *mut (), Ordering::Release);
}

/// Nanoseconds since some fixed moment of this process. Never goes backwards.
#[inline]
pub(crate) fn now_ns() -> u64 {
    // Acquire pairs with the Release in `set_clock`.
    let clock = CLOCK.load(Ordering::Acquire);
    if clock.is_null() {
        return source::now_ns();
    }
    // The one reason for `unsafe` in this room: there is no atomic cell for a function.
    // SAFETY: only `set_clock` stores here, and it stores a `fn() -> u64`.
    let clock = unsafe { core::mem::transmute::<*mut (), fn() -> u64>(clock) };
    clock()
}
