//! The seam to whatever hosts the runtime: who waits, and what time it is.

#[cfg(feature = "alloc")]
pub mod buf;
pub(crate) mod clock;

// The standard library's clock, the event loop's, that of preview 2, or none until the host brings one.
#[cfg(all(
    feature = "std",
    not(all(target_family = "wasm", target_os = "unknown")),
    not(all(feature = "wasi", target_os = "wasi", target_env = "p2")),
))]
#[path = "source_std.rs"]
pub(crate) mod source;
#[cfg(all(feature = "web", target_family = "wasm", target_os = "unknown"))]
#[path = "../../wasm/web/clock.rs"]
pub(crate) mod source;
#[cfg(all(feature = "wasi", target_os = "wasi", target_env = "p2"))]
#[path = "../../wasm/wasi/preview2/clock.rs"]
pub(crate) mod source;
#[cfg(not(any(
    all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))),
    all(feature = "web", target_family = "wasm", target_os = "unknown"),
)))]
#[path = "source_still.rs"]
pub(crate) mod source;

pub use clock::set_clock;

#[cfg(feature = "alloc")]
mod driver;
#[cfg(feature = "alloc")]
mod park;
#[cfg(all(feature = "wasi", feature = "net", target_os = "wasi", target_env = "p2"))]
pub(crate) use driver::names_are_asked_for;
#[cfg(feature = "alloc")]
pub(crate) use driver::{Driver, SourceCounts};
#[cfg(feature = "std")]
pub(crate) use driver::{Lookup, lookup};
#[cfg(feature = "alloc")]
pub use park::Park;
