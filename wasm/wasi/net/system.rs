//! What a host's sockets can do, non-blocking, whichever preview it is of.

use super::host::{Connection, Listener};
use crate::wasm::wasi::reactor::{Pollables, Source};
use core::future::Future;
use core::pin::Pin;
use std::boxed::Box;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};

/// Something that a host is asked for and that takes a while.
pub(crate) type Wait<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + Sync>>;

/// A connection.
pub(crate) trait Stream: Send + Sync {
    fn receive(&self, buf: &mut [u8]) -> io::Result<usize>;
    fn send(&self, buf: &[u8]) -> io::Result<usize>;
    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Copies what comes next, and keeps it to be read.
    fn peek(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// Ends one or both directions.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    fn hop_limit(&self) -> io::Result<u8>;
    fn set_hop_limit(&self, hops: u8) -> io::Result<()>;

    /// Whether everything that was written is with the host; `WouldBlock` until then.
    fn sent(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that accepts connections.
pub(crate) trait Listen: Send + Sync {
    fn accept(&self) -> io::Result<(Source<Connection>, SocketAddr)>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn hop_limit(&self) -> io::Result<u8>;
    fn set_hop_limit(&self, hops: u8) -> io::Result<()>;
}

/// A bound socket for datagrams.
pub(crate) trait Datagram: Send + Sync {
    fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)>;
    fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)>;
    fn transmit(&self, buf: &[u8], target: Option<SocketAddr>) -> io::Result<usize>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    fn hop_limit(&self) -> io::Result<u8>;
    fn set_hop_limit(&self, hops: u8) -> io::Result<()>;

    /// Forgets what came from others, has the socket send to `peer`, and receive from there only; `swap` is
    /// called when what the host was asked for must be gone, and when there is something else to ask for.
    fn associate(&self, peer: SocketAddr, swap: &mut dyn FnMut(Pollables)) -> io::Result<()>;
}

/// A socket for TCP that is neither a listener nor a connection yet.
pub(crate) trait Unbound: Send + Sync {
    fn keep_alive(&self) -> io::Result<bool>;
    fn set_keep_alive(&self, keep_alive: bool) -> io::Result<()>;
    fn send_buffer_size(&self) -> io::Result<u64>;
    fn set_send_buffer_size(&self, size: u64) -> io::Result<()>;
    fn receive_buffer_size(&self) -> io::Result<u64>;
    fn set_receive_buffer_size(&self, size: u64) -> io::Result<()>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn bind(&self, address: SocketAddr) -> io::Result<()>;
    fn connect(self: Box<Self>, address: SocketAddr) -> Wait<Source<Connection>>;
    fn listen(self: Box<Self>, backlog: u64) -> io::Result<Source<Listener>>;
}
