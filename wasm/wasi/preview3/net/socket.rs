//! The host's side of a socket that is configured first.

use super::address::{from_host, to_host};
use super::connection::{connect_socket, create};
use super::error::of_socket;
use super::listener::Listener;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::{Unbound, Wait};
use crate::wasm::wasi::reactor::Source;
use std::boxed::Box;
use std::io;
use std::net::SocketAddr;
use wasip3::sockets::types::TcpSocket;

/// A socket for addresses like this.
pub(super) fn socket(like: SocketAddr) -> io::Result<Box<dyn Unbound>> {
    Ok(Box::new(create(&like)?))
}

impl Unbound for TcpSocket {
    fn keep_alive(&self) -> io::Result<bool> {
        self.get_keep_alive_enabled().map_err(of_socket)
    }

    fn set_keep_alive(&self, keep_alive: bool) -> io::Result<()> {
        self.set_keep_alive_enabled(keep_alive).map_err(of_socket)
    }

    fn send_buffer_size(&self) -> io::Result<u64> {
        self.get_send_buffer_size().map_err(of_socket)
    }

    fn set_send_buffer_size(&self, size: u64) -> io::Result<()> {
        Self::set_send_buffer_size(self, size).map_err(of_socket)
    }

    fn receive_buffer_size(&self) -> io::Result<u64> {
        self.get_receive_buffer_size().map_err(of_socket)
    }

    fn set_receive_buffer_size(&self, size: u64) -> io::Result<()> {
        Self::set_receive_buffer_size(self, size).map_err(of_socket)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_local_address().map(from_host).map_err(of_socket)
    }

    fn bind(&self, address: SocketAddr) -> io::Result<()> {
        Self::bind(self, to_host(address)).map_err(of_socket)
    }

    fn connect(self: Box<Self>, address: SocketAddr) -> Wait<Source<host::Connection>> {
        Box::pin(connect_socket(*self, address))
    }

    fn listen(self: Box<Self>, backlog: u64) -> io::Result<Source<host::Listener>> {
        self.set_listen_backlog_size(backlog).map_err(of_socket)?;
        Listener::source(*self)
    }
}
