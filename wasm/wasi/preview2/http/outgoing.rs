//! A body that goes out.

use super::convert::headers_to_host;
use crate::io::Ready;
use crate::socket::Direction;
use crate::wasm::wasi::http::Body;
use crate::wasm::wasi::http::body::Kind;
use crate::wasm::wasi::preview2::stream;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use bytes::Bytes;
use core::future::poll_fn;
use core::pin::Pin;
use http_body::Body as _;
use std::format;
use std::io;
use wasip2::http::types::{Fields, OutgoingBody};
use wasip2::io::streams::OutputStream;

impl System for OutputStream {
    fn pollables(&self) -> Pollables {
        Pollables { read: None, write: Some(self.subscribe()) }
    }
}

/// Sends `body` by what the host gave out for it.
///
/// Dropping the future, or an error of the body, cuts it short: the host does not take it for whole.
pub(super) async fn send(body: Body, out: OutgoingBody) -> io::Result<()> {
    let trailers = match body.0 {
        Kind::Empty => None,
        Kind::Whole(bytes) => {
            let stream = open(&out)?;
            // Most often there is room for all of it, and nothing to wait for.
            let written = match stream::write(&stream, &bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                written => written?,
            };
            if written < bytes.len() {
                write(&Source::new(stream)?, bytes.slice(written..)).await?;
            }
            None
        }
        Kind::Stream(mut stream) => {
            let source = Source::new(open(&out)?)?.assuming(Ready::WRITABLE);
            let mut trailers = None;
            while let Some(frame) = poll_fn(|cx| Pin::as_mut(&mut stream).poll_frame(cx)).await {
                match frame?.into_data() {
                    Ok(bytes) => write(&source, bytes).await?,
                    Err(frame) => trailers = frame.into_trailers().ok(),
                }
            }
            trailers
        }
    };
    let trailers: Option<Fields> = trailers.as_ref().map(headers_to_host).transpose()?;
    OutgoingBody::finish(out, trailers)
        .map_err(|code| io::Error::other(format!("the host does not take the body: {code}")))
}

/// Whether a body goes out in one piece that needs no task beside the request.
pub(super) fn is_small(body: &Body) -> bool {
    match &body.0 {
        Kind::Empty => true,
        Kind::Whole(bytes) => bytes.len() <= SMALL,
        Kind::Stream(_) => false,
    }
}

/// Hosts have at least this much room in a new body.
const SMALL: usize = 4096;

fn open(out: &OutgoingBody) -> io::Result<OutputStream> {
    out.write().map_err(|()| io::Error::other("the body is written already"))
}

async fn write(source: &Source<OutputStream>, mut bytes: Bytes) -> io::Result<()> {
    while !bytes.is_empty() {
        let write = || stream::write(source, &bytes);
        let n = poll_fn(|cx| source.registration().poll_io(cx, Direction::Write, write)).await?;
        bytes = bytes.slice(n..);
    }
    Ok(())
}
