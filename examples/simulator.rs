//! In the simulator: `cargo run --example simulator --features sim`.
use creel::sim::Simulator;
use creel::time::{Duration, Instant, sleep};

async fn a_long_night() -> Duration {
    let start = Instant::now();
    let naps = [3, 1, 2].map(|hours| creel::spawn(sleep(Duration::from_secs(hours * 3600))));
    for nap in naps {
        nap.await.expect("nothing wakes it early");
    }
    start.elapsed()
}

fn main() {
    // The seed decides which ready task is next; the clock jumps to the next deadline.
    let (first, again) = (Simulator::new(7), Simulator::new(7));
    println!("{:?} have passed in no time", first.run(a_long_night()));
    again.run(a_long_night());
    assert_eq!(first.trace(), again.trace());
}
