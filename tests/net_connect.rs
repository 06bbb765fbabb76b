//! Connecting to names of which not every address answers.
#![cfg(all(feature = "net", target_os = "linux"))]

use creel::net::{TcpListener, TcpStream};
use creel::runtime::Builder;
use creel::time::timeout;
use socket2::{Domain, Socket, Type};
use std::net::{Ipv6Addr, SocketAddr, TcpStream as StdStream};
use std::time::{Duration, Instant};

/// A listener that answers nobody: its queue is full.
struct Silent {
    address: SocketAddr,
    _listener: Socket,
    _queue: Vec<StdStream>,
}

impl Silent {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = StdStream::connect_timeout(&address, Duration::from_millis(200)) {
            queue.push(stream);
        }
        Self { address, _listener: listener, _queue: queue }
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_silent_address_delays_the_next_by_250_ms_and_is_closed() {
    let silent = Silent::new();
    Builder::new_current_thread().build().unwrap().block_on(async {
        let here = if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok() {
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0))
        } else {
            SocketAddr::from(([127, 0, 0, 2], 0))
        };
        let listener = TcpListener::bind(here).await.unwrap();
        let addresses = [silent.address, listener.local_addr().unwrap()];
        let before = descriptors();
        let start = Instant::now();
        let connect = timeout(Duration::from_secs(60), TcpStream::connect(&addresses[..]));
        let stream = connect.await.expect("it does not wait for the silent one").unwrap();
        assert!(start.elapsed() >= Duration::from_millis(250));
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
        assert_eq!(descriptors(), before + 1, "the loser is closed");
    });
}

#[test]
fn a_refused_address_costs_nothing() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let refused = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [refused, listener.local_addr().unwrap()];
        assert!(TcpStream::connect(&addresses[..]).await.is_ok());
        let error = TcpStream::connect(&[refused, refused][..]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    });
}
