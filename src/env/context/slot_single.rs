//! One slot: an address that every crate knows, where a thread-local is a call.
//!
//! Why unsafe: a static that holds plain cells must be declared `Sync` by hand.

use super::Context;

struct Single(Context);

// SAFETY: either there are no threads, or there is no `std`: then there is one runtime on one core (the
// rule stands in the docs of `runtime`), and interrupt handlers never reach the slot.
unsafe impl Sync for Single {}

static CONTEXT: Single = Single(Context::new());

/// Runs `f` with the context.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Context) -> R) -> R {
    f(&CONTEXT.0)
}
