//! Whoever blocks a worker is named while it does. No test depends on how long anything takes: the
//! tasks block until they were told of.
#![cfg(not(target_family = "wasm"))]

use creel::runtime::{Builder, Runtime};
use creel::task::{self, Id, block_in_place, spawn_local};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// What was told, as text and by the id of the task.
type Log = Arc<Mutex<Vec<(Id, String)>>>;

fn watched(mut builder: Builder, threshold: Duration) -> (Runtime, Log, mpsc::Receiver<Id>) {
    let (sender, told) = mpsc::channel();
    let log = Log::default();
    let entries = log.clone();
    let runtime = builder
        .worker_threads(2)
        .watchdog(threshold)
        .on_blocked_worker(move |blocked| {
            assert!(blocked.since >= threshold, "{blocked} although it took less");
            entries.lock().unwrap().push((blocked.task.id(), blocked.to_string()));
            let _ = sender.send(blocked.task.id());
        })
        .build()
        .unwrap();
    (runtime, log, told)
}

/// Waits with the thread until the running task was told of.
fn block_until_told(told: &mpsc::Receiver<Id>) {
    let minute = Duration::from_secs(60);
    while told.recv_timeout(minute).expect("the watchdog tells within a minute") != task::id() {}
}

fn line_of(log: &Log, id: Id) -> String {
    let log = log.lock().unwrap();
    log.iter().find(|(told, _)| *told == id).expect("it was told of").1.clone()
}

const SHORT: Duration = Duration::from_millis(5);

#[test]
fn a_task_that_blocks_its_worker_is_named_while_it_does() {
    for builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let (runtime, log, told) = watched(builder, SHORT);
        let blocks = async move { block_until_told(&told) };
        let task = {
            let _entered = runtime.enter();
            task::Builder::new().name("reader").spawn(blocks).unwrap()
        };
        let id = task.id();
        runtime.block_on(task).unwrap();
        let line = line_of(&log, id);
        assert!(line.starts_with("worker ") && line.contains(" has been blocked for "), "{line}");
        assert!(line.contains(&format!("by task {id} (reader, ")), "{line}");
    }
}

#[test]
fn a_task_bound_to_its_thread_is_watched_too() {
    let (runtime, log, told) = watched(Builder::new_multi_thread(), SHORT);
    let task = runtime.spawn(async {
        let local = spawn_local(async move { block_until_told(&told) });
        let id = local.id();
        local.await.unwrap();
        id
    });
    let id = runtime.block_on(task).unwrap();
    line_of(&log, id);
}

#[test]
fn who_blocks_on_is_told_again_when_the_time_has_doubled() {
    let (runtime, log, told) = watched(Builder::new_multi_thread(), SHORT);
    let task = runtime.spawn(async move {
        block_until_told(&told);
        block_until_told(&told);
    });
    runtime.block_on(task).unwrap();
    assert!(log.lock().unwrap().len() >= 2);
}

#[test]
fn in_block_in_place_a_task_blocks_nobody() {
    let (runtime, log, told) = watched(Builder::new_multi_thread(), Duration::from_millis(50));
    let (stepped_aside, is_aside) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let aside = runtime.spawn(async move {
        block_in_place(|| {
            stepped_aside.send(()).unwrap();
            wait.recv().unwrap_err();
        });
    });
    is_aside.recv().unwrap();
    // Were it taken for blocked, it would be found before the one that blocks after it.
    log.lock().unwrap().clear();
    let blocks = runtime.spawn(async move { block_until_told(&told) });
    runtime.block_on(blocks).unwrap();
    assert!(log.lock().unwrap().iter().all(|(id, _)| *id != aside.id()));
    drop(go_on);
    runtime.block_on(aside).unwrap();
}

#[test]
fn a_panic_of_the_hook_ends_no_watch() {
    let (sender, told) = mpsc::channel();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .watchdog(SHORT)
        .on_blocked_worker(move |blocked| {
            let _ = sender.send(blocked.task.id());
            panic!("a hook's own affair");
        })
        .build()
        .unwrap();
    let told = Arc::new(Mutex::new(told));
    for _ in 0..2 {
        let told = told.clone();
        let task = runtime.spawn(async move { block_until_told(&told.lock().unwrap()) });
        runtime.block_on(task).unwrap();
    }
}

/// Set in the process that the test below starts.
const CHILD: &str = "CREEL_WATCHDOG_CHILD";

#[test]
fn without_a_hook_a_line_tells_it() {
    if std::env::var_os(CHILD).is_some() {
        let runtime = Builder::new_current_thread().watchdog(SHORT).build().unwrap();
        let task = runtime.spawn(async { std::io::stdin().read(&mut [0]).map(drop) });
        return runtime.block_on(task).unwrap().unwrap();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "without_a_hook_a_line_tells_it", "--nocapture"])
        .env(CHILD, "")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.into_iter().find(|line| line.starts_with("creel: "));
    let line = line.expect("the child blocks until its input ends, so it must tell");
    assert!(line.starts_with("creel: worker 0 has been blocked for "), "{line}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
