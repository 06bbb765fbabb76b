//! By creel.

use crate::{CAPACITY, CROWD, tell};
use creel::sync::mpsc;
use creel::task::{spawn_local, yield_now};
use creel::wasm::web;
use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

/// Starts a task and waits for its end.
#[wasm_bindgen]
pub fn creel_spawn(count: u32, done: Function) {
    drop(web::spawn_local(async move {
        for _ in 0..count {
            let _ = spawn_local(async {}).await;
        }
        tell(&done);
    }));
}

/// Tasks let each other run.
#[wasm_bindgen]
pub fn creel_yield(count: u32, done: Function) {
    drop(web::spawn_local(async move {
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                spawn_local(async move {
                    for _ in 0..count / CROWD {
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in crowd {
            let _ = task.await;
        }
        tell(&done);
    }));
}

/// Sends through a channel.
#[wasm_bindgen]
pub fn creel_send(count: u32, done: Function) {
    drop(web::spawn_local(async move {
        let (sender, mut receiver) = mpsc::channel(CAPACITY);
        drop(spawn_local(async move {
            for n in 0..count {
                let _ = sender.send(n).await;
            }
        }));
        while receiver.recv().await.is_some() {}
        tell(&done);
    }));
}
