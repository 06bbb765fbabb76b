//! Sockets on the runtimes that have threads.

#![cfg(all(feature = "net", feature = "io-util", not(target_family = "wasm")))]

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::net::{TcpListener, TcpStream, UdpSocket};
use creel::runtime::{Builder, Runtime, is_rt_shutdown_err};
use creel::time::{sleep, timeout};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

fn current_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn pool() -> Runtime {
    Builder::new_multi_thread().worker_threads(3).build().unwrap()
}

/// Runs a test on both kinds of runtime; a hang is a failure.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident() $body:block)*) => {
        $($(#[$attribute])*
        mod $name {
            use super::*;

            async fn body() $body

            #[test]
            fn on_one_thread() {
                let limited = async { timeout(LONG, body()).await };
                current_thread().block_on(limited).expect("it does not hang");
            }

            #[test]
            fn on_the_pool() {
                let runtime = pool();
                runtime.block_on(async {
                    timeout(LONG, creel::spawn(body())).await.expect("it does not hang").unwrap();
                });
            }
        })*
    };
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, server) = creel::join!(connect, listener.accept());
    (client.unwrap(), server.unwrap().0)
}

on_both! {
    async fn many_connections_echo() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = creel::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                creel::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    creel::io::copy(&mut read, &mut write).await.unwrap();
                });
            }
        });
        let clients: Vec<_> = (0..50u32).map(|id| creel::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for round in 0..20u32 {
                stream.write_u32(id << 16 | round).await.unwrap();
                assert_eq!(stream.read_u32().await.unwrap(), id << 16 | round);
            }
        })).collect();
        for client in clients {
            client.await.unwrap();
        }
        server.abort();
    }

    async fn more_than_fits_goes_both_ways() {
        const SIZE: usize = 4 << 20;
        let (client, server) = pair().await;
        let both = |stream: TcpStream, byte: u8| async move {
            let (mut read, mut write) = stream.into_split();
            let writer = creel::spawn(async move {
                write.write_all(&vec![byte; SIZE]).await.unwrap();
            });
            let mut all = Vec::new();
            read.read_to_end(&mut all).await.unwrap();
            writer.await.unwrap();
            all
        };
        let (a, b) = creel::join!(
            creel::spawn(both(client, 1)),
            creel::spawn(both(server, 2))
        );
        assert!(a.unwrap() == vec![2; SIZE] && b.unwrap() == vec![1; SIZE]);
    }

    async fn an_accept_that_is_dropped_loses_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..20 {
            let mut accept = Box::pin(listener.accept());
            let poll = accept.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
            let client = TcpStream::connect(address).await.unwrap();
            drop(accept);
            let (_, from) = listener.accept().await.unwrap();
            assert_eq!(from, client.local_addr().unwrap());
        }
    }

    async fn a_read_that_is_dropped_loses_no_byte() {
        let (mut client, mut server) = pair().await;
        let writer = creel::spawn(async move {
            for byte in 0..200u8 {
                client.write_u8(byte).await.unwrap();
                if byte % 3 == 0 {
                    sleep(Duration::from_millis(1)).await;
                }
            }
        });
        let mut seen = Vec::new();
        while seen.len() < 200 {
            let mut buf = [0; 7];
            if let Ok(n) = timeout(Duration::from_micros(300), server.read(&mut buf)).await {
                seen.extend_from_slice(&buf[..n.unwrap()]);
            }
        }
        assert_eq!(seen, (0..200).collect::<Vec<u8>>());
        writer.await.unwrap();
    }

    async fn several_tasks_wait_for_one_socket() {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let readers: Vec<_> = (0..4).map(|_| {
            let socket = socket.clone();
            creel::spawn(async move {
                let mut buf = [0; 8];
                socket.recv(&mut buf).await.unwrap()
            })
        }).collect();
        for _ in 0..4 {
            creel::task::yield_now().await;
            socket.send_to(b"one", address).await.unwrap();
        }
        for reader in readers {
            assert_eq!(reader.await.unwrap(), 3);
        }
    }

    async fn nobody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = TcpStream::connect(&[][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    async fn names_are_looked_up() {
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stream, _) = creel::join!(TcpStream::connect(("localhost", port)), listener.accept());
        assert_eq!(stream.unwrap().peer_addr().unwrap().port(), port);
    }

    /// The slot of a stream is given to the next one again and again.
    async fn connections_come_and_go() {
        for round in 0..200u32 {
            let (mut client, mut server) = pair().await;
            client.write_u32(round).await.unwrap();
            assert_eq!(server.read_u32().await.unwrap(), round);
            drop(client);
            assert_eq!(server.read_u32().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
    }

    async fn a_task_that_is_always_ready_lets_others_read() {
        let (mut client, mut server) = pair().await;
        let busy = creel::spawn(async { loop { creel::task::yield_now().await } });
        let echo = creel::spawn(async move {
            let mut buf = [0; 4];
            server.read_exact(&mut buf).await.unwrap();
            server.write_all(&buf).await.unwrap();
        });
        client.write_all(b"ping").await.unwrap();
        let mut buf = [0; 4];
        client.read_exact(&mut buf).await.unwrap();
        echo.await.unwrap();
        busy.abort();
    }
}

/// A runtime that waits by its thread alone learns of the first source, whoever registers it.
#[test]
fn the_first_source_wakes_a_sleeping_runtime() {
    for runtime in [current_thread(), pool()] {
        let handle = runtime.handle().clone();
        let (tell, address) = mpsc::channel();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            let _entered = handle.enter();
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            tell.send(socket.local_addr().unwrap()).unwrap();
            let socket = UdpSocket::from_std(socket).unwrap();
            let mut buf = [0; 8];
            creel_block_on(socket.recv(&mut buf)).unwrap()
        });
        let sender = thread::spawn(move || {
            let address = address.recv().unwrap();
            thread::sleep(Duration::from_millis(30));
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.send_to(b"hello", address).unwrap();
        });
        runtime.block_on(async {
            while !other.is_finished() {
                // Nothing but the timer would wake the host meanwhile.
                sleep(Duration::from_millis(300)).await;
            }
        });
        assert_eq!(other.join().unwrap(), 5);
        sender.join().unwrap();
    }
}

/// Waits with the thread, without driving any runtime.
fn creel_block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let std::task::Poll::Ready(output) =
            future.as_mut().poll(&mut Context::from_waker(&waker))
        {
            return output;
        }
        thread::park();
    }
}

#[test]
fn sockets_of_a_runtime_that_is_gone_fail() {
    for runtime in [current_thread(), pool()] {
        let (listener, (_client, mut server)) = runtime
            .block_on(async { (TcpListener::bind("127.0.0.1:0").await.unwrap(), pair().await) });
        drop(runtime);
        let other = current_thread();
        other.block_on(async {
            assert!(is_rt_shutdown_err(&listener.accept().await.unwrap_err()));
            assert!(is_rt_shutdown_err(&server.read(&mut [0; 4]).await.unwrap_err()));
        });
    }
}

#[test]
fn a_wait_elsewhere_ends_with_the_runtime() {
    for runtime in [current_thread(), pool()] {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let waiting = thread::spawn(move || creel_block_on(listener.accept()));
        thread::sleep(Duration::from_millis(30));
        drop(runtime);
        assert!(is_rt_shutdown_err(&waiting.join().unwrap().unwrap_err()));
    }
}

#[test]
fn a_host_without_io_says_so() {
    let runtime = Builder::new_current_thread().build_passive(|| {});
    let _entered = runtime.enter();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    assert_eq!(UdpSocket::from_std(socket).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
#[should_panic(expected = "there is no runtime on this thread")]
fn a_socket_needs_a_runtime() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let _ = UdpSocket::from_std(socket);
}

#[test]
fn futures_may_be_sent() {
    fn sendable<T: Send + Sync>(_: &T) {}
    fn check(stream: &TcpStream, socket: &UdpSocket, listener: &TcpListener) {
        sendable(stream);
        sendable(&stream.ready(creel::io::Interest::READABLE));
        sendable(&listener.accept());
        sendable(&socket.recv(&mut []));
        sendable(&TcpStream::connect("localhost:80"));
    }
    let _ = check;
}
