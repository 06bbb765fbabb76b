//! Children that outlive their handle and the last runtime of their program.
//!
//! Any child that is made has the orphans of its program looked through, so each case runs in a
//! program of its own, which makes no other.
#![cfg(all(feature = "process", target_os = "linux"))]

mod alone;

use alone::alone;
use creel::process::{Child, Command};
use creel::runtime::{Builder, Runtime};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ]
}

/// Waits, without a runtime and for a minute at most, until it is so.
fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..12_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("not in a minute: {what}");
}

fn is_forgotten(id: u32) {
    soon("the system forgets the child", || !Path::new(&format!("/proc/{id}")).exists());
}

fn sleeper() -> Child {
    Command::new("sleep").arg("600").kill_on_drop(true).spawn().unwrap()
}

fn entries(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_child_that_is_killed_with_the_last_runtime_is_collected() {
    alone("a_child_that_is_killed_with_the_last_runtime_is_collected", || {
        for runtime in runtimes() {
            let id = runtime.block_on(async {
                let child = sleeper();
                let id = child.id().unwrap();
                creel::spawn(async move {
                    let mut child = child;
                    child.wait().await
                });
                id
            });
            drop(runtime);
            is_forgotten(id);
        }
    });
}

#[test]
fn a_child_that_outlives_the_last_runtime_is_collected() {
    alone("a_child_that_outlives_the_last_runtime_is_collected", || {
        for runtime in runtimes() {
            // It ends when its input does.
            let (id, input) = runtime.block_on(async {
                let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
                let input = child.stdin.take().unwrap().into_owned_fd().unwrap();
                (child.id().unwrap(), input)
            });
            drop(runtime);
            assert!(Path::new(&format!("/proc/{id}")).exists(), "it reads");
            drop(input);
            is_forgotten(id);
        }
    });
}

#[test]
fn a_runtime_that_nobody_drives_need_not_collect() {
    alone("a_runtime_that_nobody_drives_need_not_collect", || {
        let runtime = Builder::new_current_thread().build().unwrap();
        let id = runtime.block_on(async { sleeper().id().unwrap() });
        is_forgotten(id);
        drop(runtime);
    });
}

#[test]
fn children_that_are_left_outside_any_runtime_are_collected() {
    alone("children_that_are_left_outside_any_runtime_are_collected", || {
        let [runtime, _] = runtimes();
        let children: Vec<_> = runtime.block_on(async { (0..20).map(|_| sleeper()).collect() });
        drop(runtime);
        let ids: Vec<_> = children.iter().map(|child| child.id().unwrap()).collect();
        for child in children {
            drop(child);
            // Some come while the one before is being collected.
            thread::yield_now();
        }
        ids.into_iter().for_each(is_forgotten);
    });
}

#[test]
fn who_collects_goes_when_all_is_collected() {
    alone("who_collects_goes_when_all_is_collected", || {
        let round = || {
            let runtime = Builder::new_current_thread().build().unwrap();
            let id = runtime.block_on(async { sleeper().id().unwrap() });
            drop(runtime);
            is_forgotten(id);
        };
        let threads = entries("/proc/self/task");
        round();
        soon("its thread ends", || entries("/proc/self/task") == threads);
        // The pipe of the process, for signals, is there for good.
        let descriptors = entries("/proc/self/fd");
        for _ in 0..10 {
            round();
        }
        soon("its thread ends", || entries("/proc/self/task") == threads);
        // A thread that ends while the system counts hides those that came after it.
        soon("its descriptors are closed", || entries("/proc/self/fd") == descriptors);
    });
}
