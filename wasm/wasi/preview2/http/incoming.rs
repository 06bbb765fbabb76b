//! A body that comes in.

use super::client::Sending;
use super::convert::{headers_from_host, method_from_host, uri_from_host, value_from_host};
use super::error::error_from_host;
use crate::io::Ready;
use crate::socket::Direction;
use crate::wasm::wasi::http::incoming::reads_body;
use crate::wasm::wasi::http::unread::reads_head;
use crate::wasm::wasi::preview2::error::of_stream;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec::Vec;
use wasip2::http::types::{FutureTrailers, IncomingBody, IncomingRequest, IncomingResponse};
use wasip2::io::streams::{InputStream, StreamError};

/// The body of a request or response that comes in.
///
/// It is read as a body of `http-body`, with trailers, or by
/// [`AsyncReadExt`](crate::io::AsyncReadExt), without. Dropping it tells the host that nobody reads the rest.
pub struct Incoming {
    state: State,
    /// What the host keeps the body in: it ends after the body.
    message: Message,
    /// What sends the body of the request that this answers: it ends with this.
    _sending: Option<Sending>,
}

/// The parts of a body end before what they were taken from.
enum State {
    /// Nobody has asked for it yet, and often nobody does: what reads it costs the host six calls.
    Untouched,
    Data(Source<InputStream>, IncomingBody),
    Trailers(Source<FutureTrailers>),
    Done,
}

/// What a body is a part of.
pub(super) enum Message {
    Request(IncomingRequest),
    Response(IncomingResponse),
}

impl Message {
    fn body(&self) -> io::Result<IncomingBody> {
        let body = match self {
            Self::Request(request) => request.consume(),
            Self::Response(response) => response.consume(),
        };
        body.map_err(|()| io::Error::other("the body is taken"))
    }
}

impl System for InputStream {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.subscribe()), write: None }
    }
}

impl System for FutureTrailers {
    fn pollables(&self) -> Pollables {
        Pollables { read: Some(self.subscribe()), write: None }
    }
}

impl Incoming {
    pub(super) fn new(message: Message) -> Self {
        Self { state: State::Untouched, message, _sending: None }
    }

    /// The body of one's own request goes out until this body ends.
    pub(super) fn with(self, sending: Option<Sending>) -> Self {
        Self { _sending: sending, ..self }
    }

    /// Has the host give out what is read.
    fn open(&mut self) -> io::Result<()> {
        if let State::Untouched = self.state {
            self.state = State::Done;
            let body = self.message.body()?;
            let stream = body.stream().map_err(|()| io::Error::other("the body is taken"))?;
            self.state = State::Data(Source::new(stream)?.assuming(Ready::READABLE), body);
        }
        Ok(())
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        self.open()?;
        let State::Data(source, _) = &self.state else { return Poll::Ready(Ok(None)) };
        let read = || match source.read(limit as u64) {
            Ok(bytes) if bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            Ok(bytes) => Ok(Some(bytes)),
            Err(StreamError::Closed) => Ok(None),
            Err(error) => Err(of_body(error)),
        };
        let piece = ready!(source.registration().poll_io(cx, Direction::Read, read))?;
        if piece.is_none()
            && let State::Data(source, body) = core::mem::replace(&mut self.state, State::Done)
        {
            drop(source);
            let trailers = Source::new(IncomingBody::finish(body))?.assuming(Ready::READABLE);
            self.state = State::Trailers(trailers);
        }
        Poll::Ready(Ok(piece))
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<http::HeaderMap>>> {
        let State::Trailers(source) = &self.state else { return Poll::Ready(Ok(None)) };
        let get = || match source.get() {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(Ok(Ok(trailers))) => trailers.as_ref().map(headers_from_host).transpose(),
            Some(Ok(Err(code))) => Err(error_from_host(&code)),
            Some(Err(())) => Ok(None),
        };
        let trailers = ready!(source.registration().poll_io(cx, Direction::Read, get));
        self.state = State::Done;
        Poll::Ready(trailers)
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

reads_body!(Incoming);
reads_head!(IncomingRequest: method path_with_query scheme authority headers);

/// The host says more about a failed body than about other streams.
fn of_body(error: StreamError) -> io::Error {
    if let StreamError::LastOperationFailed(error) = &error
        && let Some(code) = wasip2::http::types::http_error_code(error)
    {
        return error_from_host(&code);
    }
    of_stream(error)
}
