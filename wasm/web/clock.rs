//! The clock of the event loop: `performance.now()`, which windows, workers and Node all have.

use wasm_bindgen::prelude::wasm_bindgen;

#[cfg_attr(target_feature = "atomics", path = "clock/origin.rs")]
#[cfg_attr(not(target_feature = "atomics"), path = "clock/origin_none.rs")]
mod origin;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the page, the worker or the process started; never goes backwards.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn now_ms() -> f64;
}

#[inline]
pub(crate) fn now_ns() -> u64 {
    ((now_ms() + origin::ahead_ms()) * 1e6) as u64
}
