//! Files, as far as tokio's own tests of them do not go, on the blocking pool and on the ring.
#![cfg(all(feature = "fs", feature = "macros"))]

use creel::fs::{self, File, OpenOptions};
use creel::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use creel::runtime::{Builder, IoDriver, Runtime};
use creel::time::{Duration, timeout};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

/// A folder of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("creel-fs-{}-{count}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Every kind of runtime, on every driver that there is here.
fn runtimes() -> impl Iterator<Item = Runtime> {
    let drivers = [IoDriver::Readiness, IoDriver::Completion];
    drivers.into_iter().flat_map(|driver| {
        let one = Builder::new_current_thread().io_driver(driver).build();
        let pool = Builder::new_multi_thread().worker_threads(2).io_driver(driver).build();
        [one, pool].into_iter().filter_map(move |runtime| match driver {
            IoDriver::Readiness => Some(runtime.expect("it is everywhere")),
            _ => runtime.ok(),
        })
    })
}

/// Runs a test on every kind of runtime.
fn everywhere<F: Future<Output = ()>>(test: impl Fn(Folder) -> F) {
    for runtime in runtimes() {
        let limited = async { timeout(Duration::from_secs(60), test(Folder::new())).await };
        runtime.block_on(limited).expect("it ends");
    }
}

fn poll_once<F: Future>(future: F) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

async fn opened(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).create(true).open(path).await.unwrap()
}

/// A generator of small numbers that repeats itself.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }
}

/// What a file must be like after the same operations.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    position: usize,
}

impl Model {
    fn write(&mut self, data: &[u8]) {
        let end = self.position + data.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[self.position..end].copy_from_slice(data);
        self.position = end;
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.position.min(self.bytes.len())..]
    }
}

#[test]
fn reads_writes_and_seeks_mix_in_any_order() {
    everywhere(|folder| async move {
        for seed in 0..20 {
            let _ = fs::remove_file(folder.file()).await;
            let mut file = opened(&folder.file()).await;
            let (mut model, mut numbers) = (Model::default(), Numbers(seed));
            for step in 0..100 {
                let size = numbers.below(50) + 1;
                match numbers.below(8) {
                    0 | 1 => {
                        let data = vec![step as u8; size];
                        file.write_all(&data).await.unwrap();
                        model.write(&data);
                    }
                    2 | 3 => {
                        let mut data = vec![0; size];
                        let n = file.read(&mut data).await.unwrap();
                        assert!(n > 0 || model.rest().is_empty());
                        assert_eq!(&data[..n], &model.rest()[..n]);
                        model.position += n;
                    }
                    4 => {
                        // Begun, and given up: nothing may be lost.
                        let mut data = vec![0; size];
                        if poll_once(file.read(&mut data)) {
                            model.position = file.stream_position().await.unwrap() as usize;
                        }
                    }
                    5 => {
                        let to = numbers.below(200);
                        file.seek(SeekFrom::Start(to as u64)).await.unwrap();
                        model.position = to;
                    }
                    6 => {
                        let by = numbers.below(20) as i64 - 10;
                        let to = file.seek(SeekFrom::Current(by)).await;
                        match model.position.checked_add_signed(by as isize) {
                            Some(position) => {
                                assert_eq!(to.unwrap(), position as u64);
                                model.position = position;
                            }
                            None => assert!(to.is_err(), "before the beginning"),
                        }
                    }
                    _ => {
                        let len = numbers.below(150);
                        file.set_len(len as u64).await.unwrap();
                        model.bytes.resize(len, 0);
                    }
                }
                // Asking gives up what was read ahead, so not always.
                if numbers.below(4) == 0 {
                    let position = file.stream_position().await.unwrap();
                    assert_eq!(position, model.position as u64, "step {step} of seed {seed}");
                }
            }
            file.flush().await.unwrap();
            assert_eq!(fs::read(folder.file()).await.unwrap(), model.bytes);
        }
    });
}

#[test]
fn what_is_read_at_a_position_comes_back_in_its_own_buffer() {
    everywhere(|folder| async move {
        let file = std::sync::Arc::new(opened(&folder.file()).await);
        let (written, buf) = file.write_at_owned(vec![7; 1000], 24).await;
        assert_eq!((written.unwrap(), buf), (1000, vec![7; 1000]));

        let reads: Vec<_> = (0..32)
            .map(|at| {
                let file = file.clone();
                creel::spawn(
                    async move { file.read_at_owned(Vec::with_capacity(32), at * 32).await },
                )
            })
            .collect();
        for (at, read) in reads.into_iter().enumerate() {
            let (n, buf) = read.await.unwrap();
            assert_eq!(n.unwrap(), buf.len());
            let zeroes = 24_usize.saturating_sub(at * 32);
            let expected: Vec<u8> = (0..32).map(|i| if i < zeroes { 0 } else { 7 }).collect();
            assert_eq!(buf, expected);
        }
        let (end, buf) = file.read_at_owned(vec![1; 8], 1024).await;
        assert_eq!((end.unwrap(), buf.len()), (0, 0));
        for at in [u64::MAX, 1 << 63] {
            let (refused, buf) = file.read_at_owned(vec![1; 8], at).await;
            assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
            assert_eq!(buf, [1; 8], "it comes back");
        }
    });
}

#[test]
fn what_is_read_at_a_position_sees_what_was_written_before() {
    everywhere(|folder| async move {
        let mut file = opened(&folder.file()).await;
        for round in 0..50_u8 {
            file.write_all(&[round; 100]).await.unwrap();
            let at = u64::from(round) * 100;
            let (read, buf) = file.read_at_owned(Vec::with_capacity(100), at).await;
            assert_eq!((read.unwrap(), buf), (100, vec![round; 100]));
        }
    });
}

#[test]
fn operations_at_a_position_that_are_given_up_leak_nothing() {
    everywhere(|folder| async move {
        let file = opened(&folder.file()).await;
        for at in 0..100 {
            poll_once(file.write_at_owned(vec![1; 4096], at * 4096));
            poll_once(file.read_at_owned(vec![1; 4096], at * 4096));
        }
        // Each of them holds the file until it is over.
        let std = file.into_std().await;
        drop(std);
    });
}

#[test]
fn a_write_that_nobody_waited_for_is_written_although_the_runtime_ends() {
    for driver in [IoDriver::Readiness, IoDriver::Auto] {
        let folder = Folder::new();
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.max_blocking_threads(1).io_driver(driver).build().unwrap();
        runtime.block_on(async {
            let mut file = opened(&folder.file()).await;
            // The only thread is busy, so the write waits in the queue until the end.
            creel::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(50)));
            file.write_all(b"kept").await.unwrap();
        });
        drop(runtime);
        assert_eq!(std::fs::read(folder.file()).unwrap(), b"kept");
    }
}

#[test]
fn a_failed_write_is_told_once_by_the_next_operation() {
    everywhere(|folder| async move {
        fs::write(folder.file(), "text").await.unwrap();
        let mut file = File::open(folder.file()).await.unwrap();
        file.write_all(b"no").await.unwrap();
        assert!(file.flush().await.is_err());
        file.flush().await.unwrap();
        file.write_all(b"no").await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "text");
        assert!(file.write(b"no").await.is_err(), "what failed before the reading");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    everywhere(|_| async move {
        let mut full = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
        full.write_all(&[0; 100]).await.unwrap();
        let error = full.flush().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
        let (error, buf) = full.write_at_owned(vec![0; 100], 0).await;
        assert_eq!((error.unwrap_err().raw_os_error(), buf.len()), (Some(libc::ENOSPC), 100));
    });
}

#[test]
#[cfg(unix)]
fn short_reads_are_handed_on_as_they_come() {
    everywhere(|_| async move {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut reader = File::from(std::os::fd::OwnedFd::from(reader));
        let mut writer = File::from(std::os::fd::OwnedFd::from(writer));
        let mut buf = [0; 64];
        for n in 1..20 {
            writer.write_all(&vec![n; n.into()]).await.unwrap();
            writer.flush().await.unwrap();
            assert_eq!(reader.read(&mut buf).await.unwrap(), usize::from(n));
            assert!(buf[..n.into()].iter().all(|byte| *byte == n));
        }
        drop(writer);
        assert_eq!(reader.read(&mut buf).await.unwrap(), 0);
    });
}

#[test]
fn what_cannot_be_read_is_an_error() {
    everywhere(|folder| async move {
        let missing = File::open(folder.file()).await.unwrap_err();
        assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
        #[cfg(unix)]
        {
            let mut directory = File::open(&folder.0).await.unwrap();
            let error = directory.read(&mut [0; 8]).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EISDIR));
        }
    });
}

#[test]
fn no_entry_is_lost_when_futures_are_dropped() {
    everywhere(|folder| async move {
        let mut expected: Vec<String> = (0..300).map(|i| format!("entry {i}")).collect();
        for name in &expected {
            std::fs::write(folder.0.join(name), name).unwrap();
        }
        let mut entries = fs::read_dir(&folder.0).await.unwrap();
        let mut found = Vec::new();
        loop {
            let entry = match entries.poll_next_entry(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(entry) => entry,
                Poll::Pending => entries.next_entry().await,
            };
            let Some(entry) = entry.unwrap() else { break };
            assert!(entry.file_type().await.unwrap().is_file());
            assert_eq!(entry.metadata().await.unwrap().len(), entry.file_name().len() as u64);
            found.push(entry.file_name().into_string().unwrap());
        }
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    });
}

#[test]
fn syncing_waits_for_what_was_written() {
    everywhere(|folder| async move {
        let mut file = opened(&folder.file()).await;
        for round in 1..20 {
            file.write_all(&[1; 1000]).await.unwrap();
            if round % 2 == 0 { file.sync_all().await } else { file.sync_data().await }.unwrap();
            assert_eq!(fs::metadata(folder.file()).await.unwrap().len(), round * 1000);
        }
    });
}
