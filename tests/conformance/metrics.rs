//! What a runtime counts, on whatever host; differences only, for others may run beside a case.

use creel::runtime::{Handle, RuntimeMetrics};
use creel::task::{consume_budget, yield_now};
use std::future::pending;

fn polls(metrics: &RuntimeMetrics) -> u64 {
    (0..metrics.num_workers()).map(|worker| metrics.worker_poll_count(worker)).sum()
}

cases! { "metrics":

async fn tasks_are_counted() {
    let metrics = Handle::current().metrics();
    let before = (metrics.spawned_tasks_count(), polls(&metrics));
    let tasks: Vec<_> = (0..3).map(|_| creel::spawn(yield_now())).collect();
    assert!(metrics.spawned_tasks_count() >= before.0 + 3);
    for task in tasks {
        task.await.unwrap();
    }
    // Each had two polls.
    assert!(polls(&metrics) >= before.1 + 6, "{} after {}", polls(&metrics), before.1);
}

async fn a_task_is_alive_until_it_ends() {
    let metrics = Handle::current().metrics();
    let tasks: Vec<_> = (0..100).map(|_| creel::spawn(pending::<()>())).collect();
    assert!(metrics.num_alive_tasks() >= 100);
    for task in tasks {
        task.abort();
        task.await.unwrap_err();
    }
    // A worker may still be about to count the last as ended.
    while metrics.num_alive_tasks() >= 100 {
        yield_now().await;
    }
}

async fn a_task_that_had_to_give_way_is_counted() {
    let metrics = Handle::current().metrics();
    let before = metrics.budget_forced_yield_count();
    let task = creel::spawn(async {
        for _ in 0..300 {
            consume_budget().await;
        }
    });
    task.await.unwrap();
    assert!(metrics.budget_forced_yield_count() >= before + 2);
}

}
