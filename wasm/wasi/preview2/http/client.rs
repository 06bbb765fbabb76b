//! Requests of the program's own.

use super::convert::{headers_from_host, headers_to_host, method_to_host, scheme_to_host};
use super::error::error_from_host;
use super::incoming::Message;
use super::{Incoming, outgoing};
use crate::io::Interest;
use crate::task::{JoinHandle, spawn_local};
use crate::wasm::wasi::http::Body;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use core::fmt::Display;
use std::format;
use std::io;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{FutureIncomingResponse, IncomingResponse, OutgoingRequest};

impl System for FutureIncomingResponse {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.subscribe()), write: None }
    }
}

/// Sends a request, and waits for the head of its response; the body is read from what it answers.
///
/// A body that is a stream goes out by a task of its own, which ends with the request: also when
/// the response comes first, and its body is dropped.
///
/// # Errors
/// What the host reports, with the kind that a socket would have: `ConnectionRefused`, `TimedOut`,
/// `NotFound` for an unknown name. `InvalidInput` if the host does not take the request.
///
/// # Cancel safety
/// Dropping the future cancels the request; the server may have seen it. So
/// [`timeout`](crate::time::timeout) is all it takes to bound it.
///
/// # Panics
/// Outside a runtime.
pub async fn send<B: Into<Body>>(
    request: http::Request<B>,
) -> io::Result<http::Response<Incoming>> {
    let (parts, body) = request.into_parts();
    let body = body.into();
    let request = OutgoingRequest::new(headers_to_host(&parts.headers)?);
    request
        .set_method(&method_to_host(&parts.method))
        .map_err(|()| refused("method", &parts.method))?;
    let scheme = parts.uri.scheme().map(scheme_to_host);
    request.set_scheme(scheme.as_ref()).map_err(|()| refused("scheme", &parts.uri))?;
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    request.set_authority(authority).map_err(|()| refused("authority", &parts.uri))?;
    let path = parts.uri.path_and_query().map(|path| path.as_str());
    request.set_path_with_query(path).map_err(|()| refused("path", &parts.uri))?;

    let out = request.body().map_err(|()| io::Error::other("a new request has a body"))?;
    let response =
        outgoing_handler::handle(request, None).map_err(|code| error_from_host(&code))?;
    let sending = if outgoing::is_small(&body) {
        outgoing::send(body, out).await?;
        None
    } else {
        Some(Sending(spawn_local(outgoing::send(body, out))))
    };

    let response = Source::new(response)?;
    let get = || match response.get() {
        None => Err(io::ErrorKind::WouldBlock.into()),
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(code))) => Err(error_from_host(&code)),
        Some(Err(())) => Err(io::Error::other("the response was taken already")),
    };
    let head = response.registration().async_io(Interest::READABLE, get).await?;
    answer(head, sending)
}

/// The task that sends the body of a request; it ends when nobody is interested any more.
pub(super) struct Sending(JoinHandle<io::Result<()>>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn answer(
    head: IncomingResponse,
    sending: Option<Sending>,
) -> io::Result<http::Response<Incoming>> {
    let mut answer = http::Response::builder().status(head.status());
    if let Some(headers) = answer.headers_mut() {
        *headers = headers_from_host(&head.headers())?;
    }
    let body = Incoming::new(Message::Response(head)).with(sending);
    answer.body(body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn refused(what: &str, value: &impl Display) -> io::Error {
    let why = format!("the host does not take the {what} of `{value}`");
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
