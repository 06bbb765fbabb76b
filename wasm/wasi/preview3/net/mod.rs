//! The host's side of the sockets of preview 3.
//!
//! That host is never asked: what was begun ends, and wakes. So each direction of a socket keeps the one
//! operation that is under way, with a waker that sets the socket's slot, and is tried by polling it. To be
//! told of what comes in, something has to be under way: a stream reads on when everything it read was taken.

mod address;
mod connection;
mod datagrams;
mod error;
mod listener;
mod lookup;
mod socket;
mod tell;

pub(super) use lookup::lookup;

use crate::wasm::wasi::net::host::{CONNECTIONS, DATAGRAMS, LISTENERS, Sockets, UNBOUND};

/// Those of preview 3.
pub(super) static SOCKETS: Sockets = Sockets {
    connect: |address| {
        CONNECTIONS.check();
        connection::connect(address)
    },
    listen: |address| {
        LISTENERS.check();
        listener::listen(address)
    },
    datagrams: |address| {
        DATAGRAMS.check();
        datagrams::datagrams(address)
    },
    socket: |like| {
        UNBOUND.check();
        socket::socket(like)
    },
};
