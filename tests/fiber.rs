//! Fibers: functions on stacks of their own.
#![cfg(all(feature = "fiber", feature = "net", not(target_family = "wasm")))]
#![allow(clippy::async_yields_async)] // handles leave their task on purpose

#[macro_use]
mod conformance;

use creel::fiber::{self, Fiber};
use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream};
use creel::runtime::{Builder, Runtime};
use creel::stream::StreamExt;
use creel::sync::{Mutex, Notify, mpsc, oneshot};
use creel::task::{JoinSet, yield_now};
use creel::time::{Duration, sleep, timeout};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

fn local() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn pool(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

fn everywhere(program: impl AsyncFn()) {
    local().block_on(program());
    for workers in [1, 2, 8] {
        pool(workers).block_on(program());
    }
}

fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    formatted.or_else(|| payload.downcast_ref::<&str>().copied()).expect("a message")
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn what_a_fiber_answers_reaches_its_handle() {
    everywhere(async || {
        let text = String::from("seven");
        assert_eq!(fiber::spawn(move || text.len()).await.unwrap(), 5);
    });
}

#[test]
fn timers_channels_and_locks_work_inside() {
    everywhere(async || {
        let (sender, mut inbox) = mpsc::channel(2);
        let total = Arc::new(Mutex::new(0));
        let senders: Vec<_> = (0..4)
            .map(|number| {
                let sender = sender.clone();
                fiber::spawn(move || {
                    for item in 0..50 {
                        fiber::wait(sender.send(number * 50 + item)).unwrap();
                        if item % 10 == 0 {
                            fiber::wait(sleep(Duration::from_millis(1)));
                        }
                    }
                })
            })
            .collect();
        drop(sender);
        let sum = total.clone();
        let receiver = fiber::spawn(move || {
            while let Some(number) = fiber::wait(inbox.recv()) {
                *fiber::wait(sum.lock()) += number;
            }
        });
        for sender in senders {
            sender.await.unwrap();
        }
        receiver.await.unwrap();
        assert_eq!(*total.lock().await, (0..200).sum::<i32>());
    });
}

#[test]
fn a_fiber_stays_on_its_thread() {
    let runtime = pool(4);
    runtime.block_on(async {
        let mut fibers = JoinSet::new();
        for _ in 0..200 {
            let fiber = fiber::spawn(|| {
                let home = std::thread::current().id();
                for _ in 0..20 {
                    fiber::yield_now();
                    fiber::wait(sleep(Duration::from_micros(50)));
                    assert_eq!(std::thread::current().id(), home);
                }
                home
            });
            fibers.spawn(async move { fiber.await.unwrap() });
        }
        let homes: std::collections::HashSet<_> = fibers.join_all().await.into_iter().collect();
        assert_eq!(homes.len(), 4, "every worker gets its share");
    });
}

#[test]
fn fibers_can_be_started_from_any_thread() {
    for runtime in [local(), pool(2)] {
        let handle = runtime.handle().clone();
        let outside = std::thread::spawn(move || {
            let _entered = handle.enter();
            fiber::spawn(|| {
                fiber::yield_now();
                std::thread::current().id()
            })
        });
        let fiber = outside.join().unwrap();
        let home = runtime.block_on(fiber).unwrap();
        let here = std::thread::current().id();
        let flavor = runtime.handle().runtime_flavor();
        assert_eq!(home == here, flavor == creel::runtime::RuntimeFlavor::CurrentThread);
    }
}

#[test]
fn a_fiber_started_after_shutdown_reports_cancelled() {
    for runtime in [local(), pool(2)] {
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let fiber = fiber::spawn(|| unreachable!("it never runs"));
        drop(_entered);
        let outcome: Result<(), _> = local().block_on(fiber);
        assert!(outcome.unwrap_err().is_cancelled());
    }
}

#[test]
fn a_panic_crosses_to_who_awaits() {
    everywhere(async || {
        let error = fiber::spawn(|| {
            fiber::yield_now();
            panic!("on purpose");
        })
        .await
        .unwrap_err();
        assert_eq!(message(&*error.into_panic()), "on purpose");
        // The thread is as good as before.
        assert_eq!(fiber::spawn(|| 1).await.unwrap(), 1);
    });
}

#[test]
fn dropping_a_suspended_fiber_unwinds_it() {
    local().block_on(async {
        let dropped = Rc::new(Cell::new(0));
        let count = dropped.clone();
        let mut fiber = Box::pin(Fiber::new(move || {
            let _outer = OnDrop(|| count.set(count.get() + 1));
            let inner = || {
                let _inner = OnDrop(|| count.set(count.get() + 10));
                fiber::wait(std::future::pending::<()>());
            };
            inner();
        }));
        assert!(timeout(Duration::from_millis(1), &mut fiber).await.is_err());
        assert_eq!(dropped.get(), 0);
        drop(fiber);
        assert_eq!(dropped.get(), 11);
    });
}

#[test]
fn a_fiber_that_never_ran_drops_its_function() {
    let alive = Rc::new(());
    let inside = alive.clone();
    drop(Fiber::new(move || drop(inside)));
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn aborting_and_shutting_down_unwind_suspended_fibers() {
    let dropped = Arc::new(AtomicUsize::new(0));
    for runtime in [local(), pool(1), pool(3)] {
        let start = async || {
            let dropped = dropped.clone();
            let (runs, has_begun) = oneshot::channel();
            let fiber = fiber::spawn(move || {
                let _guard = OnDrop(|| _ = dropped.fetch_add(1, SeqCst));
                runs.send(()).unwrap();
                fiber::wait(std::future::pending::<()>());
            });
            has_begun.await.unwrap();
            fiber
        };
        let before = dropped.load(SeqCst);
        runtime.block_on(async {
            let fiber = start().await;
            assert!(fiber.cancel().await.unwrap_err().is_cancelled());
            assert_eq!(dropped.load(SeqCst), before + 1, "gone when `cancel` answers");
            drop(start().await);
        });
        drop(runtime);
        assert_eq!(dropped.load(SeqCst), before + 2);
    }
}

#[test]
fn a_destructor_gets_what_is_ready_while_the_fiber_unwinds() {
    local().block_on(async {
        let (sender, mut inbox) = mpsc::channel(1);
        let fiber = fiber::spawn_local(move || {
            let _tell = OnDrop(|| fiber::wait(sender.send("bye")).unwrap());
            fiber::wait(std::future::pending::<()>());
        });
        yield_now().await;
        fiber.abort();
        assert_eq!(inbox.recv().await, Some("bye"));
    });
}

#[test]
fn code_that_swallows_the_unwinding_cannot_go_on() {
    let rounds = Rc::new(Cell::new(0));
    let count = rounds.clone();
    local().block_on(async {
        let mut fiber = Box::pin(Fiber::new(move || {
            for _ in 0..5 {
                let wait = || fiber::wait(std::future::pending::<()>());
                let _ = catch_unwind(AssertUnwindSafe(wait));
                count.set(count.get() + 1);
            }
        }));
        assert!(timeout(Duration::from_millis(1), &mut fiber).await.is_err());
        drop(fiber);
    });
    assert_eq!(rounds.get(), 5, "each wait unwinds again");
}

#[test]
fn a_fiber_inside_a_fiber() {
    local().block_on(async {
        let outer = Fiber::new(|| {
            let inner = Fiber::new(|| {
                fiber::yield_now();
                20
            });
            let first = fiber::wait(inner);
            assert!(fiber::is_running());
            first + fiber::wait(fiber::spawn_local(|| 22)).unwrap()
        });
        assert_eq!(outer.await, 42);
        assert!(!fiber::is_running());
    });
}

#[test]
fn a_fiber_yields_its_budget_like_any_task() {
    local().block_on(async {
        let (sender, mut inbox) = mpsc::unbounded_channel();
        for number in 0..1_000 {
            sender.send(number).unwrap();
        }
        let turns = Rc::new(Cell::new(0));
        let reader =
            fiber::spawn_local(move || (0..1_000).all(|_| fiber::wait(inbox.recv()).is_some()));
        let count = turns.clone();
        let other = creel::task::spawn_local(async move {
            loop {
                count.set(count.get() + 1);
                yield_now().await;
            }
        });
        assert!(reader.await.unwrap());
        assert!(turns.get() >= 1_000 / 128, "{}", turns.get());
        other.abort();
    });
}

#[test]
fn entered_runtimes_belong_to_the_fiber_that_entered() {
    let other = local();
    let runtime = local();
    let foreign = other.handle().clone();
    runtime.block_on(async {
        let home = creel::runtime::Handle::current().id();
        let away = foreign.id();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let see = seen.clone();
        let fiber = fiber::spawn_local(move || {
            let note = || see.borrow_mut().push(creel::runtime::Handle::current().id());
            {
                let _entered = foreign.enter();
                note();
                fiber::yield_now();
                note();
            }
            note();
        });
        let see = seen.clone();
        let between = creel::task::spawn_local(async move {
            see.borrow_mut().push(creel::runtime::Handle::current().id());
        });
        fiber.await.unwrap();
        between.await.unwrap();
        assert_eq!(*seen.borrow(), [away, home, away, home]);
    });
}

creel::task_local! {
    static COLOUR: &'static str;
}

#[test]
fn task_locals_are_the_fibers_own() {
    local().block_on(async {
        let reds = creel::task::spawn_local(COLOUR.scope(
            "red",
            Fiber::new(|| {
                fiber::yield_now();
                fiber::wait(COLOUR.scope("blue", async { assert_eq!(COLOUR.get(), "blue") }));
                COLOUR.get()
            }),
        ));
        let none = fiber::spawn_local(|| COLOUR.try_get().is_err());
        assert_eq!(reds.await.unwrap(), "red");
        assert!(none.await.unwrap());
    });
}

#[test]
fn waiting_where_it_would_harm_others_is_refused() {
    local().block_on(async {
        let refused = async |function: fn()| {
            let error = fiber::spawn_local(function).await.unwrap_err();
            message(&*error.into_panic()).to_owned()
        };
        let pinned = refused(|| COLOUR.sync_scope("red", fiber::yield_now)).await;
        assert!(pinned.contains("sync_scope"), "{pinned}");
        let borrowed = refused(|| {
            fiber::wait(COLOUR.scope("red", async { COLOUR.with(|_| fiber::yield_now()) }));
        });
        let borrowed = borrowed.await;
        assert!(borrowed.contains("use `.await` inside of it"), "{borrowed}");
        let nested = refused(|| fiber::wait(async { fiber::yield_now() })).await;
        assert!(nested.contains("use `.await` inside of it"), "{nested}");
        let iterator = refused(|| {
            fiber::iter(|items| {
                fiber::yield_now();
                items.give(());
            })
            .for_each(drop)
        });
        let iterator = iterator.await;
        assert!(iterator.contains("use `fiber::stream`"), "{iterator}");
        // None of this left a trace.
        assert!(fiber::spawn(|| COLOUR.try_get().is_err()).await.unwrap());
    });
    let outside = catch_unwind(|| fiber::wait(std::future::ready(()))).unwrap_err();
    assert!(message(&*outside).contains("start one with `fiber::spawn`"));
}

#[test]
fn a_fiber_needs_no_runtime_of_ours() {
    let fiber = Fiber::new(|| {
        fiber::wait(async {
            let mut polled = false;
            std::future::poll_fn(move |cx| {
                if std::mem::replace(&mut polled, true) {
                    return std::task::Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
        });
        3
    });
    let mut fiber = std::pin::pin!(fiber);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(fiber.as_mut().poll(&mut cx).is_pending());
    assert_eq!(fiber.as_mut().poll(&mut cx), std::task::Poll::Ready(3));
    let again = catch_unwind(AssertUnwindSafe(|| fiber.as_mut().poll(&mut cx)));
    assert!(message(&*again.unwrap_err()).contains("polled after its end"));
}

#[test]
fn iterators_give_lazily_and_end() {
    let made = Rc::new(Cell::new(0));
    let count = made.clone();
    let mut numbers = fiber::iter(move |numbers| {
        for number in 0.. {
            count.set(number + 1);
            numbers.give(number);
        }
    });
    assert_eq!(made.get(), 0);
    assert_eq!(numbers.by_ref().take(3).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(made.get(), 3);
    let mut short = fiber::iter(|items| items.give("only"));
    assert_eq!((short.next(), short.next(), short.next()), (Some("only"), None, None));
    // A panic comes out where the item was asked for, once.
    let mut bad = fiber::iter::<(), _>(|_| panic!("no item"));
    let panicked = catch_unwind(AssertUnwindSafe(|| bad.next())).unwrap_err();
    assert_eq!(message(&*panicked), "no item");
}

#[test]
fn an_iterator_inside_a_fiber_leaves_the_fiber_alone() {
    local().block_on(async {
        let sum = fiber::spawn(|| {
            let mut sum = 0;
            for number in fiber::iter(|numbers| (1..=3).for_each(|number| numbers.give(number))) {
                fiber::wait(sleep(Duration::from_millis(1)));
                sum += number;
            }
            sum
        });
        assert_eq!(sum.await.unwrap(), 6);
    });
}

#[test]
fn streams_wait_between_items() {
    local().block_on(async {
        let (sender, mut inbox) = mpsc::channel(1);
        let mut doubled = fiber::stream(move |items| {
            while let Some(number) = fiber::wait(inbox.recv()) {
                items.give(number * 2);
            }
        });
        let feed = creel::spawn(async move {
            for number in 1..=3 {
                sleep(Duration::from_millis(1)).await;
                sender.send(number).await.unwrap();
            }
        });
        let mut seen = Vec::new();
        while let Some(number) = doubled.next().await {
            seen.push(number);
        }
        assert_eq!(seen, [2, 4, 6]);
        assert!(doubled.next().await.is_none());
        feed.await.unwrap();
    });
}

#[test]
fn the_conformance_list_runs_inside_fibers() {
    let mut failed = Vec::new();
    for case in conformance::all() {
        let run = case.run;
        let in_fiber = || fiber::spawn_local(move || fiber::wait(run()));
        if local().block_on(async { in_fiber().await }).is_err() {
            failed.push(case.name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn sockets_block_only_the_fiber() {
    fn echo(mut stream: TcpStream) -> std::io::Result<u64> {
        let (mut total, mut buffer) = (0, [0; 1024]);
        loop {
            match fiber::wait(stream.read(&mut buffer))? {
                0 => return Ok(total),
                count => fiber::wait(stream.write_all(&buffer[..count]))?,
            }
            total += 1;
        }
    }

    everywhere(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = fiber::spawn(move || {
            for _ in 0..8 {
                let (stream, _) = fiber::wait(listener.accept()).unwrap();
                fiber::spawn(move || echo(stream));
            }
        });
        let clients: Vec<_> = (0..8_u8)
            .map(|number| {
                fiber::spawn(move || {
                    let mut stream = fiber::wait(TcpStream::connect(address)).unwrap();
                    for round in 0..20 {
                        let sent = [number ^ round; 100];
                        fiber::wait(stream.write_all(&sent)).unwrap();
                        let mut received = [0; 100];
                        fiber::wait(stream.read_exact(&mut received)).unwrap();
                        assert_eq!(sent, received);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        server.await.unwrap();
    });
}

#[test]
fn wakes_from_other_threads_arrive() {
    let runtime = local();
    let notify = Arc::new(Notify::new());
    let (done, finished) = oneshot::channel();
    let waker = notify.clone();
    let thread = std::thread::spawn(move || {
        let mut finished = finished;
        while finished.try_recv().is_err() {
            waker.notify_one();
            std::thread::yield_now();
        }
    });
    runtime.block_on(async move {
        fiber::spawn(move || (0..1_000).for_each(|_| fiber::wait(notify.notified())))
            .await
            .unwrap();
        done.send(()).unwrap();
    });
    thread.join().unwrap();
}

#[test]
fn ten_thousand_fibers_at_once() {
    local().block_on(async {
        let all_here = Arc::new(creel::sync::Barrier::new(10_000));
        let fibers: Vec<_> = (0..10_000)
            .map(|number| {
                let all_here = all_here.clone();
                fiber::spawn(move || {
                    fiber::wait(all_here.wait());
                    number
                })
            })
            .collect();
        let mut sum = 0;
        for fiber in fibers {
            sum += fiber.await.unwrap();
        }
        assert_eq!(sum, 10_000 * 9_999 / 2);
    });
}

/// Runs one test of this file in a process of its own, with `FIBER_CHILD` set.
#[cfg(unix)]
fn in_a_child(test: &str) -> (std::process::ExitStatus, String) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("FIBER_CHILD", "1")
        .output()
        .unwrap();
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(unix)]
fn is_child() -> bool {
    std::env::var_os("FIBER_CHILD").is_some()
}

#[cfg(unix)]
#[test]
fn an_overflow_names_the_fiber() {
    use std::os::unix::process::ExitStatusExt;

    #[allow(unconditional_recursion)]
    fn endless(ballast: [u64; 64]) -> u64 {
        endless(std::hint::black_box(ballast)) + ballast[0]
    }
    if is_child() {
        let deep = fiber::Builder::new().name("bottomless").stack_size(64 * 1024);
        local().block_on(async { deep.spawn(|| endless([1; 64])).await.unwrap() });
        unreachable!("the process is gone");
    }
    let (status, stderr) = in_a_child("an_overflow_names_the_fiber");
    assert!(stderr.contains("fiber 'bottomless' has overflowed its stack of 65536"), "{stderr}");
    assert_eq!(status.signal(), Some(6), "{stderr}");
}

#[cfg(unix)]
#[test]
fn other_faults_are_handled_as_before() {
    use std::os::unix::process::ExitStatusExt;

    if is_child() {
        local().block_on(async {
            // SAFETY: none; the test wants the fault.
            let fault =
                || unsafe { std::ptr::with_exposed_provenance_mut::<u8>(8).write_volatile(1) };
            fiber::spawn(fault).await.unwrap();
        });
    }
    let (status, stderr) = in_a_child("other_faults_are_handled_as_before");
    assert_eq!(status.signal(), Some(11), "{stderr}");
    assert!(!stderr.contains("has overflowed"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_destructor_that_waits_while_unwinding_aborts_with_the_reason() {
    use std::os::unix::process::ExitStatusExt;

    if is_child() {
        local().block_on(async {
            let fiber = fiber::spawn_local(|| {
                let _bad = OnDrop(fiber::yield_now);
                fiber::wait(std::future::pending::<()>());
            });
            yield_now().await;
            fiber.abort();
            drop(fiber.await);
        });
    }
    let test = "a_destructor_that_waits_while_unwinding_aborts_with_the_reason";
    let (status, stderr) = in_a_child(test);
    assert_eq!(status.signal(), Some(6), "{stderr}");
    assert!(stderr.contains("a destructor waits while its fiber unwinds"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_destructor_that_panics_while_the_fiber_unwinds_aborts() {
    use std::os::unix::process::ExitStatusExt;

    if is_child() {
        local().block_on(async {
            let fiber = fiber::spawn_local(|| {
                let _bad = OnDrop(|| panic!("in a destructor"));
                fiber::wait(std::future::pending::<()>());
            });
            yield_now().await;
            fiber.abort();
            drop(fiber.await);
        });
    }
    let test = "a_destructor_that_panics_while_the_fiber_unwinds_aborts";
    let (status, stderr) = in_a_child(test);
    assert_eq!(status.signal(), Some(6), "{stderr}");
    assert!(stderr.contains("in a destructor"), "{stderr}");
}
