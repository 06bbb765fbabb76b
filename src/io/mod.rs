//! Asynchronous reading and writing.
