//! What the sockets of previews 2 and 3 both promise, on loopback: `sockets` are those of the harness.

use crate::sockets::{TcpListener, TcpStream, UdpSocket, silent};
use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::time::{Duration, sleep, timeout};
use std::io::ErrorKind;

const LONG: Duration = Duration::from_secs(30);

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the host lends its network");
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (client, server) = creel::join!(connect, listener.accept());
    (client.unwrap(), server.unwrap().0)
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

    async fn addresses_that_fail_have_their_kinds() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let again = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AddrInUse, "{again}");
        drop(taken);
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
        let elsewhere = TcpListener::bind("192.0.2.1:0").await.unwrap_err();
        assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable, "{elsewhere}");
        let unknown = TcpStream::connect("no-such-name.invalid:80").await.unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
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
}
