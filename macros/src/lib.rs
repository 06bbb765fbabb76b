//! The procedural macros of creel; use them through the `creel` crate.
