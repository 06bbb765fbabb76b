//! Asking the host for names.

use super::address::ip_from_host;
use super::error::of_lookup;
use crate::platform;
use crate::wasm::wasi::preview3::single::Single;
use std::boxed::Box;
use std::net::SocketAddr;
use std::string::String;
use wasip3::sockets::ip_name_lookup::resolve_addresses;

pub(in crate::wasm::wasi::preview3) fn lookup(host: String, port: u16) -> platform::Lookup {
    Box::pin(Single::new(async move {
        let found = resolve_addresses(host).await.map_err(of_lookup)?;
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip_from_host(ip), port)).collect())
    }))
}
