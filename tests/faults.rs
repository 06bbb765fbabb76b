//! What goes wrong in programs, and what must happen then: nobody else notices, nothing hangs,
//! nothing is lost, and the error says what it was.
#![allow(clippy::async_yields_async)] // handles leave their task on purpose

use creel::runtime::{Builder, Next, Runtime};
use creel::task::{self, JoinHandle, JoinSet, spawn_local, yield_now};
use creel::time::{Duration, Instant, sleep, sleep_until, timeout};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Both kinds of runtime.
fn runtimes() -> [Runtime; 2] {
    [runtime(), Builder::new_multi_thread().worker_threads(2).build().unwrap()]
}

/// The text of the panic that `f` ends in.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("this was to panic");
    text(&*payload)
}

fn text(payload: &(dyn std::any::Any + Send)) -> String {
    match payload.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => payload.downcast_ref::<&str>().unwrap_or(&"?").to_string(),
    }
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

#[test]
fn a_panic_stays_in_its_task() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let other = creel::spawn(async {
                yield_now().await;
                7
            });
            let error = creel::spawn(async { panic!("mine") }).await.unwrap_err();
            assert!(error.is_panic());
            assert!(error.to_string().contains("mine"), "{error}");
            assert_eq!(text(&*error.into_panic()), "mine");
            assert_eq!(other.await.unwrap(), 7);
        });
    }
}

#[test]
fn a_panic_in_a_futures_drop_stays_in_its_task() {
    for runtime in runtimes() {
        runtime.block_on(async {
            // Dropped after it was done, ...
            let done = creel::spawn(async {
                let _bomb = Bomb("after");
            });
            assert!(done.await.unwrap_err().is_panic());
            // ... dropped because it was aborted, ...
            let aborted = creel::spawn(async {
                let _bomb = Bomb("aborted");
                pending::<()>().await;
            });
            yield_now().await;
            aborted.abort();
            let error = aborted.await.unwrap_err();
            assert!(error.is_panic() || error.is_cancelled());
            // ... and with others beside it.
            assert_eq!(creel::spawn(async { 1 }).await.unwrap(), 1);
        });
    }
}

#[test]
fn a_panic_in_an_outputs_drop_harms_nobody() {
    for runtime in runtimes() {
        runtime.block_on(async {
            // Nobody wants it: the task drops it.
            drop(creel::spawn(async { Bomb("unwanted") }));
            yield_now().await;
            // The handle drops it.
            let handle = creel::spawn(async { Bomb("left") });
            while !handle.is_finished() {
                yield_now().await;
            }
            drop(handle);
            assert_eq!(creel::spawn(async { 1 }).await.unwrap(), 1);
        });
    }
}

#[test]
fn a_panic_that_nobody_saw_reaches_the_hook_once() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let log = seen.clone();
        let runtime = builder
            .on_unhandled_panic(move |panic| {
                let name = panic.name.map(str::to_owned);
                log.lock().unwrap().push((name, panic.message().unwrap().to_owned()));
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            let seen_by_handle = creel::spawn(async { panic!("seen") });
            drop(seen_by_handle.await);
            let dropped = task::Builder::new().name("lost").spawn(async { panic!("unseen") });
            drop(dropped);
            let late = creel::spawn(async { panic!("late") });
            while !late.is_finished() {
                yield_now().await;
            }
            drop(late);
        });
        drop(runtime);
        let mut seen = std::mem::take(&mut *seen.lock().unwrap());
        seen.sort();
        let expected = [(None, "late".to_owned()), (Some("lost".to_owned()), "unseen".to_owned())];
        assert_eq!(seen, expected);
    }
}

/// A waker that panics when it is used.
struct BadWaker;

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        panic!("bad waker");
    }
}

#[test]
fn a_waker_that_panics_harms_nobody() {
    let runtime = runtime();
    let gate = Arc::new(creel::sync::Notify::new());
    let inner = gate.clone();
    let mut handle = runtime.spawn(async move { inner.notified().await });
    runtime.tick(10);
    let waker = Waker::from(Arc::new(BadWaker));
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    gate.notify_one();
    // The task ends and calls the waker, whose panic concerns nobody.
    runtime.tick(10);
    assert!(handle.is_finished());
    assert_eq!(runtime.block_on(async { creel::spawn(async { 1 }).await.unwrap() }), 1);
    runtime.block_on(handle).unwrap();
}

#[test]
fn a_runtime_dropped_with_tasks_pending_drops_them_on_its_thread() {
    struct Here(std::thread::ThreadId, Arc<AtomicUsize>);
    impl Drop for Here {
        fn drop(&mut self) {
            assert_eq!(std::thread::current().id(), self.0);
            self.1.fetch_add(1, SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let runtime = runtime();
    let handles: Vec<JoinHandle<()>> = runtime.block_on(async {
        (0..10)
            .map(|n| {
                let here = Here(std::thread::current().id(), dropped.clone());
                let task = async move {
                    let _here = here;
                    if n % 2 == 0 {
                        sleep(Duration::from_secs(1_000)).await;
                    }
                    pending::<()>().await;
                };
                if n % 3 == 0 { spawn_local(task) } else { creel::spawn(task) }
            })
            .collect()
    });
    drop(runtime);
    assert_eq!(dropped.load(SeqCst), 10);
    for handle in handles {
        assert!(handle.is_finished());
        assert!(self::runtime().block_on(handle).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_task_that_starts_tasks_when_it_is_dropped_cannot_keep_a_runtime_alive() {
    struct Respawn(u32);
    impl Drop for Respawn {
        fn drop(&mut self) {
            if self.0 > 0 {
                let next = Respawn(self.0 - 1);
                drop(creel::spawn(async move {
                    let _next = next;
                    pending::<()>().await;
                }));
            }
        }
    }
    for runtime in runtimes() {
        runtime.block_on(async {
            creel::spawn(async {
                let _first = Respawn(20);
                pending::<()>().await;
            });
            yield_now().await;
        });
        drop(runtime);
    }
}

#[test]
fn a_handle_used_after_shutdown_cancels_what_it_is_given() {
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        runtime.shutdown_timeout(Duration::from_secs(5));
        let task = handle.spawn(async { 1 });
        assert!(task.is_finished());
        let closure = handle.spawn_blocking(|| 1);
        let runtime = self::runtime();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        assert!(runtime.block_on(closure).unwrap_err().is_cancelled());
    }
}

#[test]
fn blocking_inside_a_runtime_is_an_error_and_no_hang() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let inner = self::runtime();
            let text = panic_of(|| inner.block_on(async {}));
            assert!(text.contains("inside a runtime") && text.contains("spawn_blocking"), "{text}");
            let handle = creel::runtime::Handle::current();
            assert!(panic_of(|| handle.block_on(async {})).contains("inside a runtime"));
            // On a thread of its own it is allowed.
            let outcome = task::spawn_blocking(move || {
                let answer = inner.block_on(async { 5 });
                drop(inner);
                answer
            });
            assert_eq!(outcome.await.unwrap(), 5);
        });
    }
}

#[test]
fn a_host_that_cannot_wait_says_so() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    assert!(panic_of(|| runtime.block_on(async {})).contains("cannot wait"));
    assert!(panic_of(|| runtime.run()).contains("cannot wait"));
}

#[test]
fn a_tick_inside_a_tick_is_refused() {
    let shared = Arc::new(Builder::new_current_thread().build_passive(|| {}));
    let own = shared.clone();
    let task = shared.spawn(async move { own.tick(10) });
    shared.tick(10);
    assert_eq!(runtime().block_on(task).unwrap(), Next::Busy);
    // Another runtime may be driven from inside a task.
    runtime().block_on(async move { assert_eq!(shared.tick(10), Next::Idle) });
}

#[test]
fn a_tick_is_bounded_and_tells_what_is_next() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let runtime = Builder::new_current_thread().build_passive(move || {
        count.fetch_add(1, SeqCst);
    });
    assert_eq!(runtime.tick(10), Next::Idle);
    let tasks: Vec<_> = (0..5).map(|_| runtime.spawn(yield_now())).collect();
    assert_eq!(woken.load(SeqCst), 1, "woken once until the next tick");
    assert_eq!(runtime.tick(3), Next::Now);
    assert_eq!(runtime.tick(100), Next::Idle);
    assert!(tasks.iter().all(JoinHandle::is_finished));
    let deadline = {
        let _entered = runtime.enter();
        Instant::now() + Duration::from_secs(3600)
    };
    runtime.spawn(async move { creel::time::sleep_until(deadline).await });
    let Next::At(at) = runtime.tick(10) else { panic!("a timer waits") };
    assert!(at <= deadline, "never later than the timer");
    assert_eq!(runtime.next_deadline(), Some(at));
}

#[test]
fn a_slow_poll_is_told() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let runtime = Builder::new_current_thread()
        .on_slow_poll(Duration::from_millis(20), move |poll| {
            log.lock().unwrap().push((poll.name.map(str::to_owned), poll.took));
        })
        .build()
        .unwrap();
    runtime.block_on(async {
        let hog = task::Builder::new()
            .name("hog")
            .spawn(async { std::thread::sleep(Duration::from_millis(40)) })
            .unwrap();
        hog.await.unwrap();
    });
    let seen = seen.lock().unwrap();
    let (name, took) = seen.iter().find(|(name, _)| name.is_some()).expect("the hog is told");
    assert_eq!(name.as_deref(), Some("hog"));
    assert!(*took >= Duration::from_millis(40));
}

#[test]
fn a_million_timers_at_the_same_instant_all_fire() {
    let count = if cfg!(miri) { 1_000 } else { 1_000_000 };
    let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut set = JoinSet::new();
        for _ in 0..count {
            set.spawn(async move { creel::time::sleep_until(deadline).await });
        }
        let mut fired = 0;
        while let Some(done) = set.join_next().await {
            done.unwrap();
            fired += 1;
        }
        assert_eq!(fired, count);
        assert_eq!(Instant::now(), deadline);
    });
}

#[test]
fn a_paused_clock_jumps_for_a_host_that_ticks_too() {
    let runtime = Builder::new_current_thread().start_paused(true).build_passive(|| {});
    let sleeper = runtime.spawn(async { sleep(Duration::from_secs(3600)).await });
    assert_eq!(runtime.tick(10), Next::Now, "nothing else is left to do");
    assert_eq!(runtime.tick(10), Next::Idle);
    assert!(sleeper.is_finished());
}

#[test]
fn durations_without_end_never_fire_and_do_not_overflow() {
    runtime().block_on(async {
        let forever = timeout(Duration::from_millis(5), sleep(Duration::MAX)).await;
        assert!(forever.is_err());
        timeout(Duration::MAX, async {}).await.unwrap();
        sleep(Duration::ZERO).await;
    });
}

#[test]
fn a_join_handle_polled_after_its_outcome_says_so() {
    runtime().block_on(async {
        let mut handle = creel::spawn(async {});
        (&mut handle).await.unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let text = panic_of(|| drop(Pin::new(&mut handle).poll(&mut cx)));
        assert!(text.contains("polled after completion"), "{text}");
    });
}

#[test]
fn outside_a_runtime_every_door_names_the_remedy() {
    assert!(panic_of(|| creel::spawn(async {})).contains("Handle::enter"));
    assert!(panic_of(|| spawn_local(async {})).contains("LocalSet"));
    assert!(panic_of(task::id).contains("try_id"));
    assert!(panic_of(creel::runtime::Handle::current).contains("Handle::enter"));
    assert!(creel::runtime::Handle::try_current().is_err());
    assert!(task::try_id().is_none());
}

#[test]
fn wakers_work_from_any_thread_and_after_everything_is_gone() {
    for runtime in runtimes() {
        let (send, wakers) = std::sync::mpsc::channel();
        let polls = Arc::new(AtomicUsize::new(0));
        let task = runtime.spawn({
            let polls = polls.clone();
            poll_fn(move |cx| {
                polls.fetch_add(1, SeqCst);
                let _ = send.send(cx.waker().clone());
                if polls.load(SeqCst) < 50 { Poll::Pending } else { Poll::Ready(()) }
            })
        });
        let waking = std::thread::spawn(move || {
            let mut last = None;
            while let Ok(waker) = wakers.recv() {
                waker.wake_by_ref();
                last = Some(waker);
            }
            last
        });
        runtime.block_on(task).unwrap();
        drop(runtime);
        let waker = waking.join().unwrap().unwrap();
        let owned = waker.clone();
        owned.wake();
        waker.wake();
        assert_eq!(polls.load(SeqCst), 50);
    }
}

#[test]
fn a_local_task_that_was_waiting_is_leaked_whole_when_its_runtime_ends_elsewhere() {
    let gate = Arc::new(creel::sync::Notify::new());
    let (inner, runtime) = (gate.clone(), runtime());
    let task = runtime.block_on(async move {
        let task = spawn_local(async move { inner.notified().await });
        yield_now().await;
        task
    });
    std::thread::spawn(move || drop(runtime)).join().unwrap();
    assert!(self::runtime().block_on(task).unwrap_err().is_cancelled());
    // The waiter is still linked here, so it must still be in place.
    gate.notify_waiters();
}

#[test]
fn a_paused_clock_does_not_keep_a_runtime_from_ending() {
    let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
    runtime.spawn(pending::<()>());
    assert_eq!(runtime.shutdown(Duration::from_secs(3_600)).survivors.len(), 1);

    // Threads live by the clock of the host.
    let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    drop(runtime.spawn_blocking(move || {
        let _ = wait.recv();
    }));
    runtime.block_on(async { creel::time::advance(Duration::from_secs(3_600)).await });
    runtime.shutdown_background();
    drop(go);
}

#[test]
fn callbacks_and_wakers_that_panic_harm_no_worker() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_start(|| panic!("start"))
        .on_thread_stop(|| panic!("stop"))
        .on_thread_park(|| panic!("park"))
        .on_thread_unpark(|| panic!("unpark"))
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let mut timer = Box::pin(sleep(Duration::from_millis(1)));
    let waker = Waker::from(Arc::new(BadWaker));
    assert!(timer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    runtime.block_on(async {
        creel::spawn(sleep(Duration::from_millis(5))).await.unwrap();
        assert_eq!(task::spawn_blocking(|| 1).await.unwrap(), 1);
    });
}

#[test]
fn timers_whose_wakers_panic_harm_no_other_timer() {
    for runtime in runtimes() {
        let _entered = runtime.enter();
        let deadline = Instant::now() + Duration::from_millis(20);
        let waker = Waker::from(Arc::new(BadWaker));
        // More than fit into one batch of wakers; on a busy machine some may be ready by now.
        let mut timers: Vec<_> = (0..40).map(|_| Box::pin(sleep_until(deadline))).collect();
        for timer in &mut timers {
            _ = timer.as_mut().poll(&mut Context::from_waker(&waker));
        }
        let other = runtime.spawn(sleep_until(deadline));
        runtime.block_on(async {
            other.await.unwrap();
            sleep(Duration::from_millis(1)).await;
        });
        assert!(timers.iter().all(|timer| timer.is_elapsed()));
    }
}

#[test]
fn a_graceful_end_under_a_paused_clock_does_not_wait_for_an_endless_closure() {
    let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let blocking = runtime.spawn_blocking(move || wait.recv().is_err());
    runtime.spawn(blocking);
    let report = runtime.shutdown(Duration::from_millis(20));
    // The task that waits, and the closure.
    assert_eq!(report.survivors.len(), 2, "{report}");
    drop(go);
}

#[test]
fn a_graceful_end_under_a_paused_clock_does_not_wait_for_a_task_that_never_rests() {
    let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
    runtime.spawn(async {
        loop {
            yield_now().await;
        }
    });
    assert_eq!(runtime.shutdown(Duration::from_millis(20)).survivors.len(), 1);
}

#[test]
fn a_panic_may_end_its_runtime() {
    use creel::runtime::UnhandledPanic::ShutdownRuntime;
    let runtime = Builder::new_current_thread().unhandled_panic(ShutdownRuntime).build().unwrap();
    let drops = Arc::new(AtomicUsize::new(0));
    let held = CountsDrops(drops.clone());
    runtime.spawn(async move {
        let _held = held;
        pending::<()>().await
    });
    let ends = |run: &dyn Fn()| assert!(panic_of(run).contains("shut down on unhandled panic"));
    let mut task = None;
    {
        let task = Mutex::new(&mut task);
        ends(&|| {
            runtime.block_on(async {
                **task.lock().unwrap() = Some(creel::spawn(async { panic!("mine") }));
                pending::<()>().await
            })
        });
    }
    assert_eq!(drops.load(SeqCst), 1, "all others are cancelled");
    assert!(task.take().is_some_and(|task: JoinHandle<()>| task.is_finished()));
    ends(&|| runtime.block_on(pending::<()>()));
    assert!(runtime.spawn(async {}).is_finished() || runtime.shutdown(Duration::ZERO).is_clean());
}

struct CountsDrops(Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_pool_is_not_ended_by_a_panic() {
    use creel::runtime::UnhandledPanic::{Ignore, ShutdownRuntime};
    Builder::new_multi_thread().unhandled_panic(Ignore);
    let refused = panic_of(|| _ = Builder::new_multi_thread().unhandled_panic(ShutdownRuntime));
    assert!(refused.contains("current thread"), "{refused}");
}

#[test]
fn the_same_bytes_are_the_same_seed() {
    use creel::runtime::RngSeed;
    let choices = |bytes: &[u8]| {
        let seed = RngSeed::from_bytes(bytes);
        let runtime = Builder::new_current_thread().rng_seed(seed).build().unwrap();
        runtime.block_on(async {
            let mut firsts = 0_u32;
            for _ in 0..32 {
                let first = creel::select! { () = async {} => 0, () = async {} => 1 };
                firsts = firsts << 1 | first;
            }
            firsts
        })
    };
    assert_eq!(choices(b"bread"), choices(b"bread"));
    assert_ne!(choices(b"bread"), choices(b"wine"));
}

#[test]
fn a_panic_drops_the_future_while_it_unwinds() {
    struct Sees(Arc<AtomicUsize>);
    impl Drop for Sees {
        fn drop(&mut self) {
            self.0.fetch_add(1 + usize::from(std::thread::panicking()), SeqCst);
            // A second panic, which must not end the program.
            panic!("second");
        }
    }
    impl Future for Sees {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            panic!("first");
        }
    }
    for runtime in runtimes() {
        let seen = Arc::new(AtomicUsize::new(0));
        let task = runtime.spawn(Sees(seen.clone()));
        let error = runtime.block_on(task).unwrap_err();
        assert_eq!(text(&*error.into_panic()), "first");
        assert_eq!(seen.load(SeqCst), 2, "dropped once, while unwinding");
    }
}
