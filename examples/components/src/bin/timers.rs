//! `naps` on preview 2.

#[path = "../naps.rs"]
mod naps;

#[creel::main(flavor = "current_thread")]
async fn main() {
    naps::run().await;
}
