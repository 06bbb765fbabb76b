//! Many sleeps at once on tokio.

use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let start = Instant::now();
    let mut naps = JoinSet::new();
    for n in 0..4_000 {
        naps.spawn(tokio::time::sleep(Duration::from_millis(1 + n % 10)));
    }
    let mut came = 0;
    while naps.join_next().await.is_some() {
        came += 1;
    }
    println!("{came} timers in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}
