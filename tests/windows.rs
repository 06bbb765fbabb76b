//! Children on Windows. They are this program, told by a variable what to be.
#![cfg(all(windows, feature = "process", feature = "macros"))]

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::process::Command;
use creel::runtime::{Builder, Runtime};
use creel::time::{Duration, timeout};
use std::future::Future;
use std::process::Stdio;

/// What a child is to be.
const PART: &str = "CREEL_TEST_PART";
const LONG: Duration = Duration::from_secs(60);

fn everywhere<F: Future<Output = ()>>(body: impl Fn() -> F) {
    let runtimes: [Runtime; 2] = [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ];
    for runtime in runtimes {
        runtime.block_on(async { timeout(LONG, body()).await.expect("it does not hang") });
    }
}

fn child(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_child", "--nocapture"]).env(PART, part);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Not a test: what children do.
#[test]
fn the_child() {
    match std::env::var(PART).as_deref() {
        Ok("ends with 7") => std::process::exit(7),
        Ok("sleeps") => std::thread::sleep(Duration::from_secs(600)),
        Ok("copies") => {
            let copied = std::io::copy(&mut std::io::stdin(), &mut std::io::stderr()).unwrap();
            std::process::exit(i32::try_from(copied).unwrap());
        }
        _ => {}
    }
}

#[test]
fn a_child_ends_with_its_code() {
    everywhere(|| async {
        for _ in 0..3 {
            let status = child("ends with 7").status().await.unwrap();
            assert_eq!(status.code(), Some(7));
        }
    });
}

#[test]
fn a_child_copies_what_it_is_given() {
    everywhere(|| async {
        let mut command = child("copies");
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut to, mut from) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
        let said = vec![b'x'; 20_000];
        let tell = async {
            to.write_all(&said).await.unwrap();
            to.shutdown().await.unwrap();
            drop(to);
        };
        let mut heard = Vec::new();
        let (_, read) = creel::join!(tell, from.read_to_end(&mut heard));
        read.unwrap();
        assert_eq!(heard, said);
        assert_eq!(child.wait().await.unwrap().code(), Some(20_000));
    });
}

#[test]
fn a_child_is_killed_and_its_wait_may_be_dropped() {
    everywhere(|| async {
        let mut sleeper = child("sleeps").spawn().unwrap();
        assert!(timeout(Duration::from_millis(30), sleeper.wait()).await.is_err());
        assert!(sleeper.try_wait().unwrap().is_none());
        sleeper.kill().await.unwrap();
        assert!(!sleeper.wait().await.unwrap().success());
    });
}

#[test]
fn a_child_is_killed_on_drop() {
    everywhere(|| async {
        let mut command = child("copies");
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut sleeper = command.spawn().unwrap();
        let (_open, mut from) = (sleeper.stdin.take().unwrap(), sleeper.stderr.take().unwrap());
        drop(sleeper);
        // Its end closes the pipe.
        assert_eq!(from.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    });
}
