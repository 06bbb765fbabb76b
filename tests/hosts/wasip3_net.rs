//! What preview 3 promises beyond the conformance list and `wasi_net`.

use creel::time::{Duration, sleep, timeout};
pub use creel::wasm::wasi::preview3::net::{TcpListener, TcpStream, UdpSocket};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use wasip3::sockets::types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket};

const LONG: Duration = Duration::from_secs(30);

/// An address whose queue takes one or two, and then answers nobody, for as long as what comes with it lives.
pub fn silent() -> (SocketAddr, impl Sized) {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).unwrap();
    let any = Ipv4SocketAddress { port: 0, address: (127, 0, 0, 1) };
    socket.bind(IpSocketAddress::Ipv4(any)).unwrap();
    socket.set_listen_backlog_size(1).unwrap();
    let incoming = socket.listen().unwrap();
    let Ok(IpSocketAddress::Ipv4(address)) = socket.get_local_address() else {
        panic!("it is bound")
    };
    (([127, 0, 0, 1], address.port).into(), (incoming, socket))
}

cases! { "wasip3_net":
    async fn the_sockets_of_preview_2_are_refused_with_the_reason() {
        let refused = creel::net::TcpListener::bind("127.0.0.1:0").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
        let refused = creel::net::UdpSocket::bind("127.0.0.1:0").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
    }

    async fn datagrams_go_to_whom_they_are_sent() {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (here, there) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        let mut buf = [0; 16];
        {
            // A wait that is given up when the datagram has come already.
            let mut receive = pin!(other.recv_from(&mut buf));
            poll_fn(|cx| Poll::Ready(assert!(receive.as_mut().poll(cx).is_pending()))).await;
            assert_eq!(one.send_to(&[0; 3], there).await.unwrap(), 3);
            sleep(Duration::from_millis(20)).await;
        }
        for n in 1..40u8 {
            assert_eq!(one.send_to(&[n; 3], there).await.unwrap(), 3);
        }
        for n in 0..40u8 {
            let received = timeout(LONG, other.recv_from(&mut buf)).await.unwrap();
            assert_eq!(received.unwrap(), (3, here));
            assert_eq!(buf[..3], [n; 3]);
        }
    }
}
