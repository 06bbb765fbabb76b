//! Children, as far as tokio's own tests of them do not go.
#![cfg(all(feature = "process", feature = "macros", unix))]

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::process::Command;
use creel::runtime::{Builder, Runtime};
use creel::time::{Duration, sleep, timeout};
use std::future::Future;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::task::{Context, Waker};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ]
}

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    command.arg("600");
    command
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it ends soon")
}

/// Whether the system has forgotten a process.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there it is in another place"))]
async fn is_collected(id: u32) {
    soon(async {
        while Path::new(&format!("/proc/{id}")).exists() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_that_nobody_waits_for_leaves_no_zombie() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut ids = Vec::new();
            for _ in 0..10 {
                // It ends when its input does, which is when the handle is dropped.
                let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
                ids.push(child.id().unwrap());
                let killed = sleeper().kill_on_drop(true).spawn().unwrap();
                ids.push(killed.id().unwrap());
                drop((child, killed));
            }
            for id in ids {
                is_collected(id).await;
            }
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_orphan_outside_any_runtime_is_collected_later() {
    let [one, other] = runtimes();
    let child = one.block_on(async { Command::new("cat").stdin(Stdio::piped()).spawn().unwrap() });
    let id = child.id().unwrap();
    drop(one);
    drop(child);
    other.block_on(soon(async {
        // Whoever makes the next child looks for it.
        while Path::new(&format!("/proc/{id}")).exists() {
            sh("exit 0").status().await.unwrap();
        }
    }));
}

#[test]
fn much_goes_in_and_comes_out() {
    for runtime in runtimes() {
        runtime.block_on(soon(async {
            let mut cat =
                Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let (mut input, mut output) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
            let data: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
            let expected = data.clone();
            let writes = creel::spawn(async move {
                input.write_all(&data).await.unwrap();
                input.shutdown().await.unwrap();
            });
            let mut all = Vec::new();
            output.read_to_end(&mut all).await.unwrap();
            writes.await.unwrap();
            assert!(all == expected);
            assert!(cat.wait().await.unwrap().success());
        }));
    }
}

#[test]
fn waits_that_are_dropped_lose_nothing() {
    for runtime in runtimes() {
        runtime.block_on(soon(async {
            for delay in 0..20 {
                let mut child = sh("sleep 0.02; exit 7").spawn().unwrap();
                let waited = timeout(Duration::from_millis(delay * 2), child.wait()).await;
                if waited.is_err() {
                    let mut wait = Box::pin(child.wait());
                    let _ = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                }
                assert_eq!(child.wait().await.unwrap().code(), Some(7));
                assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(7));
                assert_eq!(child.id(), None);
                child.start_kill().unwrap();
            }
        }));
    }
}

#[test]
fn many_children_end_at_the_same_time() {
    for runtime in runtimes() {
        runtime.block_on(soon(async {
            let waits: Vec<_> = (0..50)
                .map(|code| {
                    let status = sh(&format!("exit {code}")).status();
                    creel::spawn(
                        async move { assert_eq!(status.await.unwrap().code(), Some(code)) },
                    )
                })
                .collect();
            for wait in waits {
                wait.await.unwrap();
            }
        }));
    }
}

#[test]
fn a_killed_child_says_so() {
    runtimes()[0].block_on(soon(async {
        let mut child = sleeper().spawn().unwrap();
        assert!(child.try_wait().unwrap().is_none());
        child.start_kill().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
    }));
}

#[test]
fn the_output_of_one_is_the_input_of_another() {
    runtimes()[0].block_on(soon(async {
        let mut first = sh("echo b; echo a").stdout(Stdio::piped()).spawn().unwrap();
        let between: Stdio = first.stdout.take().unwrap().try_into().unwrap();
        let sorted = Command::new("sort").stdin(between).output().await.unwrap();
        assert_eq!(sorted.stdout, b"a\nb\n");
        assert!(first.wait().await.unwrap().success());
    }));
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    runtimes()[0].block_on(async {
        let error = Command::new("/nowhere/at/all").spawn().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    });
}
