use super::host::{self, Datagrams};
#[allow(unused_imports)] // needless where the host's are trait objects
use super::system::Datagram;
use crate::io::{Interest, ReadBuf, Ready};
use crate::socket::addr::{ToSocketAddrs, addresses, no_address, try_each};
#[cfg(feature = "bytes")]
use crate::socket::fill_buf;
use crate::socket::{Direction, fill};
use crate::wasm::wasi::reactor::Source;
use core::fmt;
use core::task::{Context, Poll};
use std::io;
use std::net::SocketAddr;

/// A socket for datagrams.
///
/// All operations take `&self`, so that several tasks may use one, for instance behind an `Arc`.
pub struct UdpSocket {
    io: Source<Datagrams>,
}

readiness!(UdpSocket, poll_recv_ready, poll_send_ready);
receiving!(UdpSocket, SocketAddr);
sending!(UdpSocket);
addressed!(UdpSocket);

impl UdpSocket {
    /// Binds a socket to the first of the addresses that can be bound. Port zero stands for one
    /// that the system chooses.
    ///
    /// # Errors
    /// If none can be bound; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; nothing is bound.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        try_each(addr, async |address| Ok(Self { io: host::datagrams(address)? })).await
    }

    fn sender(&self) -> io::Result<SocketAddr> {
        self.io.sender()
    }

    /// How many hops packets may take.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.hop_limit().map(u32::from)
    }

    /// Sets how many hops packets may take.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        let hops = u8::try_from(ttl).unwrap_or(u8::MAX);
        self.io.set_hop_limit(hops)
    }
}

/// What is asked of the host by the names of the methods that ask.
impl Source<Datagrams> {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv_from(buf).map(|(n, _)| n)
    }

    fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.peek_from(buf).map(|(n, _)| n)
    }

    /// Who sent the next datagram.
    fn sender(&self) -> io::Result<SocketAddr> {
        self.peek_from(&mut []).map(|(_, sender)| sender)
    }

    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.transmit(buf, None)
    }

    fn send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.transmit(buf, Some(target))
    }

    fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        self.associate(peer, &mut |pollables| self.registration().replace(pollables))
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("addr", &self.local_addr().ok()).finish()
    }
}
