//! Addresses, there and back.

use std::net::SocketAddr;
use wasip3::sockets::types::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

crate::wasm::wasi::address::addresses!();
