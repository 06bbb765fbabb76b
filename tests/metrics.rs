//! Runtimes in numbers, and the hooks that tell of tasks.
#![cfg(not(target_family = "wasm"))]

use creel::runtime::{Builder, HistogramConfiguration, Next, Runtime, RuntimeMetrics};
use creel::task::{block_in_place, spawn_blocking, spawn_local, yield_now};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

fn current_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn pool(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

/// Of all workers together.
fn total(metrics: &RuntimeMetrics, of: impl Fn(&RuntimeMetrics, usize) -> u64) -> u64 {
    (0..metrics.num_workers()).map(|worker| of(metrics, worker)).sum()
}

/// Looks again until it is so: others are a moment behind.
fn until(what: &str, so: impl Fn() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn one_thread_counts_exactly() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    runtime.block_on(async {
        creel::spawn(async {
            yield_now().await;
            yield_now().await;
        })
        .await
        .unwrap();
        spawn_local(async {}).await.unwrap();
    });
    assert_eq!(metrics.spawned_tasks_count(), 2);
    assert_eq!(metrics.worker_poll_count(0), 4);
    assert_eq!(metrics.worker_local_schedule_count(0), 4, "two spawned, two yields");
    assert_eq!((metrics.remote_schedule_count(), metrics.num_alive_tasks()), (0, 0));
    assert_eq!(metrics.worker_thread_id(0), Some(thread::current().id()));
}

#[test]
fn what_comes_from_outside_is_counted_apart() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let metrics = runtime.metrics();
    let tasks: Vec<_> = (0..5).map(|_| runtime.spawn(pending::<()>())).collect();
    assert_eq!((metrics.global_queue_depth(), metrics.worker_local_queue_depth(0)), (5, 0));
    assert_eq!((metrics.num_alive_tasks(), metrics.spawned_tasks_count()), (5, 5));
    assert_eq!(runtime.tick(2), Next::Now);
    assert_eq!((metrics.global_queue_depth(), metrics.worker_local_queue_depth(0)), (0, 3));
    assert_eq!(runtime.tick(9), Next::Idle);
    tasks[0].abort();
    assert_eq!((metrics.global_queue_depth(), metrics.remote_schedule_count()), (1, 6));
    runtime.tick(9);
    assert_eq!((metrics.num_alive_tasks(), metrics.worker_poll_count(0)), (4, 6));
    drop(runtime);
    assert_eq!((metrics.num_alive_tasks(), metrics.worker_local_queue_depth(0)), (0, 0));
    // Whoever ticks waits by itself.
    assert_eq!((metrics.worker_park_count(0), metrics.worker_noop_count(0)), (0, 0));
    assert_eq!(metrics.worker_total_busy_duration(0), Duration::ZERO);
}

#[test]
fn a_runtime_that_ended_has_nothing_queued() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let metrics = runtime.metrics();
    let handle = runtime.handle().clone();
    (0..3).for_each(|_| drop(runtime.spawn(pending::<()>())));
    runtime.tick(1);
    drop(runtime);
    assert_eq!((metrics.num_alive_tasks(), metrics.global_queue_depth()), (0, 0));
    assert_eq!(metrics.worker_local_queue_depth(0), 0);
    drop(handle.spawn(async {}));
    assert_eq!((metrics.num_alive_tasks(), metrics.spawned_tasks_count()), (0, 3));
}

#[test]
fn waits_are_counted_and_are_not_busy_time() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    let start = Instant::now();
    runtime.block_on(async { creel::time::sleep(Duration::from_millis(50)).await });
    let (parks, busy) = (metrics.worker_park_count(0), metrics.worker_total_busy_duration(0));
    assert!(parks >= 1 && metrics.worker_park_unpark_count(0) == 2 * parks);
    assert_eq!(metrics.worker_noop_count(0), parks, "no task was polled");
    assert!(
        busy > Duration::ZERO && busy < start.elapsed() - Duration::from_millis(45),
        "{busy:?}"
    );
    // Between two calls of `block_on` it is not busy either.
    thread::sleep(Duration::from_millis(2));
    assert_eq!(metrics.worker_total_busy_duration(0), busy);
}

#[test]
fn busy_time_grows_while_a_task_blocks() {
    for runtime in [current_thread(), pool(1)] {
        let metrics = runtime.metrics();
        let (go_on, wait) = mpsc::channel::<()>();
        let task = runtime.spawn(async move { while wait.recv().is_ok() {} });
        thread::scope(|scope| {
            scope.spawn(|| runtime.block_on(task).unwrap());
            until("the worker polls", || metrics.worker_poll_count(0) == 1);
            let before = metrics.worker_total_busy_duration(0);
            until("the time is counted meanwhile", || {
                metrics.worker_total_busy_duration(0) > before + Duration::from_millis(5)
            });
            drop(go_on);
        });
    }
}

#[test]
fn a_pool_counts_tasks_bound_to_its_threads() {
    let runtime = pool(2);
    let metrics = runtime.metrics();
    let (alive, spawned) = runtime
        .block_on(runtime.spawn({
            let metrics = metrics.clone();
            async move {
                let mut locals: Vec<_> = (0..10).map(|_| spawn_local(pending::<()>())).collect();
                locals.pop().unwrap().abort();
                while metrics.num_alive_tasks() > 10 {
                    yield_now().await;
                }
                (metrics.num_alive_tasks(), metrics.spawned_tasks_count())
            }
        }))
        .unwrap();
    assert_eq!((alive, spawned), (10, 11), "nine and the one that spawned them");
    drop(runtime);
    assert_eq!((metrics.num_alive_tasks(), metrics.spawned_tasks_count()), (0, 11));
}

#[test]
fn a_seat_goes_on_counting_under_a_substitute() {
    let runtime = pool(1);
    let metrics = runtime.metrics();
    let first = metrics.clone();
    let moved = runtime.spawn(async move {
        let here = thread::current().id();
        block_in_place(|| {
            until("a substitute has the seat", || first.worker_thread_id(0) != Some(here));
            assert_eq!(first.num_blocking_threads(), 1);
        });
    });
    runtime.block_on(moved).unwrap();
    runtime.block_on(runtime.spawn(async {})).unwrap();
    drop(runtime);
    // The poll that was under way when the seat was given away counts as well.
    assert_eq!((metrics.worker_poll_count(0), metrics.spawned_tasks_count()), (2, 2));
    assert_eq!(metrics.worker_park_unpark_count(0) % 2, 0, "each wait has ended");
}

#[test]
fn a_full_queue_overflows_once_and_others_steal_from_it() {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).disable_lifo_slot().build().unwrap();
    let metrics = runtime.metrics();
    let look = metrics.clone();
    runtime
        .block_on(runtime.spawn(async move {
            // The other worker is kept away meanwhile.
            let ((told, hears), (go_on, wait)) = (mpsc::channel(), mpsc::channel::<()>());
            let away = creel::spawn(async move {
                told.send(()).unwrap();
                wait.recv().unwrap_err();
            });
            hears.recv().unwrap();
            let stolen = total(&look, RuntimeMetrics::worker_steal_count);
            let tasks: Vec<_> = (0..257).map(|_| creel::spawn(async {})).collect();
            assert_eq!(total(&look, RuntimeMetrics::worker_overflow_count), 1);
            assert_eq!(look.global_queue_depth(), 129, "half a queue, and the one too many");
            let queued = total(&look, |look, w| look.worker_local_queue_depth(w) as u64);
            assert_eq!(queued, 128);
            drop(go_on);
            // This worker is busy until the other has taken something from it.
            while total(&look, RuntimeMetrics::worker_steal_count) == stolen {
                thread::yield_now();
            }
            away.await.unwrap();
            for task in tasks {
                task.await.unwrap();
            }
        }))
        .unwrap();
    drop(runtime);
    let operations = total(&metrics, RuntimeMetrics::worker_steal_operations);
    assert!(operations >= 2 && total(&metrics, RuntimeMetrics::worker_steal_count) >= operations);
    assert_eq!(metrics.remote_schedule_count(), 1, "what overflows is not from outside");
}

#[test]
fn the_blocking_pool_is_counted() {
    let runtime = Builder::new_current_thread().max_blocking_threads(2).build().unwrap();
    let metrics = runtime.metrics();
    let gate = Arc::new(Barrier::new(3));
    let closures: Vec<_> = (0..4)
        .map(|_| {
            let gate = gate.clone();
            runtime.spawn_blocking(move || gate.wait())
        })
        .collect();
    until("two have begun", || metrics.blocking_queue_depth() == 2);
    assert_eq!((metrics.num_blocking_threads(), metrics.num_idle_blocking_threads()), (2, 0));
    assert_eq!(metrics.num_alive_tasks(), 0, "they are not the scheduler's");
    gate.wait();
    gate.wait();
    for closure in closures {
        let _ = runtime.block_on(closure).unwrap();
    }
    until("both wait for more", || metrics.num_idle_blocking_threads() == 2);
    assert_eq!(metrics.blocking_queue_depth(), 0);
    drop(runtime);
    assert_eq!((metrics.num_blocking_threads(), metrics.num_idle_blocking_threads()), (0, 0));
}

#[cfg(feature = "net")]
#[test]
fn sources_and_their_events_are_counted() {
    use creel::net::{TcpListener, TcpStream};
    let runtime = current_thread();
    let metrics = runtime.metrics();
    assert_eq!(metrics.io_driver_fd_registered_count(), 0);
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (client, accepted) = creel::join!(TcpStream::connect(at), listener.accept());
        assert_eq!(metrics.io_driver_fd_registered_count(), 3);
        assert_eq!(metrics.io_driver_fd_deregistered_count(), 0);
        assert!(metrics.io_driver_ready_count() >= 1);
        drop((client, accepted));
        assert_eq!(metrics.io_driver_fd_deregistered_count(), 2);
    });
    assert_eq!(metrics.io_driver_fd_deregistered_count(), 3);
}

#[test]
fn polls_are_sorted_by_how_long_they_take() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let linear = HistogramConfiguration::linear(Duration::from_secs(3600), 2);
        let runtime = builder
            .worker_threads(2)
            .enable_metrics_poll_time_histogram()
            .metrics_poll_time_histogram_configuration(linear)
            .build()
            .unwrap();
        let metrics = runtime.metrics();
        runtime.block_on(async {
            creel::spawn(yield_now()).await.unwrap();
            creel::spawn(async { spawn_local(async {}).await.unwrap() }).await.unwrap();
        });
        drop(runtime);
        let polls = total(&metrics, RuntimeMetrics::worker_poll_count);
        assert_eq!(polls, 5, "two yields, and one that waits for another");
        let of = |bucket| total(&metrics, |m, w| m.poll_time_histogram_bucket_count(w, bucket));
        assert_eq!((of(0), of(1)), (polls, 0));
    }
}

#[test]
#[should_panic(expected = "there is no worker 1")]
fn a_worker_that_is_not_there_is_named() {
    current_thread().metrics().worker_poll_count(1);
}

#[test]
fn a_slow_poll_on_a_worker_is_told() {
    let (sender, told) = mpsc::channel();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .on_slow_poll(Duration::from_millis(1), move |slow| {
            sender.send((slow.id, slow.took)).unwrap();
        })
        .build()
        .unwrap();
    let sleep = || thread::sleep(Duration::from_millis(2));
    let task = runtime.spawn(async move {
        sleep();
        // Idle after its first poll, and ended by whoever wakes it perhaps.
        let local = spawn_local(async move { sleep() });
        let id = local.id();
        local.await.unwrap();
        id
    });
    let id = task.id();
    let local = runtime.block_on(task).unwrap();
    drop(runtime);
    let told: Vec<_> = told.iter().collect();
    for expected in [id, local] {
        let (_, took) = told.iter().find(|(id, _)| *id == expected).expect("it was slow");
        assert!(*took >= Duration::from_millis(2));
    }
}

/// How often each of the hooks was called.
type Told = [Arc<AtomicUsize>; 4];

fn count(calls: &AtomicUsize) {
    calls.fetch_add(1, SeqCst);
}

fn hooks(builder: &mut Builder) -> Told {
    let told = Told::default();
    let [spawned, before, after, ended] = told.clone();
    builder
        .on_task_spawn(move |_| count(&spawned))
        .on_before_task_poll(move |_| count(&before))
        .on_after_task_poll(move |_| count(&after))
        .on_task_terminate(move |_| {
            count(&ended);
            panic!("a hook's own affair");
        });
    told
}

#[test]
fn hooks_tell_of_every_task_on_every_scheduler() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let told = hooks(builder.worker_threads(2));
        let runtime = builder.build().unwrap();
        let handle = runtime.handle().clone();
        runtime.block_on(async {
            let by_itself = creel::spawn(async {
                spawn_local(yield_now()).await.unwrap();
                drop(spawn_local(pending::<()>()));
            });
            by_itself.await.unwrap();
            creel::spawn(async { panic!("an end, too") }).await.unwrap_err();
            let aborted = creel::spawn(pending::<()>());
            aborted.abort();
            aborted.await.unwrap_err();
            drop(creel::spawn(pending::<()>()));
        });
        let metrics = runtime.metrics();
        drop(runtime);
        handle.spawn(async {}); // too late: it is cancelled at once
        let [spawned, before, after, ended] = told.map(|count| count.load(SeqCst));
        assert_eq!((spawned, ended), (7, 7));
        assert_eq!(before, after);
        let polls = total(&metrics, RuntimeMetrics::worker_poll_count);
        assert_eq!(before as u64, polls);
    }
}

#[test]
fn hooks_name_the_task() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let runtime = Builder::new_current_thread()
        .on_before_task_poll(move |task| {
            log.lock().unwrap().push((task.id(), task.name().map(str::to_owned)));
        })
        .build()
        .unwrap();
    runtime.block_on(async {
        let task = creel::task::Builder::new().name("reader").spawn(async {}).unwrap();
        let id = task.id();
        task.await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [(id, Some("reader".to_owned()))]);
        spawn_blocking(|| {}).await.unwrap();
        assert_eq!(seen.lock().unwrap().len(), 1, "a closure is no task of the scheduler");
    });
}
