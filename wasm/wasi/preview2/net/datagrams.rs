//! The host's side of UDP.
//!
//! Preview 2 keeps what comes in and what goes out in two streams, which are made anew whenever the
//! socket is connected to another address. Several datagrams are taken at a time and kept until
//! somebody receives them, or peeks.

use super::address::{family, from_host, to_host};
use crate::lock::Lock;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::Datagram;
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
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
pub(crate) struct Datagrams {
    /// `None` only while they are made anew; they end before the socket does.
    streams: Lock<Option<Streams>>,
    socket: UdpSocket,
}

struct Streams {
    incoming: IncomingDatagramStream,
    outgoing: OutgoingDatagramStream,
    received: VecDeque<IncomingDatagram>,
}

/// Binds a socket.
pub(crate) fn datagrams(address: SocketAddr) -> io::Result<Source<host::Datagrams>> {
    Ok(host::of_datagrams(Source::new(Datagrams::bind(address)?)?))
}

impl Datagrams {
    fn bind(address: SocketAddr) -> io::Result<Self> {
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

    /// Runs `f` on the streams.
    fn with<R>(&self, f: impl FnOnce(&mut Streams) -> io::Result<R>) -> io::Result<R> {
        let lost = || io::Error::new(io::ErrorKind::NotConnected, "connecting the socket failed");
        f(self.streams.lock().as_mut().ok_or_else(lost)?)
    }
}

impl Datagram for Datagrams {
    fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.with(|streams| {
            let copied = streams.copy_front(buf);
            streams.received.pop_front();
            copied
        })
    }

    fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.with(|streams| streams.copy_front(buf))
    }

    fn transmit(&self, buf: &[u8], target: Option<SocketAddr>) -> io::Result<usize> {
        self.with(|streams| streams.send(buf, target))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_address().map(from_host).map_err(of_socket)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.remote_address().map(from_host).map_err(of_socket)
    }

    fn hop_limit(&self) -> io::Result<u8> {
        self.socket.unicast_hop_limit().map_err(of_socket)
    }

    fn set_hop_limit(&self, hops: u8) -> io::Result<()> {
        self.socket.set_unicast_hop_limit(hops).map_err(of_socket)
    }

    fn associate(&self, peer: SocketAddr, swap: &mut dyn FnMut(Pollables)) -> io::Result<()> {
        // Pollables end before the streams, and these before new ones may be made.
        swap(Pollables::default());
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
        swap(self.pollables());
        result
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
