//! A body that comes in.

use super::Unless;
use super::convert::{error_from_host, headers_from_host};
use crate::task::AbortHandle;
use crate::wasm::wasi::http::incoming::reads_body;
use crate::wasm::wasi::preview3::single::Single;
use crate::wasm::wasi::preview3::streams::Reader;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec::Vec;
use wasip3::http::types::{ErrorCode, Trailers};
use wasip3::wit_bindgen::{FutureReader, StreamReader};

/// How a body ended.
type End = Result<Option<Trailers>, ErrorCode>;

/// The body of a request or response that comes in.
///
/// It is read as a body of `http-body`, with trailers, or by
/// [`AsyncReadExt`](crate::io::AsyncReadExt), without. Dropping it
/// tells the host that nobody reads the rest.
pub struct Incoming {
    reader: Reader,
    /// How it ended, once it has.
    end: Option<Single<End>>,
    /// What sends the body of the request that this answers.
    _sending: Unless,
}

impl Incoming {
    pub(super) fn new(stream: StreamReader<u8>, end: FutureReader<End>) -> Self {
        let end = Some(Single::new(async { end.await }));
        Self { reader: Reader::new(stream), end, _sending: Unless(None) }
    }

    /// The task ends with this body.
    pub(super) fn with(self, sending: Option<AbortHandle>) -> Self {
        Self { _sending: Unless(sending), ..self }
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let more = !ready!(self.reader.poll_ready(cx)).is_empty();
        Poll::Ready(Ok(more.then(|| self.reader.take_at_most(limit))))
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<http::HeaderMap>>> {
        let Some(end) = &mut self.end else { return Poll::Ready(Ok(None)) };
        let end = ready!(Pin::new(end).poll(cx));
        self.end = None;
        Poll::Ready(match end {
            Ok(trailers) => trailers.as_ref().map(headers_from_host).transpose(),
            Err(code) => Err(error_from_host(&code)),
        })
    }

    fn is_over(&self) -> bool {
        self.end.is_none()
    }
}

reads_body!(Incoming);
