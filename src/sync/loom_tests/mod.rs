//! Models: every interleaving of a few steps, under `--cfg loom`.

mod loom_notify;
mod loom_oneshot;
mod loom_semaphore;
mod loom_wait;
