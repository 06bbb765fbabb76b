//! Looking for a seed under which a program fails.

use super::Simulator;
use core::future::Future;
use core::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs a program under every seed in `seeds`, each in a simulator of its own.
///
/// # Panics
/// As the program does under the first seed that makes it; standard error names that seed, and
/// `Simulator::new(seed)` replays it.
///
/// # Examples
/// ```
/// creel::sim::explore(0..50, || async {
///     let (send, mut receive) = creel::sync::mpsc::channel(1);
///     creel::spawn(async move { send.send(1).await.unwrap() });
///     assert_eq!(receive.recv().await, Some(1));
/// });
/// ```
#[track_caller]
pub fn explore<F, Fut>(seeds: Range<u64>, program: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = ()> + 'static,
{
    for seed in seeds {
        let simulator = Simulator::new(seed);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| simulator.run(program()))) {
            std::eprintln!(
                "the program fails under seed {seed}; `creel::sim::Simulator::new({seed})` replays it"
            );
            resume_unwind(payload);
        }
    }
}
