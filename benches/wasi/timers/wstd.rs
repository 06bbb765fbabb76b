//! Many sleeps at once on wstd: `timers_wstd COUNT`.

use wstd::time::Duration;

#[wstd::main]
async fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(4_000);
    let start = std::time::Instant::now();
    let naps: Vec<_> = (0..count)
        .map(|n| {
            wstd::runtime::spawn(async move {
                wstd::task::sleep(Duration::from_millis(1 + n % 10)).await;
            })
        })
        .collect();
    for nap in naps {
        nap.await;
    }
    println!("{count} timers in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}
