//! What a pool is told, and what it promises about who runs when.
#![cfg(not(any(loom, target_family = "wasm")))]

use creel::runtime::{Builder, Runtime};
use creel::task::{spawn_blocking, yield_now};
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

fn pool(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

/// Has a worker see many polls that take next to nothing.
async fn many_short_polls() {
    for _ in 0..20_000 {
        yield_now().await;
    }
}

#[test]
fn tasks_that_take_long_spread_also_after_many_that_did_not() {
    for workers in [2, 4] {
        let runtime = pool(workers);
        let (done, ends) = mpsc::channel();
        runtime.spawn(async move {
            for _ in 0..5 {
                many_short_polls().await;
                // Each waits with its thread until all have begun.
                let together = Arc::new(Barrier::new(workers));
                let tasks: Vec<_> = (0..workers)
                    .map(|_| {
                        let together = together.clone();
                        creel::spawn(async move { together.wait() })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            }
            done.send(()).unwrap();
        });
        let ended = ends.recv_timeout(LONG);
        // It would wait for those who wait for each other.
        runtime.shutdown_background();
        assert_eq!(ended, Ok(()), "with {workers} workers");
    }
}

#[test]
fn a_child_is_run_by_another_while_a_worker_whose_polls_are_long_goes_on() {
    let runtime = pool(2);
    let (done, ends) = mpsc::channel();
    runtime.spawn(async move {
        for _ in 0..200 {
            thread::sleep(Duration::from_micros(100));
            yield_now().await;
        }
        let (send, receive) = mpsc::channel();
        drop(creel::spawn(async move { send.send(()).unwrap() }));
        // The child is next on this worker, which does not come to it.
        done.send(receive.recv_timeout(LONG)).unwrap();
    });
    assert_eq!(ends.recv_timeout(2 * LONG), Ok(Ok(())));
}

/// Two tasks that wake each other until they are told to end.
fn ping_pong(runtime: &Runtime, ends: &Arc<AtomicBool>) {
    let wakers: Arc<[Mutex<Option<Waker>>; 2]> = Arc::default();
    for side in 0..2 {
        let (wakers, ends) = (wakers.clone(), ends.clone());
        runtime.spawn(poll_fn(move |cx| {
            *wakers[side].lock().unwrap() = Some(cx.waker().clone());
            wakers[1 - side].lock().unwrap().iter().for_each(Waker::wake_by_ref);
            if ends.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        }));
    }
}

#[test]
fn two_that_wake_each_other_leave_turns_to_others() {
    let runtime = pool(1);
    let ends = Arc::new(AtomicBool::new(false));
    let (done, ended) = mpsc::channel();
    ping_pong(&runtime, &ends);
    runtime.spawn(async move {
        // In the ring from now on.
        for _ in 0..100 {
            yield_now().await;
        }
        done.send(()).unwrap();
    });
    let result = ended.recv_timeout(LONG);
    ends.store(true, SeqCst);
    assert_eq!(result, Ok(()), "they kept the worker to themselves");
}

#[test]
fn threads_have_their_names_and_callbacks() {
    let counts: Arc<[AtomicUsize; 4]> = Arc::default();
    let count = |what: usize| {
        let counts = counts.clone();
        move || _ = counts[what].fetch_add(1, SeqCst)
    };
    let names = AtomicUsize::new(0);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name_fn(move || format!("number-{}", names.fetch_add(1, SeqCst)))
        .on_thread_start(count(0))
        .on_thread_stop(count(1))
        .on_thread_park(count(2))
        .on_thread_unpark(count(3))
        .build()
        .unwrap();
    let seen: HashSet<_> = runtime.block_on(async {
        let together = Arc::new(Barrier::new(3));
        let wait = |together: Arc<Barrier>| {
            together.wait();
            thread::current().name().map(str::to_owned)
        };
        let (one, other, third) = (together.clone(), together.clone(), together);
        let tasks = [
            creel::spawn(async move { wait(one) }),
            creel::spawn(async move { wait(other) }),
            spawn_blocking(move || wait(third)),
        ];
        let mut seen = HashSet::new();
        for task in tasks {
            seen.extend(task.await.unwrap());
        }
        seen
    });
    assert_eq!(seen, ["number-0", "number-1", "number-2"].map(str::to_owned).into());
    drop(runtime);
    let [start, stop, park, unpark] = [0, 1, 2, 3].map(|what| counts[what].load(SeqCst));
    assert_eq!((start, stop), (3, 3));
    assert!(park > 0 && park == unpark, "{park} and {unpark}");
}

#[test]
fn blocking_threads_are_as_many_as_allowed_and_end_when_idle() {
    let counts: Arc<[AtomicUsize; 4]> = Arc::default();
    let [start, stop] = [0, 1].map(|what| {
        let counts = counts.clone();
        move || _ = counts[what].fetch_add(1, SeqCst)
    });
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(2)
        .thread_keep_alive(Duration::from_millis(10))
        .on_thread_start(start)
        .on_thread_stop(stop)
        .build()
        .unwrap();
    let closures: Vec<_> = (0..10)
        .map(|_| {
            let counts = counts.clone();
            runtime.spawn_blocking(move || {
                let now = counts[2].fetch_add(1, SeqCst) + 1;
                counts[3].fetch_max(now, SeqCst);
                thread::sleep(Duration::from_millis(3));
                counts[2].fetch_sub(1, SeqCst);
            })
        })
        .collect();
    runtime.block_on(async {
        for closure in closures {
            closure.await.unwrap();
        }
    });
    assert_eq!(counts[3].load(SeqCst), 2);
    let end = std::time::Instant::now() + LONG;
    while counts[1].load(SeqCst) < counts[0].load(SeqCst) {
        assert!(std::time::Instant::now() < end, "they stay: {counts:?}");
        thread::sleep(Duration::from_millis(1));
    }
    // Another is started when there is work again.
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
}

#[test]
fn a_shutdown_with_everything_under_way_ends_in_time_and_names_what_it_left() {
    for workers in [1, 3] {
        let runtime = pool(workers);
        let (go, wait) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let blocks = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            wait.recv().unwrap_err()
        });
        let waits = runtime.spawn(std::future::pending::<()>());
        let sleeps = runtime.spawn(async { creel::time::sleep(LONG).await });
        let busy = runtime.spawn(async {
            loop {
                yield_now().await;
            }
        });
        has_begun.recv().unwrap();
        let (done, ends) = mpsc::channel();
        thread::spawn(move || done.send(runtime.shutdown(Duration::from_millis(30))).unwrap());
        let report = ends.recv_timeout(LONG).expect("it ends although a closure blocks");
        assert_eq!(report.survivors.iter().filter(|task| task.blocking).count(), 1, "{report}");
        assert_eq!(report.survivors.len(), 4, "{report}");
        let other = Builder::new_current_thread().build().unwrap();
        for cancelled in [waits, sleeps, busy] {
            assert!(other.block_on(cancelled).unwrap_err().is_cancelled());
        }
        drop((go, blocks));
    }
}

/// Whether a timer that is long due has fired after so many turns of a task that only gives way.
fn fires(interval: u32, turns: usize) -> bool {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).event_interval(interval).build().unwrap();
    let busy = runtime.spawn(async move {
        let fired = Arc::new(AtomicBool::new(false));
        let fires = fired.clone();
        creel::spawn(async move {
            creel::time::sleep(Duration::from_millis(1)).await;
            fires.store(true, SeqCst);
        });
        yield_now().await;
        thread::sleep(Duration::from_millis(10));
        for _ in 0..turns {
            yield_now().await;
        }
        fired.load(SeqCst)
    });
    runtime.block_on(busy).unwrap()
}

#[test]
fn a_busy_worker_looks_at_the_timers_every_so_many_turns() {
    assert!(fires(1, 5));
    assert!(fires(61, 130));
    assert!(!fires(u32::MAX, 130));
}

#[test]
fn a_queue_far_deeper_than_a_ring_loses_nothing() {
    const TASKS: usize = if cfg!(miri) { 2_000 } else { 100_000 };
    for workers in [1, 2] {
        let runtime = pool(workers);
        let ran = Arc::new(AtomicUsize::new(0));
        let spawning = {
            let ran = ran.clone();
            runtime.spawn(async move {
                for _ in 0..TASKS {
                    let ran = ran.clone();
                    creel::spawn(async move { _ = ran.fetch_add(1, SeqCst) });
                }
            })
        };
        runtime.block_on(spawning).unwrap();
        assert!(runtime.shutdown(LONG).is_clean());
        assert_eq!(ran.load(SeqCst), TASKS);
    }
}

#[test]
#[should_panic(expected = "new_current_thread")]
fn a_runtime_that_is_ticked_is_not_silently_of_one_thread() {
    drop(Builder::new_multi_thread().build_passive(|| {}));
}

#[cfg(all(unix, feature = "net"))]
#[test]
fn a_pollable_runtime_is_not_silently_of_one_thread() {
    let error = Builder::new_multi_thread().build_pollable().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
}

#[cfg(all(target_os = "linux", not(miri)))]
mod on_linux {
    use super::*;

    /// The processors that this thread may run on, as the system writes them.
    fn allowed() -> String {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.unwrap().trim().to_owned()
    }

    #[test]
    fn workers_stay_on_the_processors_that_they_are_given() {
        let all = allowed();
        let first: usize = all.split(['-', ',']).next().unwrap().parse().unwrap();
        let runtime =
            Builder::new_multi_thread().worker_threads(2).worker_cores([first]).build().unwrap();
        let seen = runtime.block_on(async {
            let blocking = spawn_blocking(allowed).await.unwrap();
            (creel::spawn(async { allowed() }).await.unwrap(), blocking)
        });
        assert_eq!(seen, (first.to_string(), all));
    }

    #[test]
    fn a_processor_that_is_not_there_is_an_error() {
        let mut builder = Builder::new_multi_thread();
        let error = builder.worker_threads(2).worker_cores([0, 8_000]).build().unwrap_err();
        assert!(error.to_string().contains("8000"), "{error}");
    }

    /// Runs the rest of a test in a process of its own.
    fn in_child(name: &str, body: impl FnOnce()) {
        const CHILD: &str = "CREEL_TEST_POOL_CHILD";
        if std::env::var_os(CHILD).is_some() {
            return body();
        }
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    }

    #[test]
    fn a_fork_gets_errors_for_what_it_has_no_threads_for() {
        in_child("on_linux::a_fork_gets_errors_for_what_it_has_no_threads_for", || {
            let runtimes = [pool(2), Builder::new_current_thread().build().unwrap()];
            // A thread of each blocking pool waits for work.
            for runtime in &runtimes {
                runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
            }
            let handles = runtimes.each_ref().map(|runtime| runtime.handle().clone());
            // SAFETY: the child leaves by `_exit`, whatever happens.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let lost = || {
                    let blocking = handles[0].spawn_blocking(|| ());
                    let other = handles[1].spawn_blocking(|| ());
                    let task = handles[0].spawn(async {});
                    let all = blocking.is_finished() && other.is_finished() && task.is_finished();
                    drop(runtimes);
                    all
                };
                let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(lost));
                // SAFETY: ends the child without what the parent has registered for its end.
                unsafe { libc::_exit(if done.is_ok_and(|all| all) { 0 } else { 1 }) }
            }
            for _ in 0..1000 {
                let mut status = 0;
                // SAFETY: the status is filled in.
                if unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == child {
                    assert_eq!(status, 0, "the child failed");
                    // The parent has all of its threads.
                    for runtime in &runtimes {
                        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
                    }
                    return;
                }
                thread::sleep(Duration::from_millis(10));
            }
            // SAFETY: the child is ours.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the child hangs");
        });
    }
}

#[test]
fn closures_that_were_given_a_thread_run_though_the_runtime_ends_before_they_begin() {
    for _ in 0..50 {
        let runtime = Builder::new_current_thread().build().unwrap();
        let closure = runtime.spawn_blocking(|| 42);
        runtime.shutdown_timeout(LONG);
        let other = Builder::new_current_thread().build().unwrap();
        assert_eq!(other.block_on(closure).unwrap(), 42);
    }
}

#[test]
fn a_sleep_is_served_by_the_runtime_that_it_was_made_in() {
    let runtime = pool(1);
    let start = std::time::Instant::now();
    let mut sleep = {
        let _entered = runtime.enter();
        Box::pin(creel::time::sleep(Duration::from_millis(50)))
    };
    // In no runtime at all.
    let mut nobody = std::task::Context::from_waker(Waker::noop());
    assert!(sleep.as_mut().poll(&mut nobody).is_pending());
    // In one whose clock jumps to whatever is next.
    let hasty = Builder::new_current_thread().start_paused(true).build().unwrap();
    hasty.block_on(async {
        while sleep.deadline() > creel::time::Instant::now() {
            creel::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx))).await.is_pending());
        assert!(start.elapsed() < Duration::from_millis(50), "too slow a machine for this test");
    });
    thread::sleep(Duration::from_millis(60));
    hasty.block_on(sleep.as_mut());
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn the_thread_that_only_entered_a_runtime_may_block_in_place() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle();
    let sum = handle.block_on(async {
        creel::task::block_in_place(|| {
            handle.block_on(async {
                yield_now().await;
                1
            })
        }) + 1
    });
    assert_eq!(sum, 2);
}

#[test]
fn a_root_future_that_yields_has_its_turn_after_one_of_each_ready_task() {
    const TURNS: usize = 100;
    let runtime = Builder::new_current_thread().build().unwrap();
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = turns.clone();
    runtime.spawn(async move {
        loop {
            counted.fetch_add(1, SeqCst);
            yield_now().await;
        }
    });
    runtime.block_on(async {
        for _ in 0..TURNS {
            yield_now().await;
        }
    });
    assert_eq!(turns.load(SeqCst), TURNS);
}
