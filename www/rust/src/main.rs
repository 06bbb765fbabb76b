//! What the site measures in the visitor's browser: each function does its operation `count` times and
//! then calls `done`.

#[cfg(target_family = "wasm")]
mod creel_tasks;
#[cfg(target_family = "wasm")]
mod futures_tasks;

/// How many tasks let each other run.
#[cfg(target_family = "wasm")]
const CROWD: u32 = 100;

/// How many values a channel holds.
#[cfg(target_family = "wasm")]
const CAPACITY: usize = 64;

#[cfg(target_family = "wasm")]
fn tell(done: &js_sys::Function) {
    // Whatever it throws is the page's mistake, and the page sees it.
    let _ = done.call0(&wasm_bindgen::JsValue::NULL);
}

fn main() {}
