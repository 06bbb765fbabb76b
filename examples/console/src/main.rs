//! A program for tokio-console to look at.
//!
//! ```sh
//! RUSTFLAGS="--cfg console_without_tokio_unstable" cargo run --manifest-path examples/console/Cargo.toml
//! tokio-console    # in another terminal
//! ```
//!
//! The flag tells `console-subscriber` that it need not look for a tokio that was built for it.

use creel::sync::{Mutex, mpsc};
use creel::task;
use creel::time::{Duration, interval, sleep};
use std::sync::Arc;

fn main() {
    console_subscriber::init();
    let runtime = creel::runtime::Builder::new_multi_thread().build().expect("threads");
    runtime.block_on(async {
        let ledger = Arc::new(Mutex::new(0_u64));
        let (orders, mut inbox) = mpsc::channel(4);
        let clerk = ledger.clone();
        let start = |name: &'static str| task::Builder::new().name(name);
        let writing = start("clerk").spawn(async move {
            while let Some(order) = inbox.recv().await {
                *clerk.lock().await += order;
            }
        });
        let sending = start("customer").spawn(async move {
            let mut day = interval(Duration::from_millis(100));
            for order in 1..=600 {
                day.tick().await;
                orders.send(order).await.expect("the clerk is there");
            }
        });
        let auditing = start("auditor").spawn(async move {
            loop {
                let _books = ledger.lock().await;
                sleep(Duration::from_millis(250)).await;
            }
        });
        let _busy = start("sums").spawn_blocking(|| (0..1_u64 << 34).fold(0, u64::wrapping_add));
        for task in [writing, sending] {
            task.expect("tasks start").await.expect("they end well");
        }
        auditing.expect("tasks start").abort();
    });
}
