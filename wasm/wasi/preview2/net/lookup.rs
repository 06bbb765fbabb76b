//! Asking the host for names.

use super::address::ip_from_host;
use crate::io::{Interest, Ready};
use crate::platform;
use crate::wasm::wasi::preview2::error::of_socket;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use std::boxed::Box;
use std::io;
use std::net::SocketAddr;
use std::string::String;
use std::vec::Vec;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::{ResolveAddressStream, resolve_addresses};

impl System for ResolveAddressStream {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.subscribe()), write: None }
    }
}

pub(crate) fn lookup(host: String, port: u16) -> platform::Lookup {
    Box::pin(async move {
        let question = resolve_addresses(&instance_network(), &host).map_err(of_socket)?;
        let question = Source::new(question)?.assuming(Ready::READABLE);
        let mut found = Vec::new();
        let next = || question.resolve_next_address().map_err(of_socket);
        while let Some(ip) = question.registration().async_io(Interest::READABLE, next).await? {
            found.push(SocketAddr::new(ip_from_host(ip), port));
        }
        Ok(found)
    })
}
