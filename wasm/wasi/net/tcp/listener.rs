use super::super::host::{self, Listener};
#[allow(unused_imports)] // needless where the host's are trait objects
use super::super::system::Listen;
use super::TcpStream;
use crate::io::Interest;
use crate::socket::Direction;
use crate::socket::addr::{ToSocketAddrs, try_each};
use crate::wasm::wasi::reactor::Source;
use core::fmt;
use core::task::{Context, Poll};
use std::io;
use std::net::SocketAddr;

/// A socket that accepts connections.
pub struct TcpListener {
    io: Source<Listener>,
}

impl TcpListener {
    /// Listens on the first of the addresses that can be bound. Port zero stands for one that the
    /// system chooses.
    ///
    /// # Errors
    /// If none can be bound; the last error is returned.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the lookup; nothing stays bound.
    ///
    /// # Panics
    /// Outside a runtime.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        try_each(addr, async |address| host::listen(address).await.map(Self::new)).await
    }

    pub(super) fn new(io: Source<Listener>) -> Self {
        Self { io }
    }

    /// Waits for a connection, and answers it with the address of the other side.
    ///
    /// Several tasks may wait; each connection goes to one of them.
    ///
    /// # Errors
    /// What the host reports.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: what is not accepted yet stays with the host.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || self.io.accept();
        self.io.registration().async_io(Interest::READABLE, accept).await.map(TcpStream::accepted)
    }

    /// Accepts a connection; if there is none, the task of `cx` is woken when there is. The task
    /// of the last call only.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.io
            .registration()
            .poll_io(cx, Direction::Read, || self.io.accept())
            .map_ok(TcpStream::accepted)
    }

    /// Accepts a connection, at once.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; as [`accept`](Self::accept).
    pub fn try_accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || self.io.accept();
        self.io.registration().try_io(Interest::READABLE, accept).map(TcpStream::accepted)
    }

    /// The address that this listens on.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
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
        self.io.set_hop_limit(u8::try_from(ttl).unwrap_or(u8::MAX))
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("addr", &self.local_addr().ok()).finish()
    }
}
