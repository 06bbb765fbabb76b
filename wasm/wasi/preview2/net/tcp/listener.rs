use super::super::address::from_host;
use super::super::connection;
use super::TcpStream;
use crate::io::Interest;
use crate::socket::Direction;
use crate::socket::addr::{ToSocketAddrs, try_each};
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::reactor::Source;
use core::fmt;
use core::task::{Context, Poll};
use std::io;
use std::net::SocketAddr;
use wasip2::sockets::tcp::TcpSocket;

/// A socket that accepts connections.
pub struct TcpListener {
    io: Source<TcpSocket>,
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
        try_each(addr, async |address| {
            let socket = connection::bind(connection::create(&address)?, address).await?;
            Self::new(connection::listen(socket).await?)
        })
        .await
    }

    pub(super) fn new(socket: TcpSocket) -> io::Result<Self> {
        Ok(Self { io: Source::new(socket)? })
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
        let accept = || connection::accept(&self.io);
        let accepted = self.io.registration().async_io(Interest::READABLE, accept).await?;
        TcpStream::accepted(accepted)
    }

    /// Accepts a connection; if there is none, the task of `cx` is woken when there is. The task
    /// of the last call only.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.io
            .registration()
            .poll_io(cx, Direction::Read, || connection::accept(&self.io))
            .map(|accepted| TcpStream::accepted(accepted?))
    }

    /// Accepts a connection, at once.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; as [`accept`](Self::accept).
    pub fn try_accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || connection::accept(&self.io);
        TcpStream::accepted(self.io.registration().try_io(Interest::READABLE, accept)?)
    }

    /// The address that this listens on.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_address().map(from_host).map_err(of_socket)
    }

    /// How many hops packets may take.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.hop_limit().map(u32::from).map_err(of_socket)
    }

    /// Sets how many hops packets may take.
    ///
    /// # Errors
    /// If the host refuses it.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.set_hop_limit(u8::try_from(ttl).unwrap_or(u8::MAX)).map_err(of_socket)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("addr", &self.local_addr().ok()).finish()
    }
}
