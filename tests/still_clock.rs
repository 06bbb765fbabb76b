//! A host whose clock stands still. Alone in its program, because the clock is that of all.
#![cfg(feature = "std")]

use creel::runtime::{Builder, Next};
use creel::task::yield_now;
use creel::time::{Duration, Instant, sleep};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

static NOW: AtomicU64 = AtomicU64::new(0);

#[test]
fn a_clock_that_stands_still_stops_no_task() {
    creel::platform::set_clock(|| NOW.load(SeqCst));
    let start = Instant::now();
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let sleeper = runtime.spawn(async { sleep(Duration::from_nanos(1)).await });
    let worker = runtime.spawn(async {
        for _ in 0..100 {
            yield_now().await;
        }
    });
    while runtime.tick(10) == Next::Now {}
    assert!(worker.is_finished() && !sleeper.is_finished());
    assert_eq!(runtime.tick(10), Next::At(start + Duration::from_nanos(1)));
    NOW.fetch_add(1, SeqCst);
    while runtime.tick(10) == Next::Now {}
    assert!(sleeper.is_finished(), "and goes on with the clock");
}
