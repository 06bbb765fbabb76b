//! Combining futures.
