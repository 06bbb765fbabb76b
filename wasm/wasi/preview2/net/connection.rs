//! The host's side of TCP: a socket on its way to become a listener or a connection, and these.

use super::address::{family, from_host, to_host};
use crate::io::{Interest, Ready};
use crate::lock::Lock;
use crate::wasm::wasi::address::BACKLOG;
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::preview2::stream;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use core::fmt;
use std::io::{self, IoSlice, Read, Write};
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

/// Binds a socket.
pub(super) async fn bind(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpSocket> {
    socket.start_bind(&instance_network(), to_host(address)).map_err(of_socket)?;
    finish(socket, TcpSocket::finish_bind).await.map(|(socket, ())| socket)
}

/// Has a bound socket listen.
pub(super) async fn listen(socket: TcpSocket) -> io::Result<TcpSocket> {
    // A wish: a host may have its own idea.
    let _ = socket.set_listen_backlog_size(BACKLOG.into());
    socket.start_listen().map_err(of_socket)?;
    finish(socket, TcpSocket::finish_listen).await.map(|(socket, ())| socket)
}

/// Connects a socket.
pub(super) async fn connect(socket: TcpSocket, address: SocketAddr) -> io::Result<Connection> {
    socket.start_connect(&instance_network(), to_host(address)).map_err(of_socket)?;
    let (socket, (input, output)) = finish(socket, TcpSocket::finish_connect).await?;
    Ok(Connection::new(socket, input, output))
}

/// Waits until the host is done with what was started on a socket.
async fn finish<T>(
    socket: TcpSocket,
    operation: impl Fn(&TcpSocket) -> Result<T, ErrorCode>,
) -> io::Result<(TcpSocket, T)> {
    // Most hosts are done at once.
    let socket = Source::new(socket)?.assuming(Ready::READABLE);
    let attempt = || operation(&socket).map_err(of_socket);
    let done = socket.registration().async_io(Interest::READABLE, attempt).await?;
    Ok((socket.into_inner(), done))
}

/// Accepts a connection of a listening socket.
pub(super) fn accept(socket: &TcpSocket) -> io::Result<(Connection, SocketAddr)> {
    let (socket, input, output) = socket.accept().map_err(of_socket)?;
    let address = from_host(socket.remote_address().map_err(of_socket)?);
    Ok((Connection::new(socket, input, output), address))
}

/// A connection. What comes in and goes out ends before the socket does, as the component model
/// wants it.
pub(super) struct Connection {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    /// What was read to be peeked at.
    ahead: Lock<Vec<u8>>,
}

impl Connection {
    fn new(socket: TcpSocket, input: InputStream, output: OutputStream) -> Self {
        Self { input, output, socket, ahead: Lock::new(Vec::new()) }
    }

    pub(super) fn socket(&self) -> &TcpSocket {
        &self.socket
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_address().map(from_host).map_err(of_socket)
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.remote_address().map(from_host).map_err(of_socket)
    }

    /// Ends one or both directions.
    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let how = match how {
            Shutdown::Read => ShutdownType::Receive,
            Shutdown::Write => ShutdownType::Send,
            Shutdown::Both => ShutdownType::Both,
        };
        self.socket.shutdown(how).map_err(of_socket)
    }

    /// Copies what comes next, and keeps it to be read.
    pub(super) fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
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
}

impl System for Connection {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.input.subscribe()), write: Some(self.output.subscribe()) }
    }
}

impl Read for &Connection {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.lock();
        if ahead.is_empty() {
            return stream::read(&self.input, buf);
        }
        let n = ahead.len().min(buf.len());
        buf[..n].copy_from_slice(&ahead[..n]);
        ahead.drain(..n);
        Ok(n)
    }
}

impl Write for &Connection {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        stream::write(&self.output, buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        stream::write_vectored(&self.output, bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, peer) = (self.local_addr().ok(), self.peer_addr().ok());
        f.debug_struct("TcpStream").field("addr", &local).field("peer", &peer).finish()
    }
}
