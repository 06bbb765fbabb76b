//! What a running task can reach: its runtime, the clock, the timers, the budget, randomness.
//!
//! Everything here is found through one context slot ([`context`]) that is set around each poll,
//! so a combinator that swaps the waker does no harm.

pub(crate) mod context;
pub(crate) mod coop;
pub(crate) mod rng;

#[cfg(feature = "alloc")]
pub(crate) mod clock;
#[cfg(feature = "alloc")]
pub(crate) mod hooks;
pub(crate) mod instant;
#[cfg(feature = "alloc")]
pub(crate) mod owner;
#[cfg(feature = "alloc")]
pub(crate) mod timers;

/// What the tasks of one runtime share.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct Env {
    pub(crate) clock: clock::Clock,
    pub(crate) timers: timers::Timers,
    pub(crate) hooks: hooks::Hooks,
}
