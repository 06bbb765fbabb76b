//! Models: every interleaving of a few steps, under `--cfg loom`.

mod loom_wait;
