//! What a running task can reach: its runtime, the clock, the timers, the budget, randomness; and
//! how it waits.
//!
//! Everything here is found through one context slot ([`context`]) that is set around each poll,
//! so a combinator that swaps the waker does no harm.

pub(crate) mod atomic_waker;
pub(crate) mod context;
pub(crate) mod coop;
#[cfg_attr(not(feature = "dump"), path = "dump_none.rs")]
pub(crate) mod dump;
pub(crate) mod panics;
pub(crate) mod rng;
pub(crate) mod site;
#[cfg_attr(not(feature = "tracing"), path = "spans_none.rs")]
pub(crate) mod spans;
pub(crate) mod wait;
#[cfg(feature = "alloc")]
pub(crate) mod wake_set;

#[cfg(feature = "alloc")]
pub(crate) mod clock;
#[cfg(feature = "alloc")]
pub(crate) mod hooks;
#[cfg(feature = "alloc")]
pub(crate) mod id;
#[cfg(feature = "alloc")]
pub(crate) mod info;
pub(crate) mod instant;
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
mod instant_std;
#[cfg(feature = "std")]
#[cfg_attr(target_family = "wasm", allow(dead_code))] // where there are no threads, none sleeps
pub(crate) mod linger;
#[cfg(feature = "alloc")]
pub(crate) mod meter;
#[cfg(feature = "alloc")]
pub(crate) mod owner;
#[cfg(feature = "std")]
pub(crate) mod thread_id;
#[cfg(feature = "alloc")]
pub(crate) mod timers;
#[cfg(feature = "alloc")]
pub(crate) mod waker_slot;
#[cfg(feature = "alloc")]
pub(crate) mod wheel;

/// What the tasks of one runtime share.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct Env {
    pub(crate) info: info::Info,
    pub(crate) clock: clock::Clock,
    pub(crate) timers: timers::Timers,
    pub(crate) hooks: hooks::Hooks,
    pub(crate) meter: meter::Meter,
    /// Who runs closures that block their thread, on hosts that have threads.
    pub(crate) blocking: Option<owner::OwnerRef>,
    /// How the host waits for I/O, on hosts that have any.
    pub(crate) driver: Option<alloc::sync::Arc<dyn crate::platform::Driver>>,
}

#[cfg(feature = "alloc")]
impl Env {
    /// Ends every wait for time or I/O with an error, and refuses new ones.
    pub(crate) fn shut_down(&self) {
        self.timers.shut_down();
        self.driver.iter().for_each(|driver| driver.shut_down());
    }
}

/// The time of the runtime in context, else of the host.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) fn now() -> instant::Instant {
    #[cold]
    fn of_runtime() -> instant::Instant {
        match owner::OwnerRef::current() {
            Some(owner) => owner.env().clock.now(),
            None => host_now(),
        }
    }
    if clock::all_clocks_are_real() { host_now() } else { of_runtime() }
}

/// The time of the host: without a heap there is no runtime.
#[cfg(not(feature = "alloc"))]
#[inline]
pub(crate) fn now() -> instant::Instant {
    host_now()
}

#[inline]
pub(crate) fn host_now() -> instant::Instant {
    instant::Instant::from_host(crate::platform::clock::now_ns())
}
