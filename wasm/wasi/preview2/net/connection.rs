//! The host's side of a connection, and of a socket on its way to become one.

use super::address::{family, from_host, to_host};
use crate::io::{Interest, Ready};
use crate::lock::Lock;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::Stream;
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::preview2::stream;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::vec::Vec;
use wasip2::io::streams::{InputStream, OutputStream};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::ErrorCode;
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

impl System for TcpSocket {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.subscribe()), write: None }
    }
}

pub(super) fn create(address: &SocketAddr) -> io::Result<TcpSocket> {
    create_tcp_socket(family(address)).map_err(of_socket)
}

/// Connects to an address.
pub(crate) async fn connect(address: SocketAddr) -> io::Result<Source<host::Connection>> {
    connect_socket(create(&address)?, address).await
}

/// Connects a socket.
pub(super) async fn connect_socket(
    socket: TcpSocket,
    address: SocketAddr,
) -> io::Result<Source<host::Connection>> {
    socket.start_connect(&instance_network(), to_host(address)).map_err(of_socket)?;
    let (socket, (input, output)) = finish(socket, TcpSocket::finish_connect).await?;
    let connection = Source::new(Connection::new(socket, input, output))?;
    Ok(host::of_connection(connection.assuming(Ready::WRITABLE)))
}

/// Waits until the host is done with what was started on a socket.
pub(super) async fn finish<T>(
    socket: TcpSocket,
    operation: impl Fn(&TcpSocket) -> Result<T, ErrorCode>,
) -> io::Result<(TcpSocket, T)> {
    // Most hosts are done at once.
    let socket = Source::new(socket)?.assuming(Ready::READABLE);
    let attempt = || operation(&socket).map_err(of_socket);
    let done = socket.registration().async_io(Interest::READABLE, attempt).await?;
    Ok((socket.into_inner(), done))
}

/// A connection. What comes in and goes out ends before the socket does, as the component model
/// wants it.
pub(crate) struct Connection {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    /// What was read to be peeked at.
    ahead: Lock<Vec<u8>>,
}

impl Connection {
    pub(super) fn new(socket: TcpSocket, input: InputStream, output: OutputStream) -> Self {
        Self { input, output, socket, ahead: Lock::new(Vec::new()) }
    }
}

impl System for Connection {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.input.subscribe()), write: Some(self.output.subscribe()) }
    }
}

impl Stream for Connection {
    fn receive(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.lock();
        if ahead.is_empty() {
            return stream::read(&self.input, buf);
        }
        let n = ahead.len().min(buf.len());
        buf[..n].copy_from_slice(&ahead[..n]);
        ahead.drain(..n);
        Ok(n)
    }

    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        stream::write(&self.output, buf)
    }

    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        stream::write_vectored(&self.output, bufs)
    }

    fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.lock();
        if ahead.is_empty() {
            let mut read = std::vec![0; buf.len()];
            let n = stream::read(&self.input, &mut read)?;
            read.truncate(n);
            *ahead = read;
        }
        let n = ahead.len().min(buf.len());
        buf[..n].copy_from_slice(&ahead[..n]);
        Ok(n)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let how = match how {
            Shutdown::Read => ShutdownType::Receive,
            Shutdown::Write => ShutdownType::Send,
            Shutdown::Both => ShutdownType::Both,
        };
        self.socket.shutdown(how).map_err(of_socket)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_address().map(from_host).map_err(of_socket)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.remote_address().map(from_host).map_err(of_socket)
    }

    fn hop_limit(&self) -> io::Result<u8> {
        self.socket.hop_limit().map_err(of_socket)
    }

    fn set_hop_limit(&self, hops: u8) -> io::Result<()> {
        self.socket.set_hop_limit(hops).map_err(of_socket)
    }
}
