//! The host's side of a listener.

use super::address::{from_host, to_host};
use super::connection::{Connection, create, finish};
use crate::io::Ready;
use crate::wasm::wasi::address::BACKLOG;
use crate::wasm::wasi::net::host;
use crate::wasm::wasi::net::system::Listen;
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use std::io;
use std::net::SocketAddr;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::tcp::TcpSocket;

/// A socket that listens.
pub(crate) struct Listener(pub(super) TcpSocket);

impl System for Listener {
    fn pollables(&self) -> Pollables {
        self.0.pollables()
    }
}

/// Listens on an address.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<Source<host::Listener>> {
    let socket = create(&address)?;
    socket.start_bind(&instance_network(), to_host(address)).map_err(of_socket)?;
    let (socket, ()) = finish(socket, TcpSocket::finish_bind).await?;
    // A wish: a host may have its own idea.
    let _ = socket.set_listen_backlog_size(BACKLOG.into());
    socket.start_listen().map_err(of_socket)?;
    let (socket, ()) = finish(socket, TcpSocket::finish_listen).await?;
    Ok(host::of_listener(Source::new(Listener(socket))?))
}

impl Listen for Listener {
    fn accept(&self) -> io::Result<(Source<host::Connection>, SocketAddr)> {
        let (socket, input, output) = self.0.accept().map_err(of_socket)?;
        let address = from_host(socket.remote_address().map_err(of_socket)?);
        let connection = Source::new(Connection::new(socket, input, output))?;
        // Whoever connects often has written already.
        let connection = connection.assuming(Ready::READABLE | Ready::WRITABLE);
        Ok((host::of_connection(connection), address))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_address().map(from_host).map_err(of_socket)
    }

    fn hop_limit(&self) -> io::Result<u8> {
        self.0.hop_limit().map_err(of_socket)
    }

    fn set_hop_limit(&self, hops: u8) -> io::Result<()> {
        self.0.set_hop_limit(hops).map_err(of_socket)
    }
}
