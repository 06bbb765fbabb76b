//! Criterion's reports: a group an operation, a function a peer.

use creel_benches::{operations, pool};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::{Duration, Instant};

fn all(criterion: &mut Criterion) {
    for operation in operations().into_iter().chain(pool::operations()) {
        let mut group = criterion.benchmark_group(operation.name.replace([',', ':'], ""));
        group.throughput(Throughput::Elements(1));
        for peer in operation.peers {
            let mut run = (peer.start)();
            group.bench_function(peer.name, |bencher| {
                bencher.iter_custom(|iterations| {
                    // Whole measurements only: some operations come in thousands.
                    let rounds = iterations.div_ceil(operation.count);
                    let start = Instant::now();
                    (0..rounds).for_each(|_| run(operation.count));
                    let done = rounds * operation.count;
                    start.elapsed().mul_f64(iterations as f64 / done as f64)
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = all
}
criterion_main!(benches);
