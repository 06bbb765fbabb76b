use super::{Files, Flush, ReadAt};
use crate::runtime::{Builder, IoDriver, LocalOptions, Runtime};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::boxed::Box;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;
use std::{env, format, process};

/// A path of this test's own.
fn scratch(name: &str) -> PathBuf {
    env::temp_dir().join(format!("creel-ring-{}-{name}", process::id()))
}

/// Runs a body on every kind of runtime; says so and skips where the kernel has no ring.
macro_rules! on_every_ring {
    ($body:expr) => {
        let one = |builder: &mut Builder| builder.io_driver(IoDriver::Completion).build();
        match one(&mut Builder::new_current_thread()) {
            Ok(runtime) => runtime.block_on($body),
            Err(why) => return std::eprintln!("skipped: {why}"),
        }
        let pool: Runtime = one(Builder::new_multi_thread().worker_threads(2)).unwrap();
        pool.block_on(async { crate::spawn($body).await.unwrap() });
        let mut builder = Builder::new_current_thread();
        let local = builder.io_driver(IoDriver::Completion).build_local(LocalOptions::default());
        local.unwrap().block_on($body);
    };
}

async fn writes_and_reads(path: PathBuf) -> io::Result<()> {
    let files = Files::current().expect("the completion driver");
    let file = File::options().create(true).truncate(true).read(true).write(true).open(&path)?;
    let file = Arc::new(file);
    let text = String::from("hello, ring");
    let (written, text) = files.write_at(file.clone(), text, 0).await;
    assert_eq!(written?, text.len());
    files.sync(file.clone(), Flush::Data).await?;
    files.sync(file.clone(), Flush::All).await?;
    let (read, buf) = files.read_at(file.clone(), Vec::with_capacity(64), 7).await;
    assert_eq!((read?, buf.as_slice()), (4, &b"ring"[..]));
    let (read, _) = files.read_at(file, Vec::with_capacity(64), 100).await;
    assert_eq!(read?, 0);
    fs::remove_file(&path)
}

#[test]
fn a_file_is_written_and_read() {
    on_every_ring!(async { writes_and_reads(scratch("file")).await.unwrap() });
}

#[test]
fn errors_are_those_of_the_system() {
    on_every_ring!(async {
        let files = Files::current().expect("the completion driver");
        let file = Arc::new(File::open("/dev/null").unwrap());
        let (refused, text) = files.write_at(file, String::from("text"), 0).await;
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(text, "text");
    });
}

/// More than the queue holds, all at once.
#[test]
fn a_thousand_reads_at_once() {
    on_every_ring!(async {
        let files = Files::current().expect("the completion driver");
        let file = Arc::new(File::open("/dev/zero").unwrap());
        let mut reads = Vec::new();
        for _ in 0..1000 {
            let (files, file) = (files.clone(), file.clone());
            reads.push(crate::spawn(async move {
                let (read, buf) = files.read_at(file, std::vec![1; 100], 0).await;
                assert_eq!((read.unwrap(), buf), (100, std::vec![0; 100]));
            }));
        }
        for read in reads {
            read.await.unwrap();
        }
    });
}

fn pipe() -> (Arc<File>, Arc<File>) {
    let (read, write) = io::pipe().unwrap();
    let file = |fd: std::os::fd::OwnedFd| Arc::new(File::from(fd));
    (file(read.into()), file(write.into()))
}

/// What a dropped read owned is let go of as soon as the kernel agrees.
#[test]
fn a_dropped_read_gives_everything_back() {
    on_every_ring!(async {
        let files = Files::current().expect("the completion driver");
        let (read, write) = pipe();
        for polls in 0..3 {
            let mut reading = Box::pin(files.read_at(read.clone(), std::vec![0; 8], Files::CURSOR));
            for _ in 0..polls {
                let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(poll.is_pending());
                crate::time::sleep(Duration::from_millis(2)).await;
            }
            drop(reading);
            while Arc::strong_count(&read) > 1 {
                crate::time::sleep(Duration::from_millis(1)).await;
            }
        }
        drop(write);
    });
}

/// A limit goes to the kernel linked to what it limits.
#[test]
fn a_limited_operation_ends_in_time_and_gives_everything_back() {
    on_every_ring!(async {
        let files = Files::current().expect("the completion driver");
        let (read, write) = pipe();
        let limited = |limit| {
            let operation = ReadAt { file: read.clone(), buf: std::vec![0; 8], at: Files::CURSOR };
            files.run(operation).limited(Duration::from_millis(limit))
        };
        let (late, ReadAt { buf, .. }) = limited(5).await;
        assert_eq!((late.unwrap_err().kind(), buf.len()), (io::ErrorKind::TimedOut, 8));
        let (written, _) = files.write_at(write, String::from("hi"), Files::CURSOR).await;
        assert_eq!(written.unwrap(), 2);
        let (early, _) = limited(10_000).await;
        assert_eq!(early.unwrap().count(), 2);
        drop(limited(10_000));
    });
}

#[test]
fn a_read_under_way_ends_with_its_runtime() {
    let mut builder = Builder::new_current_thread();
    let Ok(runtime) = builder.io_driver(IoDriver::Completion).build() else { return };
    let files = runtime.block_on(async { Files::current() }).unwrap();
    let (read, _write) = pipe();
    let mut reading = pin!(files.read_at(read, std::vec![0; 8], Files::CURSOR));
    let mut poll = || reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending());
    runtime.block_on(crate::task::yield_now());
    drop(runtime);
    let Poll::Ready((Err(error), buf)) = poll() else { panic!("it has ended") };
    assert!(crate::runtime::is_rt_shutdown_err(&error), "{error}");
    assert_eq!(buf.len(), 8);
}
