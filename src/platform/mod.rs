//! The seam to whatever hosts the runtime: who waits, and what time it is.

pub(crate) mod clock;
