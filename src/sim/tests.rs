use super::{Simulator, explore};
use crate::task::{spawn_local, yield_now};
use crate::time::{Duration, Instant, sleep};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;

/// The order in which four tasks of three steps each run.
fn order(simulator: &Simulator) -> Vec<(usize, usize)> {
    let log = Rc::new(RefCell::new(Vec::new()));
    let shared = log.clone();
    simulator.run(async move {
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                let log = shared.clone();
                spawn_local(async move {
                    for step in 0..3 {
                        log.borrow_mut().push((task, step));
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    log.take()
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..20 {
        let (a, b) = (Simulator::new(seed), Simulator::new(seed));
        assert_eq!(order(&a), order(&b));
        assert_eq!(a.trace(), b.trace());
    }
}

#[test]
fn other_seeds_give_other_runs() {
    let orders: HashSet<_> = (0..50).map(|seed| order(&Simulator::new(seed))).collect();
    assert!(orders.len() > 40, "{} of 50 runs differ", orders.len());
    let traces: HashSet<_> = (0..50)
        .map(|seed| {
            let simulator = Simulator::new(seed);
            order(&simulator);
            simulator.trace()
        })
        .collect();
    assert!(traces.len() > 40);
}

#[test]
fn the_trace_is_the_same_on_every_platform() {
    let simulator = Simulator::new(42);
    order(&simulator);
    simulator.run(async { sleep(Duration::from_secs(1)).await });
    assert_eq!(simulator.trace(), GOLDEN, "{:#x}", simulator.trace());
}

/// Found once; whatever changes it changes what old seeds mean.
const GOLDEN: u64 = 0x518b_812d_1bae_d032;

#[test]
fn time_jumps_and_is_exact() {
    let simulator = Simulator::new(1);
    let slept = simulator.run(async {
        let start = Instant::now();
        sleep(Duration::from_nanos(86_400_000_000_123)).await;
        start.elapsed()
    });
    assert_eq!(slept, Duration::from_nanos(86_400_000_000_123));
    assert_eq!(simulator.elapsed(), slept);
}

fn panic_text(f: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().unwrap().to_string(),
    }
}

#[test]
fn a_program_that_cannot_go_on_is_told_so() {
    let text = panic_text(|| Simulator::new(9).run(core::future::pending()));
    assert!(text.contains("stuck (seed 9)"), "{text}");
}

#[test]
fn the_programs_panic_comes_out() {
    assert_eq!(panic_text(|| Simulator::new(1).run(async { panic!("own") })), "own");
}

#[test]
fn a_race_is_found_by_some_seed() {
    // Correct only if the first task runs first.
    let program = || async {
        let done = Rc::new(RefCell::new(false));
        let set = done.clone();
        spawn_local(async move { *set.borrow_mut() = true });
        spawn_local(async move { assert!(*done.borrow(), "read too early") }).await.unwrap();
    };
    panic_text(|| explore(0..20, program));
}
