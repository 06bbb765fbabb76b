//! Datagrams, many a call.
#![cfg(all(feature = "net", not(target_family = "wasm")))]

use creel::net::UdpSocket;
use creel::net::udp::{Incoming, Outgoing};
use creel::runtime::Builder;
use creel::time::timeout;
use std::collections::BTreeSet;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn run(test: impl Future<Output = ()>) {
    let limited = async { timeout(Duration::from_secs(60), test).await.expect("it ends") };
    Builder::new_current_thread().build().unwrap().block_on(limited);
}

async fn bound() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

async fn send_all(socket: &UdpSocket, batch: &[Outgoing<'_>]) {
    let mut sent = 0;
    while sent < batch.len() {
        sent += socket.send_batch(&batch[sent..]).await.unwrap();
    }
}

#[test]
fn a_batch_goes_to_several_and_comes_with_its_senders() {
    run(async {
        let (sender, one, other) = (bound().await, bound().await, bound().await);
        let payloads: Vec<String> = (0..100).map(|i| format!("datagram {i}")).collect();
        let targets = [one.local_addr().unwrap(), other.local_addr().unwrap()];
        let batch: Vec<_> = (payloads.iter().enumerate())
            .map(|(i, payload)| Outgoing::new(payload.as_bytes()).to(targets[i % 2]))
            .collect();
        send_all(&sender, &batch).await;
        for (parity, receiver) in [one, other].iter().enumerate() {
            let mut found = BTreeSet::new();
            while found.len() < 50 {
                let mut rooms = [[0; 64]; 40];
                let mut incoming: Vec<_> = rooms.iter_mut().map(|r| Incoming::new(r)).collect();
                // Given up once: nothing may be lost.
                let never = &mut Context::from_waker(Waker::noop());
                let first = pin!(receiver.recv_batch(&mut incoming)).poll(never);
                let n = match first {
                    Poll::Ready(n) => n,
                    Poll::Pending => receiver.recv_batch(&mut incoming).await,
                };
                let n = n.unwrap();
                for datagram in &incoming[..n] {
                    assert_eq!(datagram.from(), sender.local_addr().ok());
                    assert!(!datagram.is_truncated());
                    found.insert(String::from_utf8(datagram.payload().to_vec()).unwrap());
                }
                assert!(incoming[n..].iter().all(|rest| rest.from().is_none()));
            }
            let expected: BTreeSet<_> = payloads.iter().skip(parity).step_by(2).cloned().collect();
            assert_eq!(found, expected);
            let nothing = receiver.try_recv_batch(&mut [Incoming::new(&mut [0; 8])]);
            assert_eq!(nothing.unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    });
}

#[test]
fn a_connected_socket_needs_no_address() {
    run(async {
        let (one, other) = (bound().await, bound().await);
        one.connect(other.local_addr().unwrap()).await.unwrap();
        send_all(&one, &[Outgoing::new(b"a"), Outgoing::new(b""), Outgoing::new(b"long")]).await;
        let (mut first, mut second, mut third) = ([0; 8], [0; 8], [0; 2]);
        let mut received = 0;
        let mut rooms =
            [Incoming::new(&mut first), Incoming::new(&mut second), Incoming::new(&mut third)];
        while received < 3 {
            received += other.recv_batch(&mut rooms[received..]).await.unwrap();
        }
        assert_eq!(rooms[0].payload(), b"a");
        assert_eq!((rooms[1].payload(), rooms[1].segments().count()), (&b""[..], 0));
        assert_eq!(rooms[2].payload(), b"lo");
        assert_eq!(rooms[2].is_truncated(), cfg!(any(target_os = "linux", windows)));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_payload_is_cut_and_put_together_again() {
    run(async {
        let (sender, receiver) = (bound().await, bound().await);
        let payload: Vec<u8> = (0..10_500_u32).map(|i| (i / 1000) as u8).collect();
        let cut = Outgoing::new(&payload).to(receiver.local_addr().unwrap()).in_segments_of(1000);

        // Apart.
        send_all(&sender, &[cut]).await;
        let mut room = [0; 2000];
        for index in 0..11 {
            let expected = if index == 10 { 500 } else { 1000 };
            assert_eq!(receiver.recv(&mut room).await.unwrap(), expected);
            assert!(room[..expected].iter().all(|byte| *byte == index));
        }

        // Together.
        receiver.set_gro(true).unwrap();
        send_all(&sender, &[cut]).await;
        let mut room = vec![0; 65536];
        let (mut seen, mut trips) = (Vec::new(), 0);
        while seen.len() < payload.len() {
            let mut incoming = [Incoming::new(&mut room)];
            assert_eq!(receiver.recv_batch(&mut incoming).await.unwrap(), 1);
            assert!(incoming[0].segments().all(|segment| segment.len() <= 1000));
            seen.extend_from_slice(incoming[0].payload());
            trips += 1;
        }
        assert_eq!(seen, payload);
        assert_eq!(trips, 1, "the kernel never took it apart on its way through the host");
    });
}
