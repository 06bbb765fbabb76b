//! A process whose system calls are interrupted by signals all the time: nobody notices.
//!
//! The handler is the process's, so each test runs itself again in a child.
#![cfg(all(feature = "full", target_os = "linux"))]

use creel::fs::{self, File};
use creel::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use creel::net::udp::{Incoming, Outgoing};
use creel::net::{TcpListener, TcpStream, UdpSocket, send_file, splice};
use creel::process::Command as AsyncCommand;
use creel::runtime::{Builder, IoDriver};
use creel::time::timeout;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

static INTERRUPTIONS: AtomicUsize = AtomicUsize::new(0);

/// Interrupts the process every 300 microseconds, without having system calls begin again.
fn interrupt_for_ever() {
    extern "C" fn handler(_: libc::c_int) {
        INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
    }
    let interval = libc::timeval { tv_sec: 0, tv_usec: 300 };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: the handler does what a handler may; the structures live during the calls.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as extern "C" fn(libc::c_int) as usize;
        assert_eq!(libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()), 0);
        assert_eq!(libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()), 0);
    }
}

async fn streams(data: &'static [u8]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, server) = creel::join!(connect, listener.accept());
    let (client, mut server) = (client.unwrap(), server.unwrap().0);
    let echo = creel::spawn(async move {
        let (mut reader, mut writer) = server.split();
        splice(&mut reader, &mut writer).await.unwrap()
    });
    let (mut reader, mut writer) = client.into_split();
    let writes = creel::spawn(async move { writer.write_all(data).await.unwrap() });
    let mut all = vec![0; data.len()];
    reader.read_exact(&mut all).await.unwrap();
    writes.await.unwrap();
    assert!(all == data);
    assert_eq!(echo.await.unwrap(), data.len() as u64);
}

async fn files(data: &'static [u8]) {
    let path = std::env::temp_dir().join(format!("creel-interrupted-{}", std::process::id()));
    let mut file = File::options().read(true).write(true).create(true).open(&path).await.unwrap();
    file.write_all(data).await.unwrap();
    file.rewind().await.unwrap();
    let mut all = Vec::new();
    file.read_to_end(&mut all).await.unwrap();
    assert!(all == data);
    let (written, _) = file.write_at_owned(vec![9; 100_000], 50_000).await;
    assert_eq!(written.unwrap(), 100_000);
    let (read, part) = file.read_at_owned(Vec::with_capacity(100_000), 50_000).await;
    assert!(read.unwrap() == 100_000 && part.iter().all(|byte| *byte == 9));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut out = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut back, _) = listener.accept().await.unwrap();
    let receives = creel::spawn(async move {
        let mut all = Vec::new();
        back.read_to_end(&mut all).await.unwrap();
        all.len()
    });
    assert_eq!(send_file(&file, 0, u64::MAX, &mut out).await.unwrap(), data.len() as u64);
    drop(out);
    assert_eq!(receives.await.unwrap(), data.len());
    file.sync_all().await.unwrap();
    fs::remove_file(path).await.unwrap();
}

async fn datagrams() {
    let (one, other) = (
        UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        UdpSocket::bind("127.0.0.1:0").await.unwrap(),
    );
    let to = other.local_addr().unwrap();
    for _ in 0..50 {
        assert_eq!(one.send_batch(&[Outgoing::new(b"x").to(to); 4]).await.unwrap(), 4);
        let mut rooms = [[0; 8]; 4];
        let mut incoming: Vec<_> = rooms.iter_mut().map(|room| Incoming::new(room)).collect();
        let mut received = 0;
        while received < 4 {
            received += other.recv_batch(&mut incoming[received..]).await.unwrap();
        }
    }
}

async fn children() {
    for _ in 0..10 {
        // The timer is not inherited, so only this side is interrupted.
        let mut cat =
            AsyncCommand::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = cat.stdin.take().unwrap();
        input.write_all(b"through").await.unwrap();
        drop(input);
        assert_eq!(cat.wait_with_output().await.unwrap().stdout, b"through");
    }
}

#[test]
fn nothing_minds_interruptions() {
    const CHILD: &str = "CREEL_TEST_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let command = command.args(["--exact", "nothing_minds_interruptions", "--nocapture"]);
        let output = command.env(CHILD, "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    interrupt_for_ever();
    let data: &'static [u8] = (0..1_000_000).map(|i| (i % 251) as u8).collect::<Vec<_>>().leak();
    for driver in [IoDriver::Readiness, IoDriver::Auto] {
        for workers in [0, 2] {
            let mut builder = match workers {
                0 => Builder::new_current_thread(),
                _ => Builder::new_multi_thread(),
            };
            let runtime = builder.worker_threads(workers.max(1)).io_driver(driver).build().unwrap();
            let all = async {
                creel::join!(streams(data), files(data), datagrams(), children());
            };
            runtime
                .block_on(async { timeout(Duration::from_secs(60), all).await })
                .expect("it ends");
        }
    }
    assert!(INTERRUPTIONS.load(Ordering::Relaxed) > 20, "it was interrupted");
}
