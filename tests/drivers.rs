//! Both drivers, under everything that may go wrong: futures dropped at every state while data flows,
//! with an account of every byte, buffer, descriptor and connection.
#![cfg(all(feature = "io-uring", target_os = "linux", not(loom)))]

#[path = "drivers/dropped.rs"]
mod dropped;
#[path = "drivers/ending.rs"]
mod ending;
#[path = "drivers/flow.rs"]
mod flow;
#[path = "drivers/left.rs"]
mod left;
#[path = "drivers/levels.rs"]
mod levels;

use creel::io::{AsyncReadOwned, AsyncWriteOwned, ReadBuf};
use creel::net::{TcpListener, TcpStream};
use creel::platform::buf::{OwnedBuf, OwnedBufMut};
use creel::runtime::{Builder, IoDriver, LocalOptions, Runtime};
use creel::task::yield_now;
use creel::time::timeout;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// Descriptors are counted, so one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The drivers that this machine has.
fn drivers() -> Vec<IoDriver> {
    let mut drivers = vec![IoDriver::Readiness];
    match Builder::new_current_thread().io_driver(IoDriver::Completion).build() {
        Ok(_) => drivers.push(IoDriver::Completion),
        Err(why) => eprintln!("not tested by completion: {why}"),
    }
    drivers
}

/// Runs `body` on both drivers: on one thread, on one thread for good, on pools of 1, 2 and 8; and
/// counts the descriptors.
fn everywhere<F: Future<Output = ()> + Send + 'static>(body: impl Fn() -> F) {
    let _alone = alone();
    let before = descriptors();
    on_all(body);
    settled(before);
}

fn on_all<F: Future<Output = ()> + Send + 'static>(body: impl Fn() -> F) {
    for driver in drivers() {
        let limited = || async { timeout(LONG, body()).await.expect("it does not hang") };
        let one = || Builder::new_current_thread().io_driver(driver).build().unwrap();
        one().block_on(limited());
        let mut builder = Builder::new_current_thread();
        let local = builder.io_driver(driver).build_local(LocalOptions::default()).unwrap();
        local.block_on(limited());
        drop(local);
        for workers in [1, 2, 8] {
            let mut builder = Builder::new_multi_thread();
            let pool: Runtime = builder.worker_threads(workers).io_driver(driver).build().unwrap();
            let body = body();
            pool.block_on(async {
                timeout(LONG, creel::spawn(body)).await.expect("it does not hang").unwrap();
            });
        }
    }
}

/// Numbers that depend on the seed alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A buffer that is counted.
struct Counted {
    bytes: Vec<u8>,
    account: Arc<AtomicUsize>,
}

impl Counted {
    fn new(bytes: Vec<u8>, account: &Arc<AtomicUsize>) -> Self {
        account.fetch_add(1, SeqCst);
        Self { bytes, account: account.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.account.fetch_sub(1, SeqCst);
    }
}

// SAFETY: the bytes are those of a vector.
unsafe impl OwnedBuf for Counted {
    fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }
    fn len(&self) -> usize {
        self.bytes.len()
    }
}

// SAFETY: as above.
unsafe impl OwnedBufMut for Counted {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }
    fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
    unsafe fn set_received(&mut self, n: usize) {
        // SAFETY: promised by the caller.
        unsafe { self.bytes.set_len(n) };
    }
}

/// Polls `future` up to `polls` times, while other tasks run; then it is dropped, or the rest of it
/// is waited for.
async fn nibble<F: Future>(future: F, polls: u64, finish: bool) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let poll = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = poll {
            return Some(output);
        }
        yield_now().await;
    }
    if finish { Some(future.await) } else { None }
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => assert!(is_want(&error), "{error}"),
            }
        }
    };
    let (client, server) = creel::join!(connect, accept);
    (client.unwrap(), server)
}

const TOTAL: usize = 60_000;

fn pattern(at: usize) -> u8 {
    (at.wrapping_mul(31) >> 3) as u8
}

/// Whatever the read was that gave `n` bytes into `buf`: they are the next ones.
fn check(seen: &mut usize, bytes: &[u8]) {
    for byte in bytes {
        assert_eq!(*byte, pattern(*seen), "at {seen}");
        *seen += 1;
    }
}

/// Whether the system has too little of something: nothing was lost.
fn is_want(error: &io::Error) -> bool {
    let wants = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error.raw_os_error().is_some_and(|code| wants.contains(&code))
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits for what the kernel closes by itself.
fn settled(before: usize) {
    for _ in 0..500 {
        if descriptors() <= before {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{} descriptors, and {before} before", descriptors());
}

#[test]
fn a_driver_that_does_not_exist_is_an_error_and_a_reason() {
    let _alone = alone();
    if drivers().len() == 2 {
        return;
    }
    let error = Builder::new_current_thread().io_driver(IoDriver::Completion).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

/// Never called: that it compiles is the test.
#[allow(dead_code)]
fn futures_may_be_sent(stream: &mut TcpStream, _: ReadBuf<'_>) {
    fn sendable<T: Send>(_: T) {}
    sendable(stream.read_owned(Vec::new()));
    sendable(stream.write_owned(Vec::new()));
}
