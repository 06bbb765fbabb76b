//! Many sleeps at once on creel, preview 3.

#[path = "../../../examples/components/src/naps.rs"]
mod naps;

use naps::run;

creel::wasip3_command!(run);
