//! The seam to whatever hosts the runtime: who waits, and what time it is.

#[cfg(feature = "alloc")]
pub mod buf;
pub(crate) mod clock;

#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
#[path = "source_std.rs"]
pub(crate) mod source;
#[cfg(not(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown")))))]
#[path = "source_still.rs"]
pub(crate) mod source;

pub use clock::set_clock;

#[cfg(feature = "alloc")]
mod park;
#[cfg(feature = "alloc")]
pub use park::Park;
