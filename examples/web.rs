//! In a browser or Node: build with `--target wasm32-unknown-unknown --no-default-features
//! --features macros,web`, then `wasm-bindgen --target web` or `nodejs`.
use creel::time::{Duration, interval};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn log(text: &str);
}

// The event loop drives the runtime, so `main` schedules its body and returns.
#[creel::main]
async fn main() {
    let mut beat = interval(Duration::from_millis(100));
    for count in 1..=3 {
        beat.tick().await;
        log(&format!("beat {count}"));
    }
}
