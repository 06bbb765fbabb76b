//! Threads and operating systems.
