//! Data structures that know nothing of futures.

pub(crate) mod list;
#[cfg(feature = "alloc")]
pub(crate) mod pinned;
