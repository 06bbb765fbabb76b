//! The host's side of UDP.

use super::address::{family, from_host, to_host};
use super::error::of_socket;
use super::tell::tell;
use crate::io::Ready;
use crate::lock::Lock;
use crate::socket::slot::Slot;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::Datagram;
use crate::wasm::wasi::preview3::single::Single;
use crate::wasm::wasi::reactor::{Pollables, Source};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::vec::Vec;
use wasip3::sockets::types::{ErrorCode, IpSocketAddress, UdpSocket};

/// A bound socket.
struct Datagrams {
    receiving: Lock<Receiving>,
    /// A datagram that the host has not sent yet.
    sending: Lock<Option<Single<Result<(), ErrorCode>>>>,
    socket: Arc<UdpSocket>,
    readable: Waker,
    writable: Waker,
}

/// What comes next.
#[derive(Default)]
struct Receiving {
    front: Option<(Vec<u8>, SocketAddr)>,
    /// A wait that outlives the future which began it, so that no datagram is lost.
    under_way: Option<Single<Received>>,
}

type Received = Result<(Vec<u8>, IpSocketAddress), ErrorCode>;

/// Binds a socket.
pub(super) fn datagrams(address: SocketAddr) -> io::Result<Source<host::Datagrams>> {
    let socket = UdpSocket::create(family(&address)).map_err(of_socket)?;
    socket.bind(to_host(address)).map_err(of_socket)?;
    let slot = Arc::new(Slot::new());
    let datagrams = Datagrams {
        receiving: Lock::default(),
        sending: Lock::new(None),
        socket: Arc::new(socket),
        readable: tell(&slot, Ready::READABLE),
        writable: tell(&slot, Ready::WRITABLE),
    };
    // Until it was tried nothing is under way that would tell.
    slot.assume(Ready::READABLE | Ready::WRITABLE);
    Ok(host::of_datagrams(Source::told(datagrams, slot)))
}

impl Datagrams {
    /// Copies the oldest datagram.
    fn copy_front(
        &self,
        receiving: &mut Receiving,
        buf: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        if receiving.front.is_none() {
            let under_way = receiving.under_way.get_or_insert_with(|| {
                let socket = Arc::clone(&self.socket);
                Single::new(async move { socket.receive().await })
            });
            let polled = Pin::new(under_way).poll(&mut Context::from_waker(&self.readable));
            let Poll::Ready(received) = polled else { return Err(ErrorKind::WouldBlock.into()) };
            receiving.under_way = None;
            let (data, sender) = received.map_err(of_socket)?;
            receiving.front = Some((data, from_host(sender)));
        }
        let (data, sender) = receiving.front.as_ref().ok_or(ErrorKind::WouldBlock)?;
        let n = data.len().min(buf.len());
        buf[..n].copy_from_slice(&data[..n]);
        Ok((n, *sender))
    }
}

impl Datagram for Datagrams {
    fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let mut receiving = self.receiving.lock();
        let copied = self.copy_front(&mut receiving, buf);
        receiving.front = None;
        copied
    }

    fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.copy_front(&mut self.receiving.lock(), buf)
    }

    fn transmit(&self, buf: &[u8], target: Option<SocketAddr>) -> io::Result<usize> {
        let mut sending = self.sending.lock();
        let mut cx = Context::from_waker(&self.writable);
        if let Some(before) = &mut *sending {
            let Poll::Ready(sent) = Pin::new(before).poll(&mut cx) else {
                return Err(ErrorKind::WouldBlock.into());
            };
            *sending = None;
            sent.map_err(of_socket)?;
        }
        let (socket, data) = (Arc::clone(&self.socket), buf.to_vec());
        let mut now = Single::new(async move { socket.send(data, target.map(to_host)).await });
        match Pin::new(&mut now).poll(&mut cx) {
            Poll::Ready(sent) => sent.map_err(of_socket)?,
            // The host has it, and sends it when it can.
            Poll::Pending => *sending = Some(now),
        }
        Ok(buf.len())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_local_address().map(from_host).map_err(of_socket)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_remote_address().map(from_host).map_err(of_socket)
    }

    fn hop_limit(&self) -> io::Result<u8> {
        self.socket.get_unicast_hop_limit().map_err(of_socket)
    }

    fn set_hop_limit(&self, hops: u8) -> io::Result<()> {
        self.socket.set_unicast_hop_limit(hops).map_err(of_socket)
    }

    fn associate(&self, peer: SocketAddr, _: &mut dyn FnMut(Pollables)) -> io::Result<()> {
        let before = core::mem::take(&mut *self.receiving.lock());
        drop(before);
        let associated = self.socket.connect(to_host(peer)).map_err(of_socket);
        // Whoever waits has begun nothing that still is under way.
        self.readable.wake_by_ref();
        associated
    }
}
