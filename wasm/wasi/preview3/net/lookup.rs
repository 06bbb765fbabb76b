//! Asking the host for names.

use super::address::ip_from_host;
use crate::platform;
use crate::wasm::wasi::preview3::single::Single;
use std::boxed::Box;
use std::format;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::string::String;
use wasip3::sockets::ip_name_lookup::{ErrorCode, resolve_addresses};

pub(in crate::wasm::wasi::preview3) fn lookup(host: String, port: u16) -> platform::Lookup {
    Box::pin(Single::new(async move {
        let found = resolve_addresses(host).await.map_err(of_lookup)?;
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip_from_host(ip), port)).collect())
    }))
}

/// The error of a lookup.
fn of_lookup(code: ErrorCode) -> io::Error {
    let kind = match &code {
        ErrorCode::AccessDenied => ErrorKind::PermissionDenied,
        ErrorCode::InvalidArgument => ErrorKind::InvalidInput,
        ErrorCode::NameUnresolvable => ErrorKind::NotFound,
        ErrorCode::TemporaryResolverFailure => ErrorKind::ResourceBusy,
        ErrorCode::PermanentResolverFailure | ErrorCode::Other(_) => ErrorKind::Other,
    };
    io::Error::new(kind, format!("the host says: {code}"))
}
