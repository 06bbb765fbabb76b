//! A process that has no more descriptors: errors that say so, no spinning, and recovery.
//!
//! The limit is the process's, so each test runs itself again in a child.
#![cfg(all(feature = "full", target_os = "linux"))]

use creel::fs::File as AsyncFile;
use creel::io::AsyncReadExt;
use creel::net::{TcpListener, TcpStream, UdpSocket, UnixListener};
use creel::process::Command as AsyncCommand;
use creel::runtime::Builder;
use creel::time::timeout;
use std::fs::File;
use std::io::Write;
use std::net::TcpStream as StdStream;
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs the test `name` in a child whose name for it is the same, and there `body`.
fn in_a_child(name: &str, body: impl FnOnce()) {
    const CHILD: &str = "CREEL_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stdout));
}

/// Leaves no descriptor free until it is dropped.
fn take_all() -> Vec<File> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is valid during both calls.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        limit.rlim_cur = 64;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
    }
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    files
}

/// The time that the process has used a processor for.
fn used() -> Duration {
    // SAFETY: all zero is valid, and the structure is valid during the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &raw mut usage), 0);
        usage
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

#[test]
fn accepting_without_descriptors_rests_and_recovers() {
    in_a_child("accepting_without_descriptors_rests_and_recovers", || {
        for threads in [0, 2] {
            let runtime = match threads {
                0 => Builder::new_current_thread().build().unwrap(),
                _ => Builder::new_multi_thread().worker_threads(threads).build().unwrap(),
            };
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let mut clients: Vec<_> =
                    (0..5).map(|_| StdStream::connect(address).unwrap()).collect();
                let files = take_all();
                let (start, used_before) = (Instant::now(), used());
                for _ in 0..15 {
                    let error = listener.accept().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                }
                let (elapsed, used) = (start.elapsed(), used() - used_before);
                assert!(elapsed >= Duration::from_millis(900), "{elapsed:?}");
                assert!(used * 20 < elapsed, "it used the processor for {used:?} of {elapsed:?}");

                drop(files);
                for client in &mut clients {
                    client.write_all(b"x").unwrap();
                    let accepted = timeout(Duration::from_secs(60), listener.accept()).await;
                    let (mut stream, _) = accepted.expect("it recovers").unwrap();
                    assert_eq!(stream.read_u8().await.unwrap(), b'x', "no connection is lost");
                }
            });
        }
    });
}

#[test]
fn everything_that_needs_a_descriptor_says_so() {
    in_a_child("everything_that_needs_a_descriptor_says_so", || {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let files = take_all();
            let refused = |error: std::io::Error| {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
            };
            refused(TcpListener::bind("127.0.0.1:0").await.unwrap_err());
            refused(TcpStream::connect(address).await.unwrap_err());
            refused(UdpSocket::bind("127.0.0.1:0").await.unwrap_err());
            refused(UnixListener::bind("/nowhere").unwrap_err());
            refused(AsyncFile::open("/dev/null").await.unwrap_err());
            refused(AsyncCommand::new("true").output().await.unwrap_err());
            refused(creel::signal::ctrl_c().await.unwrap_err());

            drop(files);
            TcpStream::connect(address).await.unwrap();
            AsyncFile::open("/dev/null").await.unwrap();
            assert!(AsyncCommand::new("true").output().await.unwrap().status.success());
        });
    });
}

/// Without a descriptor for the end of a child, the signal tells it.
#[test]
fn a_child_is_waited_for_without_descriptors() {
    in_a_child("a_child_is_waited_for_without_descriptors", || {
        Builder::new_current_thread().build().unwrap().block_on(async {
            // The pipe of the process is there.
            let _signals = creel::signal::unix::signal(libc::SIGCHLD.into()).unwrap();
            let mut child = AsyncCommand::new("sleep").arg("0.1").spawn().unwrap();
            let _files = take_all();
            let ended = timeout(Duration::from_secs(60), child.wait()).await;
            assert!(ended.expect("the signal tells").unwrap().success());
        });
    });
}
