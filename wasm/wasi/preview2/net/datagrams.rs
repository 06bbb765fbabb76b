//! The host's side of UDP.
//!
//! Preview 2 keeps what comes in and what goes out in two streams, which are made anew whenever the
//! socket is connected to another address. Several datagrams are taken at a time and kept until
//! somebody receives them, or peeks.

use super::address::{family, from_host, to_host};
use crate::lock::Lock;
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use core::fmt;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::udp::{
    ErrorCode, IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream,
    UdpSocket,
};
use wasip2::sockets::udp_create_socket::create_udp_socket;

/// How many datagrams are taken at a time.
const BATCH: u64 = 16;

/// A bound socket.
pub(super) struct Datagrams {
    /// `None` only while they are made anew; they end before the socket does.
    streams: Lock<Option<Streams>>,
    socket: UdpSocket,
}

struct Streams {
    incoming: IncomingDatagramStream,
    outgoing: OutgoingDatagramStream,
    received: VecDeque<IncomingDatagram>,
}

impl Datagrams {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = create_udp_socket(family(&address)).map_err(of_socket)?;
        socket.start_bind(&instance_network(), to_host(address)).map_err(of_socket)?;
        loop {
            match socket.finish_bind() {
                Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
                bound => break bound.map_err(of_socket)?,
            }
        }
        let streams = Lock::new(Some(Streams::new(&socket, None)?));
        Ok(Self { streams, socket })
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_address().map(from_host).map_err(of_socket)
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.remote_address().map(from_host).map_err(of_socket)
    }

    /// Runs `f` on the streams.
    fn with<R>(&self, f: impl FnOnce(&mut Streams) -> io::Result<R>) -> io::Result<R> {
        let lost = || io::Error::new(io::ErrorKind::NotConnected, "connecting the socket failed");
        f(self.streams.lock().as_mut().ok_or_else(lost)?)
    }

    pub(super) fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv_from(buf).map(|(n, _)| n)
    }

    pub(super) fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.with(|streams| {
            let copied = streams.copy_front(buf);
            streams.received.pop_front();
            copied
        })
    }

    pub(super) fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.peek_from(buf).map(|(n, _)| n)
    }

    pub(super) fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.with(|streams| streams.copy_front(buf))
    }

    /// Who sent the next datagram.
    pub(super) fn sender(&self) -> io::Result<SocketAddr> {
        self.peek_from(&mut []).map(|(_, sender)| sender)
    }

    pub(super) fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.with(|streams| streams.send(buf, None))
    }

    pub(super) fn send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.with(|streams| streams.send(buf, Some(target)))
    }
}

impl Streams {
    fn new(socket: &UdpSocket, peer: Option<SocketAddr>) -> io::Result<Self> {
        let (incoming, outgoing) = socket.stream(peer.map(to_host)).map_err(of_socket)?;
        Ok(Self { incoming, outgoing, received: VecDeque::new() })
    }

    /// Copies the oldest datagram.
    fn copy_front(&mut self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        if self.received.is_empty() {
            self.received.extend(self.incoming.receive(BATCH).map_err(of_socket)?);
        }
        let front = self.received.front().ok_or(io::ErrorKind::WouldBlock)?;
        let n = front.data.len().min(buf.len());
        buf[..n].copy_from_slice(&front.data[..n]);
        Ok((n, from_host(front.remote_address)))
    }

    fn send(&self, buf: &[u8], target: Option<SocketAddr>) -> io::Result<usize> {
        if self.outgoing.check_send().map_err(of_socket)? == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let datagram = OutgoingDatagram { data: buf.to_vec(), remote_address: target.map(to_host) };
        match self.outgoing.send(&[datagram]).map_err(of_socket)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(buf.len()),
        }
    }
}

impl System for Datagrams {
    fn pollables(&self) -> Pollables {
        self.streams.lock().as_ref().map_or_else(Pollables::default, |streams| Pollables {
            read: Some(streams.incoming.subscribe()),
            write: Some(streams.outgoing.subscribe()),
        })
    }
}

impl Source<Datagrams> {
    /// Has the socket send to `peer`, and receive from there only.
    pub(super) fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        // Pollables end before the streams, and these before new ones may be made.
        self.registration().replace(Pollables::default());
        let mut streams = self.streams.lock();
        let old = streams.take();
        drop(old);
        let connected = Streams::new(&self.socket, Some(peer));
        // Where it was not accepted the socket is connected to nobody.
        let (result, new) = match connected {
            Ok(new) => (Ok(()), Some(new)),
            Err(error) => (Err(error), Streams::new(&self.socket, None).ok()),
        };
        *streams = new;
        drop(streams);
        self.registration().replace(self.pollables());
        result
    }
}

impl fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("addr", &self.local_addr().ok()).finish()
    }
}
