//! `naps` on preview 3.
#![cfg(target_os = "wasi")]

#[path = "../src/naps.rs"]
mod naps;

use naps::run;

creel::wasip3_command!(run);
