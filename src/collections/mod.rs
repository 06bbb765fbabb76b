//! Data structures that know nothing of futures.

#[cfg(feature = "alloc")]
pub(crate) mod blocks;
pub(crate) mod list;
#[cfg(feature = "alloc")]
pub(crate) mod pinned;
#[cfg(feature = "alloc")]
pub(crate) mod wide;
