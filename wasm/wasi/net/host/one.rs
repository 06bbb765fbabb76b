//! The sockets of preview 2, where there are no others.

use super::system::Unbound;
use crate::wasm::wasi::preview2::net as preview2;
use crate::wasm::wasi::reactor::Source;
use std::boxed::Box;
use std::io;
use std::net::SocketAddr;

pub(crate) use preview2::{Connection, Datagrams, Listener, connect, datagrams, listen};

/// A socket for TCP, for addresses like this.
pub(super) fn socket(like: SocketAddr) -> io::Result<Box<dyn Unbound>> {
    preview2::socket(like)
}

/// As the sockets of this host.
pub(crate) fn of_connection(source: Source<Connection>) -> Source<Connection> {
    source
}

/// As above.
pub(crate) fn of_listener(source: Source<Listener>) -> Source<Listener> {
    source
}

/// As above.
pub(crate) fn of_datagrams(source: Source<Datagrams>) -> Source<Datagrams> {
    source
}
