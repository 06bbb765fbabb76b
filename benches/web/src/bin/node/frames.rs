//! How smooth a page stays while tasks keep its main thread busy.

use crate::executors::Executor;
use crate::operations::{Again, Countdown, now_ms};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(inline_js = "
    let longest, last, going;
    export const has_frames = () => typeof requestAnimationFrame === 'function';
    const frame = (now) => {
        if (!going) return;
        longest = Math.max(longest, now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    export function watch() {
        [longest, last, going] = [0, performance.now(), true];
        requestAnimationFrame(frame);
    }
    export function watched() {
        going = false;
        return Math.max(longest, performance.now() - last);
    }
")]
extern "C" {
    pub fn has_frames() -> bool;
    fn watch();
    fn watched() -> f64;
}

/// Has `E` do 1.5 s of work in slices of a tenth of a millisecond; answers the longest time between
/// two frames, in milliseconds.
pub async fn under_load<E: Executor>() -> f64 {
    const TASKS: usize = 300;
    watch();
    // A few frames without load.
    E::sleep(100).await;
    let done = Countdown::new(TASKS);
    for _ in 0..TASKS {
        let done = done.clone();
        E::spawn(async move {
            for _ in 0..50 {
                let began = now_ms();
                while now_ms() - began < 0.1 {
                    std::hint::black_box(JsValue::NULL);
                }
                Again::default().await;
            }
            done.one();
        });
    }
    done.zero().await;
    E::sleep(50).await;
    watched()
}
