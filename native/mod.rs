//! Threads and operating systems.

mod builder;
mod thread;
