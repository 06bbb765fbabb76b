//! What the sockets of previews 2 and 3 promise beyond the conformance list, on loopback.

use creel::io::{AsyncReadExt, AsyncWriteExt, Interest};
use creel::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host};
use creel::task::{JoinSet, yield_now};
use creel::time::{Duration, Instant, sleep, timeout};
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;

const LONG: Duration = Duration::from_secs(30);

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("the host lends its network")
}

/// An address whose queue takes one or two, and then answers nobody, for as long as what comes with it lives.
fn silent() -> (SocketAddr, impl Sized) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (socket.local_addr().unwrap(), socket.listen(1).unwrap())
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = listener().await;
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, server) = creel::join!(connect, listener.accept());
    (client.unwrap(), server.unwrap().0)
}

/// Answers each connection with what it sends.
async fn echo(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        creel::spawn(async move {
            let mut buf = [0; 1024];
            while let Ok(n @ 1..) = stream.read(&mut buf).await {
                stream.write_all(&buf[..n]).await.unwrap();
            }
        });
    }
}

cases! { "wasi_net":
    async fn the_end_of_what_a_task_sends_is_seen_and_nothing_is_lost_before_it() {
        let (mut client, mut server) = pair().await;
        // In a task that could be anywhere: sockets are `Send`.
        let sent = creel::spawn(async move {
            server.write_all(&vec![7; 300_000]).await.unwrap();
            server.shutdown().await.unwrap();
            let mut rest = Vec::new();
            server.read_to_end(&mut rest).await.unwrap();
            rest
        });
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received.len(), 300_000);
        client.write_all(b"thanks").await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(timeout(LONG, sent).await.unwrap().unwrap(), b"thanks");
    }

    async fn a_dropped_read_and_a_dropped_accept_lose_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(timeout(Duration::from_millis(5), listener.accept()).await.is_err());
        let mut client = creel::spawn(TcpStream::connect(address)).await.unwrap().unwrap();
        let (mut server, from) = timeout(LONG, listener.accept()).await.unwrap().unwrap();
        assert_eq!(client.local_addr().unwrap(), from);
        let mut buf = [0; 1];
        for round in 0..20 {
            assert!(timeout(Duration::from_millis(1), client.read(&mut buf)).await.is_err());
            server.write_all(&[round]).await.unwrap();
            timeout(LONG, client.read_exact(&mut buf)).await.unwrap().unwrap();
            assert_eq!(buf, [round]);
        }
    }

    async fn many_connections_wait_until_they_are_accepted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // What finds the queue full tries again after a second, and so on for ever.
        let mut clients = Vec::new();
        for _ in 0..300 {
            clients.push(timeout(LONG, TcpStream::connect(address)).await.unwrap().unwrap());
        }
        for client in &clients {
            let (_, from) = timeout(LONG, listener.accept()).await.unwrap().unwrap();
            assert_eq!(from, client.local_addr().unwrap());
        }
    }

    async fn writing_to_who_is_gone_is_an_error_in_the_end() {
        let (mut client, server) = pair().await;
        drop(server);
        let error = loop {
            match client.write(&[0; 1024]).await {
                Ok(_) => sleep(Duration::from_millis(1)).await,
                Err(error) => break error,
            }
        };
        let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&error.kind()), "{error:?}");
    }

    async fn a_connected_datagram_socket_hears_its_peer_alone() {
        let [one, other, stranger] = [
            UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        ];
        assert!(one.peer_addr().is_err());
        one.connect(other.local_addr().unwrap()).await.unwrap();
        assert_eq!(one.peer_addr().unwrap(), other.local_addr().unwrap());
        let here = one.local_addr().unwrap();
        stranger.send_to(b"psst", here).await.unwrap();
        one.send(b"ping").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(timeout(LONG, other.recv(&mut buf)).await.unwrap().unwrap(), 4);
        other.send_to(b"pong!", here).await.unwrap();
        assert_eq!(timeout(LONG, one.recv(&mut buf)).await.unwrap().unwrap(), 5);
        assert_eq!(&buf[..5], b"pong!");
    }

    async fn an_address_that_is_silent_does_not_keep_the_next_waiting() {
        let (silent, _listener) = silent();
        let mut queue = Vec::new();
        while let Ok(queued) = timeout(Duration::from_millis(500), TcpStream::connect(silent)).await {
            queue.push(queued.unwrap());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [silent, listener.local_addr().unwrap()];
        // The system would be patient for minutes.
        let stream = timeout(LONG, TcpStream::connect(&addresses[..])).await.unwrap().unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
    }

    async fn a_message_goes_there_and_back() {
        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        let server = creel::spawn(echo(listener));
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        stream.write_all(b"hello").await.unwrap();
        let mut buf = [0; 5];
        stream.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"hello");
        server.abort();
    }

    async fn the_end_of_a_stream_is_seen_and_nothing_is_lost_before_it() {
        let (client, mut server) = pair().await;
        let (mut read, mut write) = client.into_split();
        let data = vec![7; 300_000];
        let send = async {
            server.write_all(&data).await.unwrap();
            server.shutdown().await.unwrap();
            let mut rest = Vec::new();
            server.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, b"thanks");
        };
        let receive = async {
            let mut received = Vec::new();
            read.read_to_end(&mut received).await.unwrap();
            assert_eq!(received.len(), 300_000);
            write.write_all(b"thanks").await.unwrap();
            drop(write);
        };
        creel::join!(send, receive);
    }

    async fn peeking_takes_nothing() {
        let (mut client, mut server) = pair().await;
        server.write_all(b"abcd").await.unwrap();
        let mut buf = [0; 2];
        assert_eq!(client.peek(&mut buf).await.unwrap(), 2);
        assert_eq!(client.peek(&mut buf).await.unwrap(), 2);
        let mut all = [0; 4];
        client.read_exact(&mut all).await.unwrap();
        assert_eq!((&buf, &all), (b"ab", b"abcd"));
    }

    async fn several_buffers_are_written_as_one() {
        let (mut client, mut server) = pair().await;
        assert!(!creel::io::AsyncWrite::is_write_vectored(&client));
        let bufs = [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"two")];
        assert_eq!(client.write_vectored(&bufs).await.unwrap(), 7);
        let mut all = [0; 7];
        server.read_exact(&mut all).await.unwrap();
        assert_eq!(&all, b"one two");
    }

    async fn readiness_of_one_direction_wakes_nobody_of_the_other() {
        let (client, mut server) = pair().await;
        let ready = client.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
        assert!(ready.is_writable());
        assert!(timeout(Duration::from_millis(20), client.readable()).await.is_err());
        server.write_all(b"x").await.unwrap();
        timeout(LONG, client.readable()).await.unwrap().unwrap();
        let mut buf = [0; 8];
        assert_eq!(client.try_read(&mut buf).unwrap(), 1);
        assert_eq!(client.try_read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    async fn errors_have_their_kinds() {
        let taken = listener().await;
        let address = taken.local_addr().unwrap();
        let again = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AddrInUse, "{again}");
        drop(taken);
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
        let elsewhere = TcpListener::bind("192.0.2.1:0").await.unwrap_err();
        assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable, "{elsewhere}");
        let unknown = lookup_host("no-such-name.invalid:80").await.err().unwrap();
        assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
        let no_port = lookup_host("localhost").await.err().unwrap();
        assert_eq!(no_port.kind(), ErrorKind::InvalidInput, "{no_port}");
        let (client, _server) = pair().await;
        assert_eq!(client.set_nodelay(true).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    async fn a_name_is_looked_up() {
        let found: Vec<_> = lookup_host(("localhost", 80)).await.unwrap().collect();
        assert!(found.iter().any(|address| address.ip().is_loopback()), "{found:?}");
        assert!(found.iter().all(|address| address.port() == 80));
    }

    async fn a_socket_is_bound_before_it_listens() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let listener = socket.listen(16).unwrap();
        let connect = TcpSocket::new_v4().unwrap().connect(address);
        let (client, server) = creel::join!(connect, listener.accept());
        assert_eq!(client.unwrap().local_addr().unwrap(), server.unwrap().1);
    }

    async fn datagrams_go_to_whom_they_are_sent() {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (here, there) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        for n in 0..40u8 {
            assert_eq!(one.send_to(&[n; 3], there).await.unwrap(), 3);
        }
        let mut buf = [0; 16];
        assert_eq!(other.peek_sender().await.unwrap(), here);
        assert_eq!(other.peek_from(&mut buf).await.unwrap(), (3, here));
        for n in 0..40u8 {
            assert_eq!(other.recv_from(&mut buf).await.unwrap(), (3, here));
            assert_eq!(buf[..3], [n; 3]);
        }
        assert_eq!(other.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    async fn a_busy_program_hears_its_sockets() {
        let (mut client, mut server) = pair().await;
        let busy = creel::spawn(async {
            loop {
                yield_now().await;
            }
        });
        for _ in 0..50 {
            client.write_all(b"x").await.unwrap();
            let mut buf = [0; 1];
            timeout(LONG, server.read_exact(&mut buf)).await.unwrap().unwrap();
        }
        busy.abort();
    }

    async fn who_was_silent_for_long_is_heard_among_the_busy() {
        // So many that the host is not asked for all of them each time.
        let (told, mut hears) = creel::sync::mpsc::unbounded_channel();
        let mut silent = Vec::new();
        for n in 0..100 {
            let (client, mut server) = pair().await;
            let told = told.clone();
            creel::task::spawn_local(async move {
                while server.read_exact(&mut [0]).await.is_ok() {
                    told.send(n).unwrap();
                }
            });
            silent.push(client);
        }
        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        let echoes = creel::spawn(echo(listener));
        let busy = creel::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            loop {
                stream.write_all(b"x").await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            }
        });
        for round in 0..2 {
            sleep(Duration::from_millis(100)).await;
            for n in (round..100).step_by(9) {
                silent[n].write_all(b"x").await.unwrap();
                assert_eq!(timeout(LONG, hears.recv()).await.unwrap(), Some(n));
            }
            // The second round is without the busy one.
            busy.abort();
        }
        echoes.abort();
    }

    async fn a_thousand_and_ten_thousand_timers_all_come() {
        for count in [1_000, 10_000] {
            let mut naps = JoinSet::new();
            let start = Instant::now();
            for n in 0..count {
                naps.spawn(async move {
                    let nap = Duration::from_millis(1 + n % 10);
                    sleep(nap).await;
                    (nap, start.elapsed())
                });
            }
            while let Some(slept) = naps.join_next().await {
                let (nap, elapsed) = slept.unwrap();
                assert!(elapsed >= nap);
            }
        }
    }

    async fn sixty_four_and_256_connections_lose_no_event() {
        for count in [64, 256] {
            let listener = listener().await;
            let address = listener.local_addr().unwrap();
            let server = creel::spawn(echo(listener));
            let mut clients = JoinSet::new();
            for n in 0..count {
                clients.spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    let message = [n as u8; 64];
                    for _ in 0..20 {
                        stream.write_all(&message).await.unwrap();
                        let mut buf = [0; 64];
                        timeout(LONG, stream.read_exact(&mut buf)).await.unwrap().unwrap();
                        assert_eq!(buf, message);
                    }
                });
            }
            while let Some(client) = clients.join_next().await {
                client.unwrap();
            }
            server.abort();
        }
    }

    async fn a_wait_for_a_datagram_that_is_given_up_loses_none() {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (here, there) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        let mut buf = [0; 16];
        {
            // A wait that is given up when the datagram has come already.
            let mut receive = pin!(other.recv_from(&mut buf));
            assert!(poll_fn(|cx| Poll::Ready(receive.as_mut().poll(cx))).await.is_pending());
            assert_eq!(one.send_to(&[0; 3], there).await.unwrap(), 3);
            sleep(Duration::from_millis(20)).await;
        }
        let received = timeout(LONG, other.recv_from(&mut buf)).await.unwrap();
        assert_eq!(received.unwrap(), (3, here));
    }
}
