//! Addresses, there and back.

use std::net::SocketAddr;
use wasip2::sockets::network::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

crate::wasm::wasi::address::addresses!();
