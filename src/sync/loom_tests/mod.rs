//! Models: every interleaving of a few steps, under `--cfg loom`.

mod loom_barrier;
mod loom_broadcast;
mod loom_cancellation;
mod loom_event;
mod loom_locks;
mod loom_mpmc;
mod loom_mpsc;
mod loom_notify;
mod loom_once_cell;
mod loom_oneshot;
mod loom_rendezvous;
mod loom_semaphore;
mod loom_set_once;
mod loom_wait;
mod loom_watch;
