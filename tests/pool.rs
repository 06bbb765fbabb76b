//! The multi-threaded runtime and the blocking pool.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::async_yields_async)] // handles leave their task on purpose

use creel::runtime::{Builder, Runtime};
use creel::task::{JoinSet, spawn_blocking, spawn_local, yield_now};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

fn pool(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

fn fan_out(depth: u32) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            yield_now().await;
            return 1;
        }
        let children: Vec<_> = (0..4).map(|_| creel::spawn(fan_out(depth - 1))).collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

#[test]
fn a_tree_of_tasks_ends_on_any_number_of_workers() {
    for workers in [1, 2, 8] {
        assert_eq!(pool(workers).block_on(fan_out(6)), 4096);
    }
}

#[test]
fn tasks_from_many_threads_all_run() {
    let runtime = pool(2);
    let count = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let tasks: Vec<_> = (0..2_000)
                    .map(|_| {
                        let count = count.clone();
                        runtime.spawn(async move {
                            yield_now().await;
                            count.fetch_add(1, SeqCst);
                        })
                    })
                    .collect();
                runtime.block_on(async {
                    for task in tasks {
                        task.await.unwrap()
                    }
                });
            });
        }
    });
    assert_eq!(count.load(SeqCst), 8_000);
}

#[test]
fn sleepers_wake() {
    let runtime = pool(2);
    runtime.block_on(async {
        let mut set = JoinSet::new();
        for i in 0..200 {
            set.spawn(async move { creel::time::sleep(Duration::from_millis(i % 7)).await });
        }
        while let Some(done) = set.join_next().await {
            done.unwrap()
        }
    });
}

#[test]
fn local_tasks_stay_on_their_worker() {
    let runtime = pool(4);
    runtime.block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..50 {
            set.spawn(async {
                let here = std::thread::current().id();
                let shared = Rc::new(5);
                drop(shared);
                spawn_local(async move {
                    let shared = Rc::new(5);
                    for _ in 0..20 {
                        yield_now().await;
                        assert_eq!(std::thread::current().id(), here);
                    }
                    *shared
                })
            });
        }
        while let Some(task) = set.join_next().await {
            assert_eq!(task.unwrap().await.unwrap(), 5)
        }
    });
}

#[test]
fn blocking_closures_run_beside_each_other() {
    for runtime in [pool(1), Builder::new_current_thread().build().unwrap()] {
        let barrier = Arc::new(std::sync::Barrier::new(10));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..10)
                .map(|i| {
                    let barrier = barrier.clone();
                    spawn_blocking(move || {
                        barrier.wait();
                        i
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap()
            }
            assert_eq!(sum, 45);
        });
    }
}

#[test]
fn dropping_the_runtime_drops_every_task() {
    struct Count(Arc<AtomicUsize>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    for workers in [1, 3] {
        let dropped = Arc::new(AtomicUsize::new(0));
        let runtime = pool(workers);
        let tasks: Vec<_> = (0..100)
            .map(|i| {
                let count = Count(dropped.clone());
                runtime.spawn(async move {
                    let _count = count;
                    if i % 2 == 0 {
                        std::future::pending::<()>().await
                    }
                    loop {
                        yield_now().await
                    }
                })
            })
            .collect();
        drop(runtime);
        assert_eq!(dropped.load(SeqCst), 100);
        assert!(tasks.iter().all(|task| task.is_finished()));
    }
}

#[test]
fn shutdown_reports_who_did_not_end() {
    let runtime = pool(2);
    creel::task::Builder::new()
        .name("stuck")
        .spawn_on(std::future::pending::<()>(), runtime.handle())
        .unwrap();
    runtime.spawn(async {});
    let report = runtime.shutdown(Duration::from_millis(50));
    assert_eq!(report.survivors.len(), 1);
    assert_eq!(report.survivors[0].name.as_deref(), Some("stuck"));

    let runtime = pool(2);
    for _ in 0..50 {
        runtime.spawn(async { creel::time::sleep(Duration::from_millis(5)).await });
    }
    assert!(runtime.shutdown(Duration::from_secs(20)).is_clean());
}

#[test]
fn a_closure_that_still_blocks_is_reported() {
    let runtime = pool(1);
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = std::sync::mpsc::channel::<()>();
    runtime.spawn_blocking(move || {
        begun.send(()).unwrap();
        wait.recv().unwrap_err()
    });
    has_begun.recv().unwrap();
    let report = runtime.shutdown(Duration::from_millis(20));
    assert!(report.survivors.iter().any(|survivor| survivor.blocking), "{report}");
    drop(go);
}

#[test]
fn threads_cannot_be_had() {
    let error = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(usize::MAX / 4)
        .build()
        .unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[test]
fn a_worker_that_blocks_has_a_substitute() {
    use creel::task::block_in_place;
    let runtime = pool(1);
    runtime.block_on(async {
        let (send, receive) = std::sync::mpsc::channel();
        let blocked = creel::spawn(async move {
            let local = spawn_local(async {
                yield_now().await;
                7
            });
            block_in_place(move || receive.recv().unwrap());
            yield_now().await;
            // Nested, and from a thread that has no seat any more.
            block_in_place(|| {
                creel::runtime::Handle::current().block_on(async { yield_now().await })
            });
            local.await.unwrap()
        });
        creel::spawn(async move { send.send(()).unwrap() }).await.unwrap();
        assert_eq!(blocked.await.unwrap(), 7);
    });
}

#[test]
fn a_long_poll_of_whoever_waited_for_the_timers_holds_up_no_timer() {
    use std::sync::atomic::AtomicBool;
    let runtime = pool(2);
    for _ in 0..3 {
        let ended = Arc::new(AtomicBool::new(false));
        let ends = ended.clone();
        let long = runtime.spawn(async move {
            creel::time::sleep(Duration::from_millis(10)).await;
            // Whoever waited for the timers polls this.
            std::thread::sleep(Duration::from_millis(400));
            ends.store(true, SeqCst);
        });
        let other = runtime.spawn(async move {
            creel::time::sleep(Duration::from_millis(50)).await;
            ended.load(SeqCst)
        });
        runtime.block_on(async {
            assert!(!other.await.unwrap(), "the timer came after the long poll");
            long.await.unwrap();
        });
    }
}

/// No timer is armed: nothing but the edge itself says that somebody has to look.
#[cfg(feature = "net")]
#[test]
fn a_long_poll_of_whoever_waited_for_sources_holds_up_no_other_source() {
    use creel::io::AsyncReadExt;
    use std::io::Write;
    let runtime = pool(2);
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime.block_on(creel::net::TcpListener::bind(address)).unwrap();
    let connect = || {
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = runtime.block_on(listener.accept()).unwrap();
        (client, server)
    };
    for pause in [0, 20, 600, 20] {
        let ((mut one, mut served_one), (mut two, mut served_two)) = (connect(), connect());
        let (begins, begun) = std::sync::mpsc::channel();
        let (answers, answered) = std::sync::mpsc::channel();
        let long = runtime.spawn(async move {
            served_one.read_u8().await.unwrap();
            begins.send(()).unwrap();
            // Whoever waited in the reactor polls this.
            answered.recv_timeout(Duration::from_secs(10))
        });
        let other = runtime.spawn(async move {
            served_two.read_u8().await.unwrap();
            answers.send(()).unwrap();
        });
        // Now awake still, now asleep, now asleep for long.
        std::thread::sleep(Duration::from_millis(pause));
        one.write_all(b"x").unwrap();
        begun.recv().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        two.write_all(b"x").unwrap();
        runtime.block_on(async {
            long.await.unwrap().expect("the other was read meanwhile");
            other.await.unwrap();
        });
    }
}

#[test]
fn a_worker_that_stepped_down_has_no_index_until_it_sits_again() {
    let runtime = pool(1);
    let seen = runtime.block_on(async {
        creel::spawn(async {
            let before = creel::runtime::worker_index();
            // Its substitute has run something, so the seat is taken.
            let blocked = creel::task::block_in_place(|| {
                let (send, receive) = std::sync::mpsc::channel();
                creel::spawn(async move { send.send(creel::runtime::worker_index()).unwrap() });
                (receive.recv().unwrap(), creel::runtime::worker_index())
            });
            (before, blocked, creel::runtime::worker_index())
        })
        .await
        .unwrap()
    });
    assert_eq!(seen, (Some(0), (Some(0), None), None));
}

/// The limit is that of a whole process, so this is a child of its own.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_gets_no_substitute_keeps_its_seat() {
    const CHILD: &str = "CREEL_TEST_WITHOUT_THREADS";
    const STACK: usize = 1 << 30;
    if std::env::var_os(CHILD).is_none() {
        let this = std::env::current_exe().unwrap();
        let name = "a_worker_that_gets_no_substitute_keeps_its_seat";
        let child = std::process::Command::new(this)
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let runtime =
        Builder::new_multi_thread().worker_threads(1).thread_stack_size(STACK).build().unwrap();
    let (done, ends) = std::sync::mpsc::channel();
    runtime.block_on(async { creel::spawn(async {}).await.unwrap() });
    // No room for another stack.
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let room = pages * 4096 + STACK as u64 / 2;
    let limit = libc::rlimit { rlim_cur: room, rlim_max: room };
    // SAFETY: the limit is a valid one.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
    runtime.spawn(async move {
        for _ in 0..3 {
            creel::task::block_in_place(|| ());
            assert_eq!(creel::spawn(async { 1 }).await.unwrap(), 1);
        }
        let error = creel::task::spawn_blocking(|| ()).await.unwrap_err();
        assert!(error.is_cancelled(), "there are no threads: {error}");
        done.send(creel::runtime::worker_index()).unwrap();
    });
    assert_eq!(ends.recv_timeout(Duration::from_secs(20)), Ok(Some(0)));
}

#[test]
#[should_panic(expected = "spawn_blocking")]
fn one_thread_cannot_block_in_place() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { creel::task::block_in_place(|| ()) });
}

#[test]
fn a_timer_made_on_one_worker_is_seen_by_the_one_that_waits() {
    let runtime = pool(2);
    for _ in 0..5 {
        // Both workers sleep by now; the one that waits for timers knows of none.
        std::thread::sleep(Duration::from_millis(10));
        let sleep = creel::time::sleep;
        runtime
            .block_on(async {
                creel::spawn(async move { sleep(Duration::from_millis(1)).await }).await
            })
            .unwrap();
    }
}

#[test]
fn references_that_local_tasks_give_back_at_the_end_are_counted() {
    // What a local task's drop does to the count of its pool must not be lost: under Miri a count
    // that is too low is a use after free, one that is too high a leak.
    struct Keep(Option<creel::runtime::Handle>, std::sync::mpsc::Sender<creel::runtime::Handle>);
    impl Drop for Keep {
        fn drop(&mut self) {
            drop(self.0.take());
            for _ in 0..3 {
                let _ = self.1.send(creel::runtime::Handle::current());
            }
        }
    }
    let runtime = pool(1);
    let (send, kept) = std::sync::mpsc::channel();
    runtime.block_on(async {
        creel::spawn(async {
            drop(spawn_local(async {
                let _keep = Keep(Some(creel::runtime::Handle::current()), send);
                std::future::pending::<()>().await;
            }));
            yield_now().await;
        })
        .await
        .unwrap();
        // The worker has nothing else to do, so it gives the local task its turn.
        creel::time::sleep(Duration::from_millis(20)).await;
    });
    drop(runtime);
    let kept: Vec<_> = kept.iter().collect();
    assert_eq!(kept.len(), 3);
    assert!(kept[0].spawn(async {}).is_finished());
}

#[test]
fn a_task_that_ends_away_from_its_seat_while_the_pool_does_ends_once() {
    for round in 0..if cfg!(miri) { 3 } else { 1_500 } {
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let runtime = pool(2);
        let (begun, has_begun) = std::sync::mpsc::channel();
        for _ in 0..4 {
            let (counted, begun) = (Counted::new(&counts), begun.clone());
            runtime.spawn(async move {
                creel::task::block_in_place(|| {
                    begun.send(()).unwrap();
                    for _ in 0..round % 50 {
                        std::hint::spin_loop();
                    }
                });
                counted
            });
        }
        has_begun.recv().unwrap();
        drop(runtime);
        assert_eq!(counts.0.load(SeqCst), counts.1.load(SeqCst));
    }
}

#[test]
fn tasks_of_a_thread_without_a_seat_see_no_timer_end_by_the_shutdown() {
    for _ in 0..200 {
        let panics = Arc::new(AtomicUsize::new(0));
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_unhandled_panic({
                let panics = panics.clone();
                move |_| _ = panics.fetch_add(1, SeqCst)
            })
            .build()
            .unwrap();
        let (send, wait) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            for _ in 0..8 {
                drop(spawn_local(async {
                    loop {
                        creel::time::sleep(Duration::from_micros(1)).await;
                    }
                }));
            }
            creel::task::block_in_place(|| wait.recv().unwrap());
        });
        // By the substitute; then the thread that blocked runs what is bound to it.
        let other = runtime.spawn(async move { send.send(()).unwrap() });
        runtime.block_on(other).unwrap();
        std::thread::sleep(Duration::from_micros(500));
        drop(runtime);
        assert_eq!(panics.load(SeqCst), 0);
    }
}

#[test]
fn a_local_task_that_blocks_leaves_the_pool_a_searcher() {
    for workers in [1, 2] {
        let runtime = pool(workers);
        let (send, receive) = std::sync::mpsc::channel();
        let blocked = runtime.block_on(async {
            creel::spawn(async {
                spawn_local(async move { creel::task::block_in_place(|| receive.recv().unwrap()) })
            })
            .await
            .unwrap()
        });
        // Everybody sleeps; tasks from outside must still find a worker.
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(10));
            let task = runtime.spawn(async { 1 });
            assert_eq!(runtime.block_on(task).unwrap(), 1);
        }
        send.send(7).unwrap();
        assert_eq!(runtime.block_on(blocked).unwrap(), 7);
    }
}

/// The waker of somebody who is no task: does what it was made for on whatever thread wakes it.
struct Calls<F>(F);

impl<F: Fn() + Send + Sync + 'static> std::task::Wake for Calls<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Has a task of `runtime` end that such a waker waits for, as long as the handle is kept.
fn wake_a_stranger(
    runtime: &Runtime,
    call: impl Fn() + Send + Sync + 'static,
) -> creel::task::JoinHandle<()> {
    let (end, ends) = creel::sync::oneshot::channel::<()>();
    let mut task = runtime.spawn(async { ends.await.unwrap() });
    let waker = std::task::Waker::from(Arc::new(Calls(call)));
    let poll = Pin::new(&mut task).poll(&mut std::task::Context::from_waker(&waker));
    assert!(poll.is_pending());
    end.send(()).unwrap();
    task
}

/// Starts a task from a thread outside of the runtime.
fn spawn_outside(runtime: &creel::runtime::Handle) -> creel::task::JoinHandle<()> {
    std::thread::scope(|scope| scope.spawn(|| runtime.spawn(async {})).join().unwrap())
}

#[test]
fn a_waker_that_blocks_in_place_leaves_the_pool_a_searcher() {
    let runtime = pool(2);
    let (send, receive) = std::sync::mpsc::channel();
    let handle = runtime.handle().clone();
    let _task = wake_a_stranger(&runtime, move || {
        creel::task::block_in_place(|| {
            for _ in 0..10 {
                handle.block_on(spawn_outside(&handle)).unwrap();
                // Whoever has run it is asleep again, or about to be.
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        send.send(()).unwrap();
    });
    receive.recv().unwrap();
}

#[test]
fn a_graceful_end_runs_the_closures_that_are_queued() {
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let ran = ran.clone();
        runtime.spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(1));
            ran.fetch_add(1, SeqCst)
        });
    }
    assert!(runtime.shutdown(Duration::from_secs(20)).is_clean());
    assert_eq!(ran.load(SeqCst), 20);
}

/// Counts that as many were dropped as were made.
struct Counted(Arc<(AtomicUsize, AtomicUsize)>);

impl Counted {
    fn new(counts: &Arc<(AtomicUsize, AtomicUsize)>) -> Self {
        counts.0.fetch_add(1, SeqCst);
        Self(counts.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.1.fetch_add(1, SeqCst);
    }
}

/// What a task of the stress test does, by a number.
fn act(
    mut what: u32,
    counts: Arc<(AtomicUsize, AtomicUsize)>,
) -> Pin<Box<dyn Future<Output = Counted> + Send>> {
    Box::pin(async move {
        let counted = Counted::new(&counts);
        loop {
            what = what.wrapping_mul(0x915f_77f5).wrapping_add(1);
            let child = act(what >> 4, counts.clone());
            match (what >> 16) % 16 {
                // A panic that the hook is not told of.
                0 => std::panic::resume_unwind(Box::new("planned")),
                1 => std::future::pending().await,
                2 => drop(child),
                3 => drop(creel::spawn(child)),
                4 => creel::time::sleep(Duration::from_micros(u64::from(what >> 24))).await,
                5 => drop(spawn_blocking(std::thread::yield_now).await),
                6 => {
                    let local = Counted::new(&counts);
                    drop(spawn_local(async move {
                        let (_local, _shared) = (local, Rc::new(()));
                        yield_now().await;
                        if what & 1 << 20 == 0 {
                            creel::task::block_in_place(std::thread::yield_now);
                        }
                        yield_now().await;
                    }));
                }
                7 => creel::task::block_in_place(std::thread::yield_now),
                8 | 9 => return counted,
                _ => yield_now().await,
            }
        }
    })
}

#[test]
fn whatever_happens_every_future_is_dropped_once() {
    let rounds = if cfg!(miri) { 2 } else { 12 };
    for round in 0..rounds {
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let runtime = pool(round as usize % 3 + 1);
        let tasks = if cfg!(miri) { 10 } else { 300 };
        let mut handles: Vec<_> = (0..tasks)
            .map(|number| runtime.spawn(act(number * 7_919 + round, counts.clone())))
            .collect();
        for (number, handle) in handles.drain(..).enumerate() {
            match number % 4 {
                0 => handle.abort(),
                1 => drop(runtime.block_on(handle.cancel())),
                _ => drop(handle),
            }
        }
        drop(runtime);
        assert_eq!(counts.0.load(SeqCst), counts.1.load(SeqCst), "round {round}");
    }
}

#[test]
fn what_a_blocked_worker_waits_for_may_end_with_the_pool() {
    for workers in [1, 2] {
        let runtime = pool(workers);
        let (held, wait) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = std::sync::mpsc::channel();
        // Ends when the other task is dropped, and only then.
        let blocked = runtime.spawn(async move {
            creel::task::block_in_place(|| {
                begun.send(()).unwrap();
                wait.recv().unwrap_err();
            });
            std::future::pending::<()>().await;
        });
        runtime.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        has_begun.recv().unwrap();
        drop(runtime);
        assert!(blocked.is_finished());
    }
}

/// Counts polls, not time: those of a worker that always has a task of its own, each of which takes a
/// millisecond.
#[test]
fn a_task_from_outside_waits_for_few_long_polls() {
    let runtime = pool(1);
    let (polls, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let busy = {
        let (polls, stop) = (polls.clone(), stop.clone());
        runtime.spawn(async move {
            while !stop.load(SeqCst) {
                polls.fetch_add(1, SeqCst);
                std::thread::sleep(Duration::from_millis(1));
                creel::task::yield_now().await;
            }
        })
    };
    // The worker has to see for once how long its polls take.
    while polls.load(SeqCst) < 150 {
        std::thread::yield_now();
    }
    for _ in 0..3 {
        let before = polls.load(SeqCst);
        let seen = polls.clone();
        let task = runtime.spawn(async move { seen.load(SeqCst) });
        let after = runtime.block_on(task).unwrap();
        assert!(after - before <= 8, "it waited for {} polls", after - before);
    }
    stop.store(true, SeqCst);
    runtime.block_on(busy).unwrap();
}
