//! The same server, written once a peer.

use crate::floor;
use crate::floor_ring::{self, Features};
use std::io::{BufRead, Write};
use std::net::TcpListener;
use std::time::Duration;

/// A server: its name, and what serves with buffers of so many bytes.
pub type Server = (&'static str, fn(TcpListener, usize));

/// All servers; the floor first.
pub const ALL: &[Server] = &[
    ("floor: epoll", floor::epoll),
    ("floor: io_uring", floor::ring),
    ("feature: none", |listener, size| by_ring(listener, size, |_| {})),
    ("feature: send by call", |listener, size| by_ring(listener, size, |f| f.send_by_call = true)),
    ("feature: multishot", |listener, size| by_ring(listener, size, |f| f.multishot = true)),
    ("feature: multishot and send by call", |listener, size| {
        by_ring(listener, size, |f| (f.multishot, f.send_by_call) = (true, true));
    }),
    ("feature: registered files", |listener, size| {
        by_ring(listener, size, |f| f.registered_files = true);
    }),
    ("feature: multishot and registered files", |listener, size| {
        by_ring(listener, size, |f| (f.multishot, f.registered_files) = (true, true));
    }),
    ("feature: zero copy", |listener, size| by_ring(listener, size, |f| f.zero_copy = true)),
    ("creel, readiness", |listener, size| {
        creel_local(IoDriver::Readiness).block_on(creel_borrowed(listener, size));
    }),
    ("creel, completion, borrowed", |listener, size| {
        creel_local(IoDriver::Completion).block_on(creel_borrowed(listener, size));
    }),
    ("creel, completion, owned", |listener, size| {
        creel_local(IoDriver::Completion).block_on(creel_owned(listener, size));
    }),
    ("creel, completion, owned, moving", |listener, size| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.io_driver(IoDriver::Completion).build().unwrap();
        runtime.block_on(creel_owned(listener, size));
    }),
    ("creel, readiness, 2 workers", |listener, size| {
        creel_pool(IoDriver::Readiness, creel_borrowed(listener, size));
    }),
    ("creel, completion, borrowed, 2 workers", |listener, size| {
        creel_pool(IoDriver::Completion, creel_borrowed(listener, size));
    }),
    ("creel, completion, owned, 2 workers", |listener, size| {
        creel_pool(IoDriver::Completion, creel_owned(listener, size));
    }),
    ("tokio", |listener, size| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_io().build().unwrap().block_on(tokio_echo(listener, size));
    }),
    ("tokio, 2 workers", |listener, size| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_io().build().unwrap();
        let echo = runtime.spawn(tokio_echo(listener, size));
        runtime.block_on(echo).unwrap();
    }),
    ("smol", smol),
    ("monoio", monoio_echo),
    ("compio", compio_echo),
    ("glommio", glommio_echo),
];

fn by_ring(listener: TcpListener, size: usize, choose: impl Fn(&mut Features)) {
    let mut features = Features::default();
    choose(&mut features);
    floor_ring::ring(listener, size, features);
}

/// Serves as `name` does, until the standard input ends; each line there is answered with the
/// processor time that was used so far, in nanoseconds.
pub fn serve(name: &str, size: usize) {
    let (_, serve) = ALL.iter().find(|(known, _)| *known == name).expect("a server's name");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(|| {
        for line in std::io::stdin().lock().lines() {
            let _ = line.map(|_| println!("{} {}", processor_time().as_nanos(), resident()));
        }
        std::process::exit(0);
    });
    println!("{address}");
    std::io::stdout().flush().expect("somebody listens");
    serve(listener, size);
}

/// Bytes of memory that the process has.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("a number") * 4096
}

// Why unsafe: the standard library does not name the clock.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills the time in.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

use creel::runtime::{Builder, IoDriver, LocalOptions, LocalRuntime};

fn creel_local(driver: IoDriver) -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder.io_driver(driver).build_local(LocalOptions::default()).expect("the driver is there")
}

fn creel_pool(driver: IoDriver, echo: impl Future<Output = ()> + Send + 'static) {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).io_driver(driver).build().expect("it is there");
    let echo = runtime.spawn(echo);
    runtime.block_on(echo).unwrap();
}

async fn creel_borrowed(listener: TcpListener, size: usize) {
    use creel::io::{AsyncReadExt, AsyncWriteExt};
    listener.set_nonblocking(true).unwrap();
    let listener = creel::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        drop(creel::spawn(async move {
            let mut buf = vec![0; size];
            while let Ok(n) = stream.read(&mut buf).await {
                if n == 0 || stream.write_all(&buf[..n]).await.is_err() {
                    break;
                }
            }
        }));
    }
}

async fn creel_owned(listener: TcpListener, size: usize) {
    use creel::io::{AsyncReadOwned, AsyncWriteOwned};
    listener.set_nonblocking(true).unwrap();
    let listener = creel::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        drop(creel::spawn(async move {
            let mut buf = Vec::with_capacity(size);
            loop {
                let (read, full) = stream.read_owned(buf).await;
                if read.is_err() || full.is_empty() {
                    break;
                }
                let (written, free) = stream.write_all_owned(full).await;
                if written.is_err() {
                    break;
                }
                buf = free;
            }
        }));
    }
}

async fn tokio_echo(listener: TcpListener, size: usize) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let mut buf = vec![0; size];
            while let Ok(n) = stream.read(&mut buf).await {
                if n == 0 || stream.write_all(&buf[..n]).await.is_err() {
                    break;
                }
            }
        });
    }
}

fn smol(listener: TcpListener, size: usize) {
    use futures_lite::{AsyncReadExt, AsyncWriteExt};
    let executor = async_executor::LocalExecutor::new();
    async_io::block_on(executor.run(async {
        let listener = async_io::Async::new(listener).unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.get_ref().set_nodelay(true).unwrap();
            let echo = executor.spawn(async move {
                let mut buf = vec![0; size];
                while let Ok(n) = stream.read(&mut buf).await {
                    if n == 0 || stream.write_all(&buf[..n]).await.is_err() {
                        break;
                    }
                }
            });
            echo.detach();
        }
    }));
}

fn monoio_echo(listener: TcpListener, size: usize) {
    use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
    let builder = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new();
    let mut runtime = builder.uring_builder(io_uring_of_monoio()).build().expect("a ring");
    runtime.block_on(async move {
        let listener = monoio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            monoio::spawn(async move {
                let mut buf: Vec<u8> = Vec::with_capacity(size);
                loop {
                    let (read, full) = stream.read(buf).await;
                    if read.is_err() || full.is_empty() {
                        break;
                    }
                    let (written, free) = stream.write_all(full).await;
                    if written.is_err() {
                        break;
                    }
                    buf = free;
                }
            });
        }
    });
}

/// Tuned, as its authors advise for one thread.
fn io_uring_of_monoio() -> monoio_io_uring::Builder {
    let mut setup = monoio_io_uring::IoUring::builder();
    setup.setup_single_issuer().setup_coop_taskrun().setup_defer_taskrun();
    setup
}

fn compio_echo(listener: TcpListener, size: usize) {
    use compio::io::{AsyncRead, AsyncWriteExt};
    compio::runtime::Runtime::new().unwrap().block_on(async move {
        listener.set_nonblocking(true).unwrap();
        let listener = compio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.set_nodelay(true);
            let echo = compio::runtime::spawn(async move {
                let mut buf: Vec<u8> = Vec::with_capacity(size);
                loop {
                    let compio::BufResult(read, full) = stream.read(buf).await;
                    if read.is_err() || full.is_empty() {
                        break;
                    }
                    let compio::BufResult(written, free) = stream.write_all(full).await;
                    if written.is_err() {
                        break;
                    }
                    buf = free;
                    buf.clear();
                }
            });
            echo.detach();
        }
    });
}

fn glommio_echo(listener: TcpListener, size: usize) {
    use futures_lite::{AsyncReadExt, AsyncWriteExt};
    use std::os::fd::{FromRawFd, IntoRawFd};
    glommio::LocalExecutor::default().run(async move {
        // SAFETY: the listener is handed over.
        let listener = unsafe { glommio::net::TcpListener::from_raw_fd(listener.into_raw_fd()) };
        loop {
            let mut stream = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let echo = glommio::spawn_local(async move {
                let mut buf = vec![0; size];
                while let Ok(n) = stream.read(&mut buf).await {
                    if n == 0 || stream.write_all(&buf[..n]).await.is_err() {
                        break;
                    }
                }
            });
            echo.detach();
        }
    });
}
