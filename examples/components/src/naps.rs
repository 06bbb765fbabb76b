//! Sleeps many times at once and tells how long it took: `timers COUNT`.

use creel::task::JoinSet;
use creel::time::{Duration, Instant, sleep};

pub async fn run() {
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(4_000);
    let start = Instant::now();
    let mut naps = JoinSet::new();
    for n in 0..count {
        naps.spawn(sleep(Duration::from_millis(1 + n % 10)));
    }
    let mut came = 0;
    while naps.join_next().await.is_some() {
        came += 1;
    }
    assert_eq!(came, count, "every sleep ends");
    println!("{came} timers in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}
