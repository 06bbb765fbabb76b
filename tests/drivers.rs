//! Both drivers, under everything that may go wrong: futures dropped at every state while data flows,
//! with an account of every byte, buffer, descriptor and connection.
#![cfg(all(feature = "io-uring", target_os = "linux", not(loom)))]

use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt, AsyncWriteOwned, Interest, ReadBuf};
use creel::net::{TcpListener, TcpStream, UnixStream};
use creel::platform::buf::{OwnedBuf, OwnedBufMut};
use creel::runtime::{Builder, IoDriver, LocalOptions, Runtime};
use creel::task::yield_now;
use creel::time::{sleep, timeout};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Set in a process that runs under the tracer.
const CHILD: &str = "CREEL_TEST_CHILD";
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

/// Writes the pattern in pieces of all sizes, now at once, now after a while.
async fn pour(mut stream: TcpStream, mut dice: Dice) {
    let mut sent = 0;
    while sent < TOTAL {
        let n = (1 + dice.below(700) as usize).min(TOTAL - sent);
        let piece: Vec<u8> = (sent..sent + n).map(pattern).collect();
        if dice.below(2) == 0 {
            stream.write_all(&piece).await.unwrap();
        } else {
            stream.write_all_owned(piece).await.0.unwrap();
        }
        sent += n;
        match dice.below(4) {
            0 => sleep(Duration::from_micros(dice.below(300))).await,
            1 => yield_now().await,
            _ => {}
        }
    }
}

/// Whatever the read was that gave `n` bytes into `buf`: they are the next ones.
fn check(seen: &mut usize, bytes: &[u8]) {
    for byte in bytes {
        assert_eq!(*byte, pattern(*seen), "at {seen}");
        *seen += 1;
    }
}

/// How many ways to read there are; the first few hand a buffer over.
const WAYS: u64 = 8;

/// Reads in so many ways, and drops most reads in whatever state they are in.
async fn drink(mut stream: TcpStream, ways: u64, mut dice: Dice, account: Arc<AtomicUsize>) {
    let mut seen = 0;
    while seen < TOTAL {
        let room = 1 + dice.below(900) as usize;
        let (polls, finish) = (dice.below(4), dice.below(4) == 0);
        let mut buf = vec![0; room];
        match dice.below(ways) {
            0..=2 => {
                let buf = Counted::new(Vec::with_capacity(room), &account);
                if let Some((n, buf)) = nibble(stream.read_owned(buf), polls, finish).await {
                    assert_eq!(n.unwrap(), buf.bytes.len());
                    check(&mut seen, &buf.bytes);
                }
            }
            3 => {
                if let Some(n) = nibble(stream.read(&mut buf), polls, finish).await {
                    check(&mut seen, &buf[..n.unwrap()]);
                }
            }
            4 => match stream.try_read(&mut buf) {
                Ok(n) => check(&mut seen, &buf[..n]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            },
            5 => {
                if let Some(n) = nibble(stream.peek(&mut buf), polls, finish).await {
                    check(&mut seen.clone(), &buf[..n.unwrap()]);
                }
            }
            6 => drop(nibble(stream.readable(), polls, finish).await),
            _ => {
                let (mut half, _other) = stream.split();
                let buf = Counted::new(Vec::with_capacity(room), &account);
                if let Some((n, buf)) = nibble(half.read_owned(buf), polls, finish).await {
                    assert_eq!(n.unwrap(), buf.bytes.len());
                    check(&mut seen, &buf.bytes);
                }
            }
        }
        if dice.below(3) == 0 {
            sleep(Duration::from_micros(dice.below(100))).await;
        }
    }
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "no byte twice");
}

#[test]
fn reads_dropped_at_every_state_lose_no_byte_and_no_buffer() {
    // Under the tracer one of each kind will do.
    let seeds = if std::env::var_os(CHILD).is_some() { 2 } else { 4 };
    for seed in 1..=seeds {
        let account = Arc::new(AtomicUsize::new(0));
        let mine = account.clone();
        everywhere(move || {
            let account = mine.clone();
            async move {
                let (client, server) = pair().await;
                let writer = creel::spawn(pour(client, Dice(seed)));
                // Every other seed goes by completion alone, which receives ahead then.
                let ways = if seed % 2 == 0 { 1 } else { WAYS };
                let reader = creel::spawn(drink(server, ways, Dice(seed * 77), account.clone()));
                writer.await.unwrap();
                reader.await.unwrap();
            }
        });
        assert_eq!(account.load(SeqCst), 0, "every buffer was dropped");
    }
}

/// Each buffer is full of its own number. What was dropped may have been written in part; but the
/// parts come in order, and nothing comes twice.
#[test]
fn writes_dropped_at_every_state_keep_their_order() {
    const LENGTH: usize = 40_000;
    const COUNT: u8 = 120;
    let account = Arc::new(AtomicUsize::new(0));
    let mine = account.clone();
    everywhere(move || {
        let account = mine.clone();
        async move {
            let (mut client, mut server) = pair().await;
            let writer = creel::spawn(async move {
                let mut dice = Dice(99);
                let mut whole = Vec::new();
                for number in 0..COUNT {
                    let (polls, finish) = (dice.below(3), dice.below(3) == 0);
                    let done = if dice.below(4) == 0 {
                        let bytes = vec![number; LENGTH];
                        nibble(client.write(&bytes), polls, finish).await
                    } else {
                        let buf = Counted::new(vec![number; LENGTH], &account);
                        nibble(client.write_owned(buf), polls, finish).await.map(|(n, _)| n)
                    };
                    whole.push(done.map(|n| n.unwrap()));
                }
                client.shutdown().await.unwrap();
                whole
            });
            let mut counts = vec![0; COUNT.into()];
            let mut last = 0;
            let mut buf = vec![0; 10_000];
            loop {
                let n = server.read(&mut buf).await.unwrap();
                if n == 0 {
                    break;
                }
                for byte in &buf[..n] {
                    assert!(*byte >= last, "{byte} after {last}");
                    last = *byte;
                    counts[usize::from(*byte)] += 1;
                }
                sleep(Duration::from_micros(300)).await;
            }
            for (number, done) in writer.await.unwrap().into_iter().enumerate() {
                match done {
                    Some(n) => assert_eq!(counts[number], n, "{number}"),
                    None => assert!(counts[number] <= LENGTH, "{number}"),
                }
            }
        }
    });
    assert_eq!(account.load(SeqCst), 0, "every buffer was dropped");
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
fn accepts_dropped_at_every_state_lose_no_connection_and_no_descriptor() {
    everywhere(|| async {
        const COUNT: usize = 60;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients = creel::spawn(async move {
            let mut dice = Dice(5);
            let mut clients = Vec::new();
            for _ in 0..COUNT {
                clients.push(TcpStream::connect(address).await.unwrap());
                if dice.below(2) == 0 {
                    sleep(Duration::from_micros(dice.below(200))).await;
                }
            }
            clients
        });
        let mut dice = Dice(6);
        let mut accepted = Vec::new();
        while accepted.len() < COUNT {
            let (polls, finish) = (dice.below(4), dice.below(5) == 0);
            match nibble(listener.accept(), polls, finish).await {
                None => {}
                Some(Ok(one)) => accepted.push(one),
                Some(Err(error)) => assert!(is_want(&error), "{error}"),
            }
            if dice.below(3) == 0 {
                sleep(Duration::from_micros(dice.below(100))).await;
            }
        }
        let mut clients = clients.await.unwrap();
        let mut ours: Vec<_> = clients.iter().map(|one| one.local_addr().unwrap()).collect();
        let mut theirs: Vec<_> = accepted.iter().map(|(_, from)| *from).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
        drop(accepted);
        for client in &mut clients {
            assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "the other side is closed");
        }
    });
}

/// The stream goes while the kernel still receives for it.
#[test]
fn a_stream_dropped_after_its_read_is_closed() {
    let account = Arc::new(AtomicUsize::new(0));
    let mine = account.clone();
    everywhere(move || {
        let account = mine.clone();
        async move {
            for polls in 0..3 {
                let (mut client, mut server) = pair().await;
                let buf = Counted::new(Vec::with_capacity(100), &account);
                assert!(nibble(server.read_owned(buf), polls, false).await.is_none());
                drop(server);
                assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
            }
        }
    });
    assert_eq!(account.load(SeqCst), 0, "every buffer was dropped");
}

/// An operation that is forgotten, not dropped, leaks what it holds, and nothing worse.
#[test]
fn a_forgotten_read_harms_nobody() {
    let _alone = alone();
    on_all(|| async {
        let (mut client, mut server) = pair().await;
        let mut reading = Box::pin(server.read_owned(vec![0; 64]));
        let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        std::mem::forget(reading);
        drop(server);
        // Other streams get the descriptor's number, and their own bytes.
        for _ in 0..20 {
            let (mut one, mut other) = pair().await;
            one.write_all(b"mine").await.unwrap();
            let mut buf = [0; 4];
            other.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"mine");
        }
        let _ = client.write_all(b"late").await;
    });
}

#[test]
fn a_runtime_that_ends_takes_its_operations_along() {
    let _alone = alone();
    let before = descriptors();
    let account = Arc::new(AtomicUsize::new(0));
    for driver in drivers() {
        for workers in [None, Some(2)] {
            let mut builder = match workers {
                None => Builder::new_current_thread(),
                Some(_) => Builder::new_multi_thread(),
            };
            let runtime = builder.worker_threads(2).io_driver(driver).build().unwrap();
            runtime.block_on(async {
                for _ in 0..20 {
                    let (client, mut server) = pair().await;
                    let buf = Counted::new(Vec::with_capacity(100), &account);
                    drop(creel::spawn(async move {
                        let _kept = client;
                        server.read_owned(buf).await.0
                    }));
                }
                sleep(Duration::from_millis(5)).await;
            });
            drop(runtime);
            assert_eq!(account.load(SeqCst), 0, "{driver:?}, {workers:?}");
        }
    }
    settled(before);
}

#[test]
fn what_a_dropped_read_left_is_read_first() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        server.set_nodelay(true).unwrap();
        let mut reading = Box::pin(server.read_owned(vec![0; 64]));
        let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        // Let the kernel know of it, then give it something.
        sleep(Duration::from_millis(2)).await;
        client.write_all(b"hello").await.unwrap();
        std::thread::sleep(Duration::from_millis(5));
        drop(reading);
        server.ready(Interest::READABLE).await.unwrap();
        let mut buf = [0; 64];
        let n = server.peek(&mut buf).await.unwrap();
        assert_eq!(&buf[..n], b"hello");
        let n = server.read(&mut buf[..2]).await.unwrap();
        assert_eq!(&buf[..n], b"he");
        let n = server.try_read(&mut buf).unwrap();
        assert_eq!(&buf[..n], b"llo");
        assert_eq!(server.try_read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(server.into_std().unwrap());
        assert_eq!(client.read(&mut buf).await.unwrap(), 0);
    });
}

/// The slot of a stream that has ended is ready for ever; a read that has to wait there does wait.
#[test]
fn a_read_behind_a_dropped_one_waits_at_the_end_of_a_stream_too() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        client.write_all(b"x").await.unwrap();
        let (read, buf) = server.read_owned(Vec::with_capacity(64)).await;
        assert_eq!((read.unwrap(), &buf[..]), (1, &b"x"[..]));
        drop(client);
        while !server.ready(Interest::READABLE).await.unwrap().is_read_closed() {
            yield_now().await;
        }
        let mut reading = Box::pin(server.read_owned(buf));
        let began = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        drop(reading);
        let count = Arc::new(Wakes::default());
        let waker = Waker::from(count.clone());
        let mut end = [0; 8];
        let mut reading = Box::pin(server.read(&mut end));
        if began && reading.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            // Not because it has tried as often as a task may.
            assert!(!count.by(std::thread::current().id()), "it gave way instead of waiting");
        }
        assert_eq!(reading.await.unwrap(), 0);
    });
}

/// Which threads have woken somebody.
#[derive(Default)]
struct Wakes(Mutex<Vec<std::thread::ThreadId>>);

impl Wakes {
    fn by(&self, thread: std::thread::ThreadId) -> bool {
        self.0.lock().unwrap().contains(&thread)
    }
}

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().push(std::thread::current().id());
    }
}

#[test]
fn streams_of_unix_do_it_too() {
    everywhere(|| async {
        let (one, mut other) = UnixStream::pair().unwrap();
        let (mut read, mut write) = one.into_split();
        let writer = creel::spawn(async move {
            for number in 0..200u8 {
                let (written, _) = write.write_all_owned(vec![number; 2_000]).await;
                written.unwrap();
            }
        });
        let mut all = 0;
        let mut buf = Vec::with_capacity(3_000);
        while all < 400_000 {
            let read;
            (read, buf) = other.read_owned(buf).await;
            for byte in &buf[..read.unwrap()] {
                assert_eq!(usize::from(*byte), all / 2_000);
                all += 1;
            }
        }
        writer.await.unwrap();
        let (end, _) = other.read_owned(buf).await;
        assert_eq!(end.unwrap(), 0);
        drop(other);
        let (end, _) = read.read_owned(Vec::with_capacity(8)).await;
        assert_eq!(end.unwrap(), 0);
    });
}

/// A thread that has no runtime of its own begins a read, and ends before there is an answer.
#[test]
fn a_read_outlives_the_thread_that_began_it() {
    everywhere(|| async {
        let (mut client, mut server) = pair().await;
        type Reading = Pin<Box<dyn Future<Output = (io::Result<usize>, Vec<u8>)> + Send>>;
        let reading = std::thread::spawn(move || {
            let mut reading: Reading =
                Box::pin(async move { server.read_owned(Vec::with_capacity(64)).await });
            let poll = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
            std::thread::sleep(Duration::from_millis(10));
            reading
        });
        while !reading.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
        let reading = reading.join().unwrap();
        sleep(Duration::from_millis(5)).await;
        client.write_all(b"hello").await.unwrap();
        let (read, buf) = reading.await;
        assert_eq!((read.unwrap(), &buf[..]), (5, &b"hello"[..]));
    });
}

/// Buffers of the system that hold next to nothing: reads and writes are short, and wait, all the time.
#[test]
fn short_reads_and_writes_add_up() {
    const ALL: usize = 10 * TOTAL;
    everywhere(|| async {
        // TCP waits for a fifth of a second when its window is shut.
        let (mut client, mut server) = UnixStream::pair().unwrap();
        socket2::SockRef::from(&client).set_send_buffer_size(1).unwrap();
        let writer = creel::spawn(async move {
            let (mut short, mut at) = (0, 0);
            for turn in 0.. {
                if at == ALL {
                    break;
                }
                let rest: Vec<u8> = (at..ALL.min(at + 50_000)).map(pattern).collect();
                let length = rest.len();
                let n = match turn % 2 {
                    0 => client.write(&rest).await.unwrap(),
                    _ => client.write_owned(rest).await.0.unwrap(),
                };
                short += usize::from(n < length);
                at += n;
            }
            short
        });
        let mut seen = 0;
        for turn in 0.. {
            if seen == ALL {
                break;
            }
            let mut buf = vec![0; 5_000];
            let n = if turn % 2 == 0 {
                server.read(&mut buf).await.unwrap()
            } else {
                let read;
                buf.clear();
                (read, buf) = server.read_owned(buf).await;
                read.unwrap()
            };
            assert!(n > 0);
            check(&mut seen, &buf[..n]);
        }
        assert!(writer.await.unwrap() > 3, "writes were short");
    });
}

/// The same tests, while system calls fail now and then: a tracer of the system's has them fail. Several
/// at a time, so that each runs on a machine that has too much to do.
#[test]
fn under_injected_faults() {
    const FAULTS: [&str; 13] = [
        "epoll_wait:error=EINTR:when=3+5",
        "recvfrom:error=EINTR:when=2+3",
        "sendto:error=EINTR:when=2+3",
        "accept4:error=EINTR:when=2+3",
        "accept4:error=EMFILE:when=5+9",
        "accept4:error=ENFILE:when=6+9",
        "accept4:error=ENOBUFS:when=4+9",
        "accept4:error=ENOMEM:when=3+8",
        "ppoll:error=EINTR:when=1+2",
        "io_uring_enter:error=EINTR:when=3+5",
        "io_uring_enter:error=EAGAIN:when=4+7",
        "io_uring_enter:error=EBUSY:when=4+7",
        "io_uring_enter:error=ENOMEM:when=4+7",
    ];
    const AT_A_TIME: usize = 4;
    let tracer = || std::process::Command::new("strace");
    if std::env::var_os(CHILD).is_some() || tracer().arg("-V").output().is_err() {
        return eprintln!("skipped: there is no strace; get it with apt-get install strace");
    }
    let _alone = alone();
    for faults in FAULTS.chunks(AT_A_TIME) {
        let start = |fault: &&'static str| {
            let mut traced = tracer();
            traced.args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]);
            let call = fault.split(':').next().unwrap();
            traced.arg("-e").arg(format!("trace={call}"));
            traced.arg("-e").arg(format!("inject={fault}")).arg(std::env::current_exe().unwrap());
            traced.args(["dropped_at_every_state", "--test-threads=1"]).env(CHILD, "1");
            traced.stdout(Stdio::piped()).stderr(Stdio::piped());
            (*fault, traced.spawn().unwrap())
        };
        // All at once, then each to its end.
        let running: Vec<_> = faults.iter().map(start).collect();
        for (fault, traced) in running {
            let output = traced.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // Under an emulator the program is none of the system's.
            if said.contains("PTRACE_TRACEME") || said.contains("Exec format error") {
                return eprintln!("skipped: tracing does not work here: {said}");
            }
            assert!(output.status.success(), "{fault}\n{text}\n{said}");
        }
    }
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
