//! Dumps: every task, where it was spawned and what it waits for, on every kind of owner.

use creel::runtime::dump::{Dump, State};
use creel::runtime::{Builder, Handle, Runtime};
use creel::sync::{Barrier, Event, Mutex, Notify, RwLock, Semaphore, SetOnce, broadcast, watch};
use creel::sync::{CancellationToken, Latch, WaitGroup, mpmc, mpsc, oneshot, rendezvous};
use creel::task::{self, Id, JoinSet, LocalSet, TaskTracker, yield_now};
use creel::time::{Duration, Instant, sleep, timeout};
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

fn on_a_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn on_a_pool(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

/// Lets every task have a few turns, then dumps.
async fn settled() -> Dump {
    sleep(Duration::from_millis(5)).await;
    Handle::current().dump().await
}

fn whats(dump: &Dump, id: Id) -> Vec<&'static str> {
    dump.task(id).expect("listed").trace().waits().iter().map(|wait| wait.what()).collect()
}

/// Starts the future, lets it wait, and looks what it says that it waits for.
#[track_caller]
fn says(what: &'static str, future: impl Future<Output = ()> + 'static) {
    on_a_thread().block_on(async {
        let set = LocalSet::new();
        set.run_until(async {
            let task = task::spawn_local(future);
            yield_now().await;
            yield_now().await;
            let dump = Handle::current().dump().await;
            let task = dump.task(task.id()).expect("listed");
            let waits = task.trace().waits();
            assert_eq!(waits.len(), 1, "{dump}");
            let wait = waits[0].to_string();
            assert!(wait.starts_with(what), "{wait} is not a {what}");
            // What is awaited itself is not a call of ours.
            if !["oneshot receiver", "task"].contains(&what) {
                let at = waits[0].called_at().unwrap_or_else(|| panic!("{what} was called"));
                assert_eq!(at.file(), file!(), "{dump}");
            }
        })
        .await
    });
}

#[test]
fn each_kind_of_wait_has_its_name() {
    says("sleep", async { sleep(Duration::from_secs(9)).await });
    says("sleep", async {
        _ = creel::time::interval_at(far(), Duration::from_secs(1)).tick().await
    });
    says("mutex", async {
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        drop(mutex.lock().await);
    });
    says("mutex", async {
        let mutex = Arc::new(Mutex::new(()));
        let _guard = mutex.clone().lock_owned().await;
        drop(mutex.lock_owned().await);
    });
    says("rwlock (to read)", async {
        let lock = RwLock::new(());
        let _guard = lock.write().await;
        drop(lock.read().await);
    });
    says("rwlock (to write)", async {
        let lock = RwLock::new(());
        let _guard = lock.read().await;
        drop(lock.write().await);
    });
    says("semaphore", async { drop(Semaphore::new(1).acquire_many(2).await) });
    says("notify", async { Notify::new().notified().await });
    says("notify", async { Arc::new(Notify::new()).notified_owned().await });
    says("event", async { Event::manual_reset().wait().await });
    says("barrier", async { _ = Barrier::new(2).wait().await });
    says("latch", async { Latch::new(1).wait().await });
    says("once cell", async {
        let cell = creel::sync::OnceCell::new();
        let first = cell.get_or_init(pending::<u32>);
        creel::pin!(first);
        let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
        assert!(first.poll(cx).is_pending());
        cell.get_or_init(|| async { 1 }).await;
    });
    says("wait group", async {
        let group = WaitGroup::new();
        let _member = group.clone();
        group.wait().await;
    });
    says("set once", async { _ = SetOnce::<()>::new().wait().await });
    says("cancellation token", async { CancellationToken::new().cancelled().await });
    says("task tracker", async { TaskTracker::new().wait().await });
    says("mpsc receiver", async {
        let (_tx, mut rx) = mpsc::channel::<()>(1);
        _ = rx.recv().await;
    });
    says("mpsc receiver", async {
        let (_tx, mut rx) = mpsc::unbounded_channel::<()>();
        _ = rx.recv().await;
    });
    says("mpsc sender (for room)", async {
        let (tx, _rx) = mpsc::channel(1);
        tx.send(1).await.unwrap();
        tx.send(2).await.unwrap();
    });
    says("mpsc sender (for the receiver to close)", async {
        let (tx, _rx) = mpsc::channel::<()>(1);
        tx.closed().await;
    });
    says("oneshot receiver", async {
        let (_tx, rx) = oneshot::channel::<()>();
        drop(rx.await);
    });
    says("oneshot sender", async {
        let (mut tx, _rx) = oneshot::channel::<()>();
        tx.closed().await;
    });
    says("watch", async {
        let (_tx, mut rx) = watch::channel(1);
        drop(rx.changed().await);
    });
    says("broadcast receiver", async {
        let (_tx, mut rx) = broadcast::channel::<()>(1);
        _ = rx.recv().await;
    });
    says("mpmc receiver", async {
        let (_tx, rx) = mpmc::channel::<()>(1);
        _ = rx.recv().await;
    });
    says("rendezvous receiver", async {
        let (_tx, rx) = rendezvous::channel::<()>();
        _ = rx.recv().await;
    });
    says("pipe (for bytes)", async {
        use creel::io::AsyncReadExt;
        let (mut end, _other) = creel::io::duplex(8);
        drop(end.read_u8().await);
    });
    says("join set", async {
        let mut set = JoinSet::new();
        set.spawn_local(pending::<()>());
        set.join_next().await;
    });
    says("task", async { drop(task::spawn_local(pending::<()>()).await) });
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(99)
}

fn assert_deadlock(runtime: &Runtime) {
    let (left, right) = runtime.block_on(async {
        let (one, other) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let grab = |name, first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
            let (first, second) = (first.clone(), second.clone());
            let body = async move {
                let _first = first.lock().await;
                sleep(Duration::from_millis(1)).await;
                let _second = second.lock().await;
            };
            task::Builder::new().name(name).spawn(body).unwrap()
        };
        (grab("left", &one, &other), grab("right", &other, &one))
    });
    let dump = runtime.block_on(settled());
    let wait = &dump.task(left.id()).unwrap().trace().waits()[0];
    assert_eq!((wait.what(), wait.holder()), ("mutex", Some(right.id())));
    assert_eq!(wait.called_at().unwrap().file(), file!());
    let mut ring = dump.deadlocks().pop().expect("a ring");
    ring.sort();
    assert_eq!(ring, [left.id(), right.id()]);
    let text = dump.to_string();
    let sentence = format!(
        "deadlock:\n   task {} \"left\" ({}) waits for what is held by task {} \"right\"",
        left.id(),
        dump.task(left.id()).unwrap().spawned_at().unwrap(),
        right.id()
    );
    assert!(text.contains(&sentence), "{text}");
}

#[test]
fn a_planted_deadlock_is_found() {
    assert_deadlock(&on_a_thread());
    assert_deadlock(&on_a_pool(2));
}

#[test]
fn a_task_that_locks_twice_waits_for_itself() {
    on_a_thread().block_on(async {
        let mutex = Arc::new(Mutex::new(()));
        let alone = creel::spawn(async move {
            let _guard = mutex.lock().await;
            let _again = mutex.lock().await;
        });
        // Whoever waits for it is stuck, but not part of the ring.
        let other = creel::spawn(async { drop(alone.await) });
        let dump = settled().await;
        let alone = dump.task(other.id()).unwrap().trace().waits()[0].joins().unwrap();
        assert_eq!(dump.deadlocks(), [[alone]]);
    });
}

#[test]
fn who_can_still_go_on_is_in_no_deadlock() {
    on_a_thread().block_on(async {
        let (one, other) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        for (first, second) in [(one.clone(), other.clone()), (other, one)] {
            creel::spawn(async move {
                let _first = first.lock().await;
                yield_now().await;
                drop(timeout(Duration::from_secs(9), second.lock()).await);
            });
        }
        let dump = settled().await;
        assert_eq!(dump.deadlocks(), Vec::<Vec<Id>>::new());
        assert!(dump.tasks().iter().all(|task| whats(&dump, task.id()) == ["mutex", "sleep"]));
    });
}

#[test]
fn holders_are_known_however_the_lock_was_taken() {
    on_a_thread().block_on(async {
        let mutex = Arc::new(Mutex::new(()));
        let lock = Arc::new(RwLock::new(()));
        let (held, written) = (mutex.clone(), lock.clone());
        let holder = creel::spawn(async move {
            let _guard = held.try_lock_owned().unwrap();
            let _writing = written.write_owned().await;
            pending::<()>().await
        });
        yield_now().await;
        let wants =
            |future: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| creel::spawn(future);
        let (m, r, w) = (mutex.clone(), lock.clone(), lock.clone());
        let waiting = [
            wants(Box::pin(async move { drop(m.lock().await) })),
            wants(Box::pin(async move { drop(r.read().await) })),
            wants(Box::pin(async move { drop(w.write().await) })),
        ];
        let dump = settled().await;
        for task in &waiting {
            let wait = &dump.task(task.id()).unwrap().trace().waits()[0];
            assert_eq!(wait.holder(), Some(holder.id()), "{dump}");
        }
        // Given back: nobody has the lock alone any more.
        drop(holder.cancel().await);
        let reading = lock.read().await;
        let w = lock.clone();
        let writer = creel::spawn(async move { drop(w.write().await) });
        let dump = settled().await;
        let wait = &dump.task(writer.id()).unwrap().trace().waits()[0];
        assert_eq!(wait.to_string().split(" at ").next(), Some("rwlock (to write)"));
        assert!(wait.holder().is_none() && !wait.to_string().contains("held"), "{wait}");
        drop(reading);
        // Taken by code that is no task.
        for task in waiting {
            task.await.unwrap();
        }
        let _guard = mutex.lock().await;
        let m = mutex.clone();
        let waiting = creel::spawn(async move { drop(m.lock().await) });
        let dump = settled().await;
        let wait = &dump.task(waiting.id()).unwrap().trace().waits()[0];
        assert_eq!(wait.holder(), None);
        assert!(wait.to_string().ends_with("held by what is no task"), "{wait}");
    });
}

#[test]
fn all_branches_are_shown() {
    on_a_thread().block_on(async {
        let joined = creel::spawn(async {
            let notify = Notify::new();
            creel::join!(notify.notified(), sleep(Duration::from_secs(9)), task::yield_now());
        });
        let selected = creel::spawn(async {
            let event = Event::manual_reset();
            creel::select! {
                _ = event.wait() => {}
                _ = sleep(Duration::from_secs(9)) => {}
            }
        });
        // These poll only the children that were woken.
        let many = creel::spawn(async {
            let event = Event::manual_reset();
            let waits = (0..5).map(|_| event.wait());
            creel::future::join_all(waits).await;
        });
        let dump = settled().await;
        assert_eq!(whats(&dump, joined.id()), ["notify", "sleep"]);
        let mut branches = whats(&dump, selected.id());
        branches.sort();
        assert_eq!(branches, ["event", "sleep"]);
        assert_eq!(whats(&dump, many.id()), ["event"; 5]);
        let waits = dump.task(many.id()).unwrap().trace().waits();
        assert!(waits.iter().all(|wait| wait.resource() == waits[0].resource()));
    });
}

#[test]
fn the_states_of_tasks_are_told_apart() {
    for runtime in [on_a_thread(), on_a_pool(1)] {
        let root = runtime.spawn(async {
            let waits = creel::spawn(pending::<()>());
            yield_now().await;
            let (release, started) =
                (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let (stop, begun) = (release.clone(), started.clone());
            let blocks = task::spawn_blocking(move || {
                begun.store(true, Ordering::SeqCst);
                while !stop.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            });
            while !started.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            let ready = creel::spawn(async {});
            let dump = Handle::current().dump().await;
            release.store(true, Ordering::SeqCst);
            let state = |id| dump.task(id).expect("listed").state();
            let polls = |id| dump.task(id).expect("listed").polls();
            assert_eq!((state(waits.id()), polls(waits.id())), (State::Waiting, 1), "{dump}");
            assert_eq!((state(ready.id()), polls(ready.id())), (State::Ready, 0), "{dump}");
            assert_eq!((state(task::id()), polls(task::id())), (State::Running, 2), "{dump}");
            assert_eq!(state(blocks.id()), State::Running, "{dump}");
            // Dumps do not count.
            let again = Handle::current().dump().await;
            assert_eq!(again.task(waits.id()).unwrap().polls(), 1);
        });
        runtime.block_on(root).unwrap();
    }
}

#[test]
fn tasks_inside_of_tasks_are_listed() {
    on_a_thread().block_on(async {
        let outer = task::spawn_local(async {
            let set = LocalSet::new();
            let inner = set.spawn_local(sleep(Duration::from_secs(9)));
            set.spawn_local(async {
                let text = String::from("borrowed");
                creel::scope::scope_local(async |s| {
                    s.spawn(async { (text.len(), sleep(Duration::from_secs(9)).await) });
                })
                .await;
            });
            set.await;
            drop(inner);
        });
        let dump = settled().await;
        let inside: Vec<_> = dump.tasks().iter().filter(|task| task.inside().is_some()).collect();
        assert_eq!(inside.len(), 3, "{dump}");
        let in_set = |task: &&&creel::runtime::dump::Task| task.inside() == Some(outer.id());
        assert_eq!(inside.iter().filter(in_set).count(), 2, "{dump}");
        let text = dump.to_string();
        assert!(text.contains("\n   task "), "{text}");
        assert!(text.contains("\n      task "), "{text}");
        outer.abort();
    });
}

#[test]
fn a_local_set_that_asks_sees_itself() {
    on_a_thread().block_on(async {
        let set = LocalSet::new();
        set.run_until(async {
            let other = task::spawn_local(sleep(Duration::from_secs(9)));
            let outside = creel::spawn(sleep(Duration::from_secs(8)));
            task::spawn_local(async move {
                sleep(Duration::from_millis(1)).await;
                let dump = Handle::current().dump().await;
                assert_eq!(whats(&dump, other.id()), ["sleep"]);
                assert_eq!(whats(&dump, outside.id()), ["sleep"]);
            })
            .await
            .unwrap();
        })
        .await;
    });
}

#[test]
fn every_thread_of_a_pool_answers() {
    let runtime = on_a_pool(3);
    let gate = Arc::new(std::sync::Barrier::new(3));
    // One task on each worker, which starts one that stays there.
    let starters: Vec<_> = (0..3)
        .map(|_| {
            let gate = gate.clone();
            runtime.spawn(async move {
                gate.wait();
                task::spawn_local(sleep(Duration::from_secs(9))).id()
            })
        })
        .collect();
    let locals: Vec<Id> =
        starters.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
    let free = runtime.spawn(async { sleep(Duration::from_secs(9)).await });
    // From a thread that is no worker, with and without a runtime around it.
    std::thread::sleep(Duration::from_millis(5));
    let handle = runtime.handle().clone();
    let outside = on_a_thread().block_on(async { handle.dump().await });
    for dump in [outside, runtime.block_on(settled())] {
        assert_eq!(dump.silent_threads(), 0);
        assert_eq!(dump.tasks().len(), 4, "{dump}");
        locals.iter().chain([&free.id()]).for_each(|id| assert_eq!(whats(&dump, *id), ["sleep"]));
    }
}

#[test]
fn a_thread_in_a_long_poll_is_not_waited_for() {
    let runtime = on_a_pool(2);
    let release = Arc::new(AtomicBool::new(false));
    let stop = release.clone();
    let stuck = runtime.spawn(async move {
        while !stop.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    std::thread::sleep(Duration::from_millis(5));
    let dump = runtime.block_on(async { Handle::current().dump().await });
    release.store(true, Ordering::SeqCst);
    assert_eq!(dump.silent_threads(), 1, "{dump}");
    assert_eq!(dump.task(stuck.id()).expect("listed").state(), State::Running);
    assert!(dump.to_string().contains("1 threads did not answer"), "{dump}");
}

#[test]
fn a_passive_runtime_answers_in_a_tick() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let task = runtime.spawn(async { sleep(Duration::from_secs(9)).await });
    runtime.tick(10);
    let handle = runtime.handle().clone();
    let mut asking = Box::pin(async move { handle.dump().await });
    let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asking.as_mut().poll(cx).is_pending());
    runtime.tick(10);
    let std::task::Poll::Ready(dump) = asking.as_mut().poll(cx) else { panic!("it had a tick") };
    assert_eq!(whats(&dump, task.id()), ["sleep"]);
    assert_eq!(dump.tasks().len(), 1);
}

/// Messages go round rings of tasks on a pool while dumps are made without a pause: each of them
/// arrives, so no wake was lost.
#[test]
fn dumps_under_load_lose_no_wake() {
    const RINGS: usize = 8;
    const TASKS: usize = 6;
    const ROUNDS: usize = 400;
    let runtime = on_a_pool(2);
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..RINGS {
        let (first, mut inbox) = mpsc::channel::<usize>(1);
        for _ in 1..TASKS {
            let (next, next_inbox) = mpsc::channel(1);
            let mut from = std::mem::replace(&mut inbox, next_inbox);
            let lock = Arc::new(Mutex::new(()));
            runtime.spawn(async move {
                while let Some(round) = from.recv().await {
                    let _guard = lock.lock().await;
                    if round % 7 == 0 {
                        sleep(Duration::from_micros(50)).await;
                    }
                    next.send(round).await.unwrap();
                }
            });
        }
        let done = done.clone();
        runtime.spawn(async move {
            for round in 0..ROUNDS {
                first.send(round).await.unwrap();
                let back = timeout(Duration::from_secs(60), inbox.recv()).await;
                assert_eq!(back.expect("a wake was lost"), Some(round));
            }
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    let handle = runtime.handle().clone();
    let dumps = runtime.block_on(async {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut dumps = 0;
        while done.load(Ordering::SeqCst) < RINGS {
            // Half of them on a worker, half from outside.
            let dump = match dumps % 2 {
                0 => handle.dump().await,
                _ => creel::spawn(async { Handle::current().dump().await }).await.unwrap(),
            };
            assert!(Instant::now() < deadline, "stuck:\n{dump}");
            dumps += 1;
        }
        dumps
    });
    assert!(dumps > 0);
}

/// The same program with and without dumps, under many seeds: the same order of tasks, the same
/// random numbers, the same time.
#[test]
fn a_dump_changes_no_simulated_run() {
    fn run(seed: u64, dumps: bool) -> (u64, u64, Duration) {
        let simulator = creel::sim::Simulator::new(seed);
        let outcome = simulator.run(async move {
            let start = Instant::now();
            let (tx, mut rx) = mpsc::channel(2);
            let lock = Arc::new(Mutex::new(0_u64));
            for n in 1..=5_u64 {
                let (tx, lock) = (tx.clone(), lock.clone());
                creel::spawn(async move {
                    for round in 0..4 {
                        let event = Event::manual_reset();
                        creel::select! {
                            _ = sleep(Duration::from_millis(n)) => {}
                            _ = sleep(Duration::from_millis(n)) => *lock.lock().await += n << round,
                            _ = event.wait() => {}
                        }
                        let naps = (0..3).map(|k| sleep(Duration::from_millis(k * n)));
                        creel::future::join_all(naps).await;
                        tx.send(*lock.lock().await).await.unwrap();
                    }
                });
            }
            drop(tx);
            let looker = creel::spawn(async move {
                for _ in 0..40 {
                    if dumps {
                        assert!(!Handle::current().dump().await.tasks().is_empty());
                    }
                    sleep(Duration::from_micros(700)).await;
                }
            });
            let mut hash = 0_u64;
            while let Some(value) = rx.recv().await {
                hash = hash.rotate_left(7) ^ value;
            }
            looker.await.unwrap();
            (hash, start.elapsed())
        });
        (simulator.trace(), outcome.0, outcome.1)
    }
    for seed in 0..50 {
        assert_eq!(run(seed, false), run(seed, true), "seed {seed}");
    }
}

/// Spawns in every way; each line is where the dump says that the task was spawned.
#[test]
fn every_way_to_spawn_knows_its_line() {
    let runtime = on_a_thread();
    let handle = runtime.handle().clone();
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    // The id, and the line that it was made in.
    macro_rules! here {
        ($expected:ident, $id:expr) => {
            $expected.push(($id, line!()))
        };
    }
    here!(expected, runtime.spawn(pending::<()>()).id());
    here!(expected, handle.spawn(pending::<()>()).id());
    runtime.block_on(async {
        let expected = &mut expected;
        here!(expected, creel::spawn(pending::<()>()).id());
        here!(expected, task::spawn_local(pending::<()>()).id());
        let named = || task::Builder::new().name("named");
        here!(expected, named().spawn(pending::<()>()).unwrap().id());
        here!(expected, named().spawn_on(pending::<()>(), &handle).unwrap().id());
        here!(expected, named().spawn_local(pending::<()>()).unwrap().id());
        let mut set = JoinSet::new();
        here!(expected, set.spawn(pending::<()>()).id());
        here!(expected, set.spawn_on(pending::<()>(), &handle).id());
        here!(expected, set.spawn_local(pending::<()>()).id());
        here!(expected, set.build_task().name("named").spawn(pending::<()>()).unwrap().id());
        here!(expected, set.build_task().spawn_local(pending::<()>()).unwrap().id());
        let tracker = TaskTracker::new();
        here!(expected, tracker.spawn(pending::<()>()).id());
        here!(expected, tracker.spawn_on(pending::<()>(), &handle).id());
        here!(expected, tracker.spawn_local(pending::<()>()).id());
        let release = Arc::new(std::sync::Barrier::new(6));
        let block = || {
            let release = release.clone();
            move || _ = release.wait()
        };
        here!(expected, task::spawn_blocking(block()).id());
        here!(expected, handle.spawn_blocking(block()).id());
        here!(expected, named().spawn_blocking(block()).unwrap().id());
        let mut blocking = JoinSet::new();
        here!(expected, blocking.spawn_blocking(block()).id());
        here!(expected, tracker.spawn_blocking(block()).id());
        let local = LocalSet::new();
        local
            .run_until(async {
                here!(expected, local.spawn_local(pending::<()>()).id());
                let dump = settled().await;
                found.extend(dump.tasks().iter().map(|task| (task.id(), task.spawned_at())));
            })
            .await;
        release.wait();
    });
    for (id, line) in expected {
        let (_, at) = found.iter().find(|(other, _)| *other == id).expect("listed");
        let at = at.expect("known");
        assert_eq!((at.file(), at.line()), (file!(), line));
    }
}

/// Ages are those of the runtime's clock.
#[test]
fn ages_and_deadlines_are_told_by_the_clock_of_the_runtime() {
    let simulator = creel::sim::Simulator::new(7);
    simulator.run(async {
        let sleeper = creel::spawn(sleep(Duration::from_secs(100)));
        sleep(Duration::from_secs(60)).await;
        let dump = Handle::current().dump().await;
        let task = dump.task(sleeper.id()).unwrap();
        assert_eq!(task.age(), Duration::from_secs(60));
        assert!(dump.to_string().contains("due in 40s"), "{dump}");
    });
}

#[cfg(feature = "net")]
#[test]
fn sockets_say_what_for() {
    use creel::io::{AsyncReadExt, AsyncWriteExt};
    use creel::net::{TcpListener, TcpStream};
    for runtime in [on_a_thread(), on_a_pool(2)] {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (client, served) = creel::join!(TcpStream::connect(address), listener.accept());
            let (mut client, (mut served, _)) = (client.unwrap(), served.unwrap());
            let accepts = creel::spawn(async move { drop(listener.accept().await) });
            let reads = creel::spawn(async move {
                let mut byte = [0];
                for expected in [b"a", b"b"] {
                    assert_eq!(served.read(&mut byte).await.unwrap(), 1);
                    assert_eq!(&byte, expected);
                }
            });
            let dump = settled().await;
            for task in [accepts.id(), reads.id()] {
                let wait = &dump.task(task).unwrap().trace().waits()[0];
                assert!(wait.to_string().starts_with("socket (readable)"), "{dump}");
                assert_eq!(wait.called_at().unwrap().file(), file!(), "{dump}");
            }
            client.write_all(b"a").await.unwrap();
            let dump = settled().await;
            assert_eq!(whats(&dump, reads.id()), ["socket"]);
            // It was asked twice, and hears of the next byte all the same.
            client.write_all(b"b").await.unwrap();
            reads.await.unwrap();
        });
    }
}

#[cfg(feature = "fiber")]
#[test]
fn fibers_say_what_they_wait_for() {
    for runtime in [on_a_thread(), on_a_pool(2)] {
        runtime.block_on(async {
            let event = Arc::new(Event::manual_reset());
            let waited = event.clone();
            let fiber = creel::fiber::spawn(move || creel::fiber::wait(waited.wait()));
            let dump = settled().await;
            assert_eq!(whats(&dump, fiber.id()), ["event"], "{dump}");
            event.set();
            fiber.await.unwrap();
        });
    }
}

#[test]
fn actors_wait_at_their_mailboxes() {
    use creel::actor::{Actor, Context, ExitReason, ReplyTo};
    struct Slow;
    impl Actor for Slow {
        type Message = ReplyTo<()>;
        async fn handle(
            &mut self,
            reply: ReplyTo<()>,
            _: &mut Context<Self>,
        ) -> Result<(), ExitReason> {
            sleep(Duration::from_secs(9)).await;
            reply.send(());
            Ok(())
        }
    }
    on_a_thread().block_on(async {
        let (idle, busy) = (Slow.start(), Slow.start());
        let calls = creel::spawn(async move { _ = busy.call(|reply| reply).await });
        let dump = settled().await;
        let all: Vec<_> = dump.tasks().iter().flat_map(|task| whats(&dump, task.id())).collect();
        assert!(all.contains(&"mailbox") && all.contains(&"sleep"), "{dump}");
        let wait = &dump.task(calls.id()).unwrap().trace().waits()[0];
        assert_eq!((wait.what(), wait.called_at().unwrap().file()), ("oneshot receiver", file!()));
        drop(idle);
    });
}
