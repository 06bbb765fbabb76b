//! The program of `minimal` on wasm-bindgen-futures, gloo-timers and futures-channel.

#[cfg(target_family = "wasm")]
mod program {
    use futures_channel::mpsc;
    use futures_util::{SinkExt, StreamExt};
    use gloo_timers::future::TimeoutFuture;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = console)]
        fn log(number: u32);
    }

    pub fn main() {
        wasm_bindgen_futures::spawn_local(async {
            let (mut sender, mut inbox) = mpsc::channel(4);
            wasm_bindgen_futures::spawn_local(async move {
                for number in 0..3 {
                    TimeoutFuture::new(1).await;
                    let _ = sender.send(number).await;
                }
            });
            while let Some(number) = inbox.next().await {
                log(number);
            }
        });
    }
}

fn main() {
    #[cfg(target_family = "wasm")]
    program::main();
}
