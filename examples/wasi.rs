//! Under a WASI host: `cargo build --example wasi --target wasm32-wasip1 --no-default-features
//! --features macros,wasi`, then `wasmtime target/wasm32-wasip1/debug/examples/wasi.wasm`.
use creel::time::{Duration, interval};

#[creel::main(flavor = "current_thread")]
async fn main() {
    let mut beat = interval(Duration::from_millis(100));
    for count in 1..=3 {
        beat.tick().await;
        println!("beat {count}");
    }
}
