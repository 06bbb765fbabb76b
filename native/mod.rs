//! Threads and operating systems.

mod blocking;
mod builder;
mod pool;
mod thread;
