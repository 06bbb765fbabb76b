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
    let work, works, polled, watching;
    export function worked() {
        const now = performance.now();
        // Longer than any poll: the thread was elsewhere.
        if (now - polled < 1) work += now - polled;
        polled = now;
    }
    const note = () => {
        if (!watching) return;
        works.push(work);
        work = 0;
        requestAnimationFrame(note);
    };
    export function watch_work() {
        [work, works, polled, watching] = [0, [], 0, true];
        requestAnimationFrame(note);
    }
    export function p99_of_work() {
        watching = false;
        works.push(work);
        works.sort((a, b) => a - b);
        return works[Math.ceil(works.length * 0.99) - 1];
    }
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
    fn worked();
    fn watch_work();
    fn p99_of_work() -> f64;
}

/// Keeps 100,000 tasks running for 1.5 s; answers how long they worked between two frames, in
/// milliseconds: the longest but a hundredth.
pub async fn of_many_tasks<E: Executor>() -> f64 {
    const TASKS: usize = 100_000;
    let done = Countdown::new(TASKS);
    watch_work();
    let end = now_ms() + 1_500.0;
    for _ in 0..TASKS {
        let done = done.clone();
        E::spawn(async move {
            while now_ms() < end {
                worked();
                Again::default().await;
            }
            done.one();
        });
    }
    done.zero().await;
    p99_of_work()
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
