//! The program whose size is kept within a budget: two tasks, a sleep and a channel.

#[cfg(target_family = "wasm")]
mod program {
    use creel::sync::mpsc;
    use creel::time::{Duration, sleep};
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = console)]
        fn log(number: u32);
    }

    #[creel::main]
    pub async fn main() {
        let (sender, mut inbox) = mpsc::channel(4);
        creel::task::spawn_local(async move {
            for number in 0..3 {
                sleep(Duration::from_millis(1)).await;
                let _ = sender.send(number).await;
            }
        });
        while let Some(number) = inbox.recv().await {
            log(number);
        }
    }
}

fn main() {
    #[cfg(target_family = "wasm")]
    program::main();
}
