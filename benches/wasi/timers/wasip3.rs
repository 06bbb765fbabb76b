//! Many sleeps at once on the bindings of preview 3: `timers_wasip3 COUNT`.

use std::time::Instant;
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::wit_bindgen::spawn_local;

struct Command;

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(4_000);
        let start = Instant::now();
        let naps: Vec<_> =
            (0..count).map(|n: u64| spawn_local(wait_for((1 + n % 10) * 1_000_000))).collect();
        for nap in naps {
            let _ = nap.await;
        }
        println!("{count} timers in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    }
}

wasip3::cli::command::export!(Command);
