//! What the tasks of the soak do.

use super::{Alive, Counts, Rng};
use creel::io::{AsyncReadExt, AsyncReadOwned, AsyncWriteExt, AsyncWriteOwned};
use creel::net::{TcpListener, TcpStream};
use creel::sync::mpsc;
use creel::task::{JoinSet, spawn_blocking, yield_now};
use creel::time::{sleep, timeout};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// One task: does one thing out of many.
pub async fn act(mut rng: Rng, alive: Alive, to: SocketAddr) {
    let counts = &alive.0;
    match rng.below(12) {
        0 => std::panic::resume_unwind(Box::new("planned")),
        1 => std::future::pending().await,
        2 => sleep(Duration::from_micros(rng.below(2_000))).await,
        3 => block(rng, counts).await,
        4 => talk(rng, counts).await,
        5 | 6 => {
            // The server may be at its end, and the timeout may come first.
            let connection = connect(rng, counts, to);
            let _ = timeout(Duration::from_micros(200 + rng.below(20_000)), connection).await;
        }
        7 => files(counts).await,
        8 => fiber(rng, counts).await,
        9 if rng.below(16) == 0 => process(rng, counts).await,
        _ => {
            for _ in 0..rng.below(30) {
                yield_now().await;
            }
        }
    }
}

async fn block(mut rng: Rng, counts: &Counts) {
    let flavor = creel::runtime::Handle::current().runtime_flavor();
    if flavor == creel::runtime::RuntimeFlavor::MultiThread && rng.below(2) == 0 {
        creel::task::block_in_place(std::thread::yield_now);
    } else {
        drop(spawn_blocking(std::thread::yield_now).await);
    }
    counts.blocked.fetch_add(1, Relaxed);
}

async fn talk(mut rng: Rng, counts: &Counts) {
    let (send, mut receive) = mpsc::channel(1 + rng.below(4) as usize);
    let sender = creel::spawn(async move {
        for number in 0..20 {
            if send.send(Box::new(number)).await.is_err() {
                break;
            }
        }
    });
    while let Ok(Some(_)) = timeout(Duration::from_secs(5), receive.recv()).await {
        counts.messages.fetch_add(1, Relaxed);
    }
    // Cancelled, if the runtime ends.
    let _ = sender.await;
}

const BYTES: usize = 3_000;

async fn connect(mut rng: Rng, counts: &Counts, to: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(to).await?;
    let mut answer = Vec::with_capacity(BYTES);
    if rng.below(2) == 0 {
        stream.write_all(&[7; BYTES]).await?;
        answer.resize(BYTES, 0);
        stream.read_exact(&mut answer).await?;
    } else {
        stream.write_all_owned(vec![7; BYTES]).await.0?;
        while answer.len() < BYTES {
            let (read, more) = stream.read_owned(Vec::with_capacity(1_000)).await;
            if read? == 0 {
                break;
            }
            answer.extend(more);
        }
    }
    assert_eq!(answer, [7; BYTES]);
    counts.bytes.fetch_add(BYTES as isize, Relaxed);
    Ok(())
}

#[cfg(feature = "fs")]
async fn files(counts: &Counts) {
    // An error if the runtime ends.
    if let Ok(text) = creel::fs::read_to_string("/proc/self/comm").await {
        assert!(!text.is_empty());
        counts.files.fetch_add(1, Relaxed);
    }
}

#[cfg(not(feature = "fs"))]
async fn files(_: &Counts) {}

#[cfg(feature = "fiber")]
async fn fiber(mut rng: Rng, counts: &Counts) {
    use creel::fiber;
    let (send, mut receive) = mpsc::channel(1);
    let naps = rng.below(4);
    let fiber = fiber::spawn(move || {
        for nap in 0..naps {
            fiber::wait(sleep(Duration::from_micros(100 * nap)));
            fiber::yield_now();
            if fiber::wait(send.send(nap)).is_err() {
                break;
            }
        }
    });
    while receive.recv().await.is_some() {}
    let _ = fiber.await;
    counts.fibers.fetch_add(1, Relaxed);
}

#[cfg(not(feature = "fiber"))]
async fn fiber(_: Rng, _: &Counts) {}

/// A child that answers what it is told, or is killed.
#[cfg(feature = "process")]
async fn process(mut rng: Rng, counts: &Counts) {
    use std::process::Stdio;
    let mut command = creel::process::Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    // An error if the runtime ends.
    let Ok(mut child) = command.spawn() else { return };
    counts.processes.fetch_add(1, Relaxed);
    let mut stdin = child.stdin.take().expect("it is piped");
    if rng.below(2) == 0 || stdin.write_all(b"hello").await.is_err() {
        return;
    }
    drop(stdin);
    if let Ok(output) = child.wait_with_output().await {
        assert_eq!(output.stdout, b"hello");
    }
}

#[cfg(not(feature = "process"))]
async fn process(_: Rng, _: &Counts) {}

/// Answers what it gets, to whoever connects.
pub async fn echo(listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let mut buffer = [0; 1_024];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}
