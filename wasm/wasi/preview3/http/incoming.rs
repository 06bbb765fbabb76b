//! A body that comes in.

use super::Unless;
use super::convert::{headers_from_host, method_from_host, uri_from_host, value_from_host};
use super::error::error_from_host;
use crate::task::AbortHandle;
use crate::wasm::wasi::http::incoming::reads_body;
use crate::wasm::wasi::http::unread::reads_head;
use crate::wasm::wasi::preview3::single::Single;
use crate::wasm::wasi::preview3::streams::Reader;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec::Vec;
use wasip3::http::types::{ErrorCode, Request, Response, Trailers};

/// How a body ended.
type End = Result<Option<Trailers>, ErrorCode>;

/// The body of a request or response that comes in.
///
/// It is read as a body of `http-body`, with trailers, or by
/// [`AsyncReadExt`](crate::io::AsyncReadExt), without. Dropping it
/// tells the host that nobody reads the rest.
pub struct Incoming {
    state: State,
    /// What sends the body of the request that this answers.
    _sending: Unless,
}

enum State {
    /// Nobody has asked for it yet, and often nobody does: what reads it costs the host a stream and two
    /// futures.
    Untouched(Message),
    Open(Reader, Single<End>),
    /// How it ended was answered.
    Done,
}

/// What a body is a part of.
pub(super) enum Message {
    Request(Request),
    Response(Response),
}

impl Message {
    fn open(self) -> State {
        // Dropping the end that writes says that all went well here.
        let (_done, done) = wasip3::wit_future::new(|| Ok(()));
        let (stream, end) = match self {
            Self::Request(request) => Request::consume_body(request, done),
            Self::Response(response) => Response::consume_body(response, done),
        };
        State::Open(Reader::new(stream), Single::new(async { end.await }))
    }
}

impl Incoming {
    pub(super) fn new(message: Message) -> Self {
        Self { state: State::Untouched(message), _sending: Unless(None) }
    }

    /// The task ends with this body.
    pub(super) fn with(self, sending: Option<AbortHandle>) -> Self {
        Self { _sending: Unless(sending), ..self }
    }

    fn open(&mut self) -> &mut State {
        if let State::Untouched(_) = self.state
            && let State::Untouched(message) = core::mem::replace(&mut self.state, State::Done)
        {
            self.state = message.open();
        }
        &mut self.state
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let State::Open(reader, _) = self.open() else { return Poll::Ready(Ok(None)) };
        let more = !ready!(reader.poll_ready(cx)).is_empty();
        Poll::Ready(Ok(more.then(|| reader.take_at_most(limit))))
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<http::HeaderMap>>> {
        let State::Open(_, end) = self.open() else { return Poll::Ready(Ok(None)) };
        let end = ready!(Pin::new(end).poll(cx));
        self.state = State::Done;
        Poll::Ready(match end {
            Ok(trailers) => trailers.as_ref().map(headers_from_host).transpose(),
            Err(code) => Err(error_from_host(&code)),
        })
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

reads_body!(Incoming);
reads_head!(Request: get_method get_path_with_query get_scheme get_authority get_headers);
