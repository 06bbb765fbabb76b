//! Timers of a pool.

use super::{Creel, Pool, Smol, Tokio, on_each};
use crate::Operation;
use crate::timers::{LONG, poll_once};
use std::time::Duration;

pub fn operations() -> Vec<Operation> {
    vec![
        on_each!("timer: create, poll, cancel, in 2 tasks", 40_000, cancel),
        on_each!("1 M timers armed, then dropped, in 2 tasks, a timer", MANY, arm_and_drop),
    ]
}

async fn cancel<P: Pool>(n: u64) {
    let tasks = [(); 2].map(|()| {
        P::spawn(async move {
            for _ in 0..n / 2 {
                poll_once(P::sleep(LONG)).await;
            }
        })
    });
    for task in tasks {
        task.await;
    }
}

const MANY: u64 = 1_000_000;

async fn arm_and_drop<P: Pool>(n: u64) {
    let tasks = [(); 2].map(|()| {
        P::spawn(async move {
            let timer = |i| Box::pin(P::sleep(LONG + Duration::from_micros(i)));
            let mut timers: Vec<_> = (0..n / 2).map(timer).collect();
            for timer in &mut timers {
                poll_once(timer).await;
            }
        })
    });
    for task in tasks {
        task.await;
    }
}
