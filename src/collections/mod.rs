//! Data structures that know nothing of futures.

pub(crate) mod list;
