//! The host's side of the sockets of preview 2.

mod address;
mod connection;
mod datagrams;
mod listener;
mod lookup;
mod socket;

pub(crate) use connection::{Connection, connect};
pub(crate) use datagrams::{Datagrams, datagrams};
pub(crate) use listener::{Listener, listen};
pub(crate) use lookup::lookup;
pub(crate) use socket::socket;
