//! A body that comes in.

use super::Unless;
use super::convert::{error_from_host, headers_from_host};
use crate::io::{AsyncRead, AsyncReadExt, ReadBuf};
use crate::task::AbortHandle;
use crate::wasm::wasi::preview3::single::Single;
use crate::wasm::wasi::preview3::streams::Reader;
use bytes::Bytes;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use http_body::Frame;
use std::io;
use std::string::String;
use std::vec::Vec;
use wasip3::http::types::{ErrorCode, Trailers};
use wasip3::wit_bindgen::{FutureReader, StreamReader};

/// How a body ended.
type End = Result<Option<Trailers>, ErrorCode>;

/// The body of a request or response that comes in.
///
/// It is read as a body of `http-body`, with trailers, or by [`AsyncReadExt`], without. Dropping it
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

    /// Everything that is left of it.
    ///
    /// # Errors
    /// What the host reports, if the body is cut short.
    ///
    /// # Cancel safety
    /// Dropping the future drops the body.
    pub async fn bytes(mut self) -> io::Result<Bytes> {
        let mut all = Vec::new();
        while !poll_fn(|cx| self.reader.poll_ready(cx).map(<[u8]>::is_empty)).await {
            all.append(&mut self.reader.take_all());
        }
        poll_fn(|cx| self.poll_end(cx)).await?;
        Ok(all.into())
    }

    /// Everything that is left of it, as text.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); `InvalidData` if it is no UTF-8.
    ///
    /// # Cancel safety
    /// Dropping the future drops the body.
    pub async fn text(mut self) -> io::Result<String> {
        let mut text = String::new();
        self.read_to_string(&mut text).await?;
        Ok(text)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<http::HeaderMap>>> {
        let Some(end) = &mut self.end else { return Poll::Ready(Ok(None)) };
        let end = ready!(Pin::new(end).poll(cx));
        self.end = None;
        Poll::Ready(match end {
            Ok(trailers) => trailers.as_ref().map(headers_from_host).transpose(),
            Err(code) => Err(error_from_host(&code)),
        })
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !ready!(self.reader.poll_ready(cx)).is_empty() {
            let piece = self.reader.take_all();
            return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
        }
        let trailers = ready!(self.poll_end(cx)).transpose();
        Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)))
    }
}

impl AsyncRead for Incoming {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ready = ready!(self.reader.poll_ready(cx));
        let count = ready.len().min(buf.remaining());
        buf.put_slice(&ready[..count]);
        self.reader.take(count);
        if count == 0 && buf.remaining() > 0 {
            return self.poll_end(cx).map_ok(drop);
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}
