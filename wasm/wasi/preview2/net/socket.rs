//! The host's side of a socket that is configured first.

use super::address::{from_host, to_host};
use super::connection::{connect_socket, create};
use super::listener::Listener;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::{Unbound, Wait};
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::reactor::Source;
use std::boxed::Box;
use std::io;
use std::net::SocketAddr;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::ErrorCode;
use wasip2::sockets::tcp::TcpSocket;

/// A socket for addresses like this.
pub(crate) fn socket(like: SocketAddr) -> io::Result<Box<dyn Unbound>> {
    Ok(Box::new(create(&like)?))
}

impl Unbound for TcpSocket {
    fn keep_alive(&self) -> io::Result<bool> {
        self.keep_alive_enabled().map_err(of_socket)
    }

    fn set_keep_alive(&self, keep_alive: bool) -> io::Result<()> {
        self.set_keep_alive_enabled(keep_alive).map_err(of_socket)
    }

    fn send_buffer_size(&self) -> io::Result<u64> {
        Self::send_buffer_size(self).map_err(of_socket)
    }

    fn set_send_buffer_size(&self, size: u64) -> io::Result<()> {
        Self::set_send_buffer_size(self, size).map_err(of_socket)
    }

    fn receive_buffer_size(&self) -> io::Result<u64> {
        Self::receive_buffer_size(self).map_err(of_socket)
    }

    fn set_receive_buffer_size(&self, size: u64) -> io::Result<()> {
        Self::set_receive_buffer_size(self, size).map_err(of_socket)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_address().map(from_host).map_err(of_socket)
    }

    fn bind(&self, address: SocketAddr) -> io::Result<()> {
        self.start_bind(&instance_network(), to_host(address)).map_err(of_socket)?;
        at_once(self, Self::finish_bind)
    }

    fn connect(self: Box<Self>, address: SocketAddr) -> Wait<Source<host::Connection>> {
        Box::pin(connect_socket(*self, address))
    }

    fn listen(self: Box<Self>, backlog: u64) -> io::Result<Source<host::Listener>> {
        self.set_listen_backlog_size(backlog).map_err(of_socket)?;
        self.start_listen().map_err(of_socket)?;
        at_once(&self, Self::finish_listen)?;
        Ok(host::of_listener(Source::new(Listener(*self))?))
    }
}

/// What does not go through the network is done when the host returns, or a moment later.
fn at_once<T>(
    socket: &TcpSocket,
    finish: impl Fn(&TcpSocket) -> Result<T, ErrorCode>,
) -> io::Result<T> {
    loop {
        match finish(socket) {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            done => return done.map_err(of_socket),
        }
    }
}
