//! Runtimes that end while everything is under way.

use super::{LONG, alone, descriptors, drivers, settled};
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream, UdpSocket};
use creel::runtime::{Builder, IoDriver, Runtime};
use creel::task::JoinHandle;
use creel::time::sleep;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn runtimes(driver: IoDriver) -> [Runtime; 3] {
    let mut builder = Builder::new_multi_thread();
    builder.io_driver(driver);
    let mut pool = |workers| builder.worker_threads(workers).build().unwrap();
    let one = Builder::new_current_thread().io_driver(driver).build().unwrap();
    [one, pool(1), pool(3)]
}

/// Connections whose other end, which is the test's, says nothing and reads nothing.
struct Peers {
    address: std::net::SocketAddr,
    listener: std::net::TcpListener,
}

impl Peers {
    fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: listener.local_addr().unwrap(), listener }
    }
}

/// Tasks in every kind of wait for a socket, and a timer.
async fn waits(address: std::net::SocketAddr) -> Vec<JoinHandle<()>> {
    let connect = || async move { TcpStream::connect(address).await.unwrap() };
    let (mut read, mut owned, mut write, ready) =
        creel::join!(connect(), connect(), connect(), connect());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    vec![
        creel::spawn(async move { drop(read.read(&mut [0; 4]).await) }),
        creel::spawn(async move { drop(owned.read_owned(Vec::with_capacity(64)).await) }),
        creel::spawn(async move { while write.write(&[7; 65_536]).await.is_ok() {} }),
        creel::spawn(async move { drop(ready.readable().await) }),
        creel::spawn(async move { drop(listener.accept().await) }),
        creel::spawn(async move { drop(datagrams.recv(&mut [0; 4]).await) }),
        creel::spawn(async { sleep(Duration::from_secs(3_600)).await }),
    ]
}

/// Ends a runtime on a thread of its own, by `end`; a minute is for ever.
fn ends<R: Send + 'static>(runtime: Runtime, end: impl FnOnce(Runtime) -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    let ending = thread::spawn(move || done.send(end(runtime)).unwrap());
    let result = ended.recv_timeout(LONG).expect("the runtime ends");
    ending.join().unwrap();
    result
}

/// The tasks are cancelled, and their sockets closed: the other ends hear of it.
fn all_is_let_go(tasks: Vec<JoinHandle<()>>, peers: &Peers) {
    use std::io::Read;
    let other = Builder::new_current_thread().build().unwrap();
    for task in tasks {
        assert!(other.block_on(task).unwrap_err().is_cancelled());
    }
    for _ in 0..4 {
        let (mut peer, _) = peers.listener.accept().unwrap();
        peer.set_read_timeout(Some(LONG)).unwrap();
        // What was written may come first. A reset says the same as an end.
        if let Err(error) = std::io::copy(&mut peer.by_ref(), &mut std::io::sink()) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
}

#[test]
fn a_shutdown_with_sockets_timers_and_closures_under_way_names_what_it_left() {
    let _alone = alone();
    let before = descriptors();
    for driver in drivers() {
        for runtime in runtimes(driver) {
            let peers = Peers::new();
            let (go, wait) = mpsc::channel::<()>();
            let (begun, has_begun) = mpsc::channel();
            let closure = runtime.spawn_blocking(move || {
                begun.send(()).unwrap();
                wait.recv().unwrap_err();
            });
            has_begun.recv().unwrap();
            let tasks = runtime.block_on(async {
                let tasks = waits(peers.address).await;
                // Each has begun to wait.
                sleep(Duration::from_millis(20)).await;
                tasks
            });
            let report = ends(runtime, |runtime| runtime.shutdown(Duration::from_millis(50)));
            let blocking = report.survivors.iter().filter(|left| left.blocking).count();
            assert_eq!((report.survivors.len(), blocking), (tasks.len() + 1, 1), "{report}");
            all_is_let_go(tasks, &peers);
            drop((go, closure));
        }
    }
    settled(before);
}

#[test]
fn a_runtime_that_is_dropped_lets_go_of_sockets_and_timers() {
    let _alone = alone();
    let before = descriptors();
    for driver in drivers() {
        for runtime in runtimes(driver) {
            let peers = Peers::new();
            let tasks = runtime.block_on(async {
                let tasks = waits(peers.address).await;
                sleep(Duration::from_millis(20)).await;
                tasks
            });
            ends(runtime, drop);
            all_is_let_go(tasks, &peers);
        }
    }
    settled(before);
}
