//! By wasm-bindgen-futures, with what its programs take beside it.

use crate::{CAPACITY, CROWD, tell};
use core::future::poll_fn;
use core::task::Poll;
use futures_channel::{mpsc, oneshot};
use futures_util::{SinkExt, StreamExt};
use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// Starts a task and waits for its end, of which a channel has to tell.
#[wasm_bindgen]
pub fn futures_spawn(count: u32, done: Function) {
    spawn_local(async move {
        for _ in 0..count {
            let (ended, end) = oneshot::channel();
            spawn_local(async move {
                let _ = ended.send(());
            });
            let _ = end.await;
        }
        tell(&done);
    });
}

/// Tasks let each other run.
#[wasm_bindgen]
pub fn futures_yield(count: u32, done: Function) {
    spawn_local(async move {
        let mut ends = Vec::new();
        for _ in 0..CROWD {
            let (ended, end) = oneshot::channel();
            ends.push(end);
            spawn_local(async move {
                for _ in 0..count / CROWD {
                    yield_now().await;
                }
                let _ = ended.send(());
            });
        }
        for end in ends {
            let _ = end.await;
        }
        tell(&done);
    });
}

async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Sends through a channel.
#[wasm_bindgen]
pub fn futures_send(count: u32, done: Function) {
    spawn_local(async move {
        let (mut sender, mut receiver) = mpsc::channel(CAPACITY);
        spawn_local(async move {
            for n in 0..count {
                let _ = sender.send(n).await;
            }
        });
        while receiver.next().await.is_some() {}
        tell(&done);
    });
}
