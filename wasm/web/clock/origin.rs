//! One clock for several threads: `performance.now()` starts again on each, so that of the first counts.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// When the clock of this thread was at zero, in milliseconds.
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    static ORIGIN: f64;
}

/// The origin of the first thread that looked at its clock, as bits; zero before that.
static FIRST: AtomicU64 = AtomicU64::new(0);

std::thread_local! {
    /// How much earlier the first thread began than this one; NaN before it was asked.
    static AHEAD_MS: Cell<f64> = const { Cell::new(f64::NAN) };
}

/// What the clock of this thread lacks.
#[inline]
pub(super) fn ahead_ms() -> f64 {
    let ahead = AHEAD_MS.get();
    if ahead.is_nan() { measure() } else { ahead }
}

#[cold]
fn measure() -> f64 {
    let own = ORIGIN.with(|origin| *origin);
    // Relaxed: nothing else is published by it.
    let first = FIRST.compare_exchange(0, own.to_bits(), Ordering::Relaxed, Ordering::Relaxed);
    let ahead = first.map_or_else(|first| own - f64::from_bits(first), |_| 0.0);
    AHEAD_MS.set(ahead);
    ahead
}
