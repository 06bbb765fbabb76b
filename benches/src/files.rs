//! Reading files that the system has in its cache, and passing bytes on between sockets.

use crate::{Operation, operation, runs};
use creel::runtime::IoDriver;
use std::path::PathBuf;
use std::sync::OnceLock;

const PIECE: usize = 4096;
const PIECES: u64 = 256;
/// What goes through a proxy before it is answered.
const CHUNK: usize = 1024 * 1024;

pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "file: 4 KiB at a position",
            4_000,
            &[
                ("creel", || reads_at(IoDriver::Auto)),
                ("creel on its pool", || reads_at(IoDriver::Readiness)),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        use std::os::unix::fs::FileExt;
                        let file = std::sync::Arc::new(std::fs::File::open(file()).unwrap());
                        let mut buf = vec![0; PIECE];
                        for i in 0..n {
                            let file = file.clone();
                            buf = tokio::task::spawn_blocking(move || {
                                file.read_exact_at(&mut buf, at(i)).unwrap();
                                buf
                            })
                            .await
                            .unwrap();
                        }
                    })
                }),
            ],
        ),
        operation(
            "file: the next 4 KiB",
            4_096,
            &[
                ("creel", || reads_on(IoDriver::Auto)),
                ("creel on its pool", || reads_on(IoDriver::Readiness)),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        use tokio::io::AsyncReadExt;
                        for _ in 0..n / PIECES {
                            let mut file = tokio::fs::File::open(file()).await.unwrap();
                            let mut buf = [0; PIECE];
                            while file.read(&mut buf).await.unwrap() > 0 {}
                        }
                    })
                }),
            ],
        ),
        operation(
            "file: 1 MiB whole",
            100,
            &[
                ("creel", || {
                    runs::creel(|n| async move {
                        for _ in 0..n {
                            assert_eq!(creel::fs::read(file()).await.unwrap().len(), 1 << 20);
                        }
                    })
                }),
                ("tokio", || {
                    runs::tokio(|n| async move {
                        for _ in 0..n {
                            assert_eq!(tokio::fs::read(file()).await.unwrap().len(), 1 << 20);
                        }
                    })
                }),
            ],
        ),
        operation(
            "proxy: 1 MiB through and back",
            20,
            &[
                ("creel, splice", || {
                    proxy_on_creel(async |mut one, mut other| {
                        creel::net::splice_bidirectional(&mut one, &mut other).await.unwrap();
                    })
                }),
                ("creel, copy", || {
                    proxy_on_creel(async |mut one, mut other| {
                        let sizes = 64 * 1024;
                        creel::io::copy_bidirectional_with_sizes(
                            &mut one, &mut other, sizes, sizes,
                        )
                        .await
                        .unwrap();
                    })
                }),
            ],
        ),
    ]
}

/// A file of a megabyte, made once.
fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("creel-benches-{}", std::process::id()));
        std::fs::write(&path, vec![7; PIECE * PIECES as usize]).unwrap();
        path
    })
}

/// Where the read with this number begins.
fn at(number: u64) -> u64 {
    number * 37 % PIECES * PIECE as u64
}

fn reads_at(driver: IoDriver) -> crate::Run {
    runs::creel_by(driver, |n| async move {
        let file = creel::fs::File::open(file()).await.unwrap();
        let mut buf = Vec::with_capacity(PIECE);
        for i in 0..n {
            let (read, filled) = file.read_at_owned(buf, at(i)).await;
            assert_eq!(read.unwrap(), PIECE);
            buf = filled;
        }
    })
}

fn reads_on(driver: IoDriver) -> crate::Run {
    runs::creel_by(driver, |n| async move {
        use creel::io::AsyncReadExt;
        for _ in 0..n / PIECES {
            let mut file = creel::fs::File::open(file()).await.unwrap();
            let mut buf = [0; PIECE];
            while file.read(&mut buf).await.unwrap() > 0 {}
        }
    })
}

/// A client sends a chunk through a proxy to a server that sends it back through the proxy.
fn proxy_on_creel<F: Future<Output = ()> + 'static>(
    proxy: impl Fn(creel::net::TcpStream, creel::net::TcpStream) -> F + Copy + 'static,
) -> crate::Run {
    use creel::io::{AsyncReadExt, AsyncWriteExt};
    use creel::net::{TcpListener, TcpStream};
    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = TcpStream::connect(listener.local_addr().unwrap());
        let (client, server) = creel::join!(connect, listener.accept());
        (client.unwrap(), server.unwrap().0)
    }
    runs::creel(move |n| async move {
        let (client, inside) = pair().await;
        let (outside, mut server) = pair().await;
        let between = creel::task::spawn_local(proxy(inside, outside));
        let serves = creel::task::spawn_local(async move {
            let mut chunk = vec![0; CHUNK];
            while server.read_exact(&mut chunk).await.is_ok() {
                server.write_all(&chunk).await.unwrap();
            }
        });
        let (mut reader, mut writer) = client.into_split();
        let mut chunk = vec![1; CHUNK];
        for _ in 0..n {
            let out = chunk.clone();
            let (sent, received) =
                creel::join!(writer.write_all(&out), reader.read_exact(&mut chunk));
            sent.and(received.map(drop)).unwrap();
        }
        drop(writer);
        serves.await.unwrap();
        between.await.unwrap();
    })
}
