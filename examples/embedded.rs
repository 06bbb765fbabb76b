//! In a loop of your own: `cargo run --example embedded`.
use creel::runtime::{Builder, Next};
use creel::time::{Duration, Instant, sleep};
use std::sync::mpsc;

fn main() {
    // Rung at most once between two ticks, from any thread: there is something to do.
    let (bell, ring) = mpsc::channel();
    let runtime = Builder::new_current_thread().build_passive(move || bell.send(()).unwrap_or(()));

    let task = runtime.spawn(async {
        sleep(Duration::from_millis(20)).await;
        println!("awake");
    });
    // A tick never waits; it says until when there is nothing to do.
    loop {
        match runtime.tick(100) {
            _ if task.is_finished() => break,
            Next::Now => {}
            Next::At(then) => ring.recv_timeout(then - Instant::now()).unwrap_or(()),
            _ => ring.recv().unwrap_or(()),
        }
    }
}
