//! A body that comes in.

use super::convert::{error_from_host, headers_from_host};
use crate::io::{AsyncRead, AsyncReadExt, ReadBuf, Ready};
use crate::socket::Direction;
use crate::wasm::wasi::preview2::error::of_stream;
use crate::wasm::wasi::reactor::{Pollables, Source, System};
use bytes::Bytes;
use core::any::Any;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use http_body::Frame;
use std::boxed::Box;
use std::io;
use std::string::String;
use std::vec::Vec;
use wasip2::http::types::{FutureTrailers, IncomingBody};
use wasip2::io::streams::{InputStream, StreamError};

/// As much as is read at a time.
const LIMIT: u64 = 64 * 1024;

/// The body of a request or response that comes in.
///
/// It is read as a body of `http-body`, with trailers, or by
/// [`AsyncReadExt`], without. Dropping it tells the host that nobody reads the rest.
pub struct Incoming {
    state: State,
    /// What the host keeps the body in, and what sends the body of the request that this answers:
    /// both end with it.
    _parents: Box<dyn Any>,
}

/// The parts of a body end before what they were taken from.
enum State {
    Data(Source<InputStream>, IncomingBody),
    Trailers(Source<FutureTrailers>),
    Done,
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
    /// The body, kept in `parents`.
    pub(super) fn new(body: IncomingBody, parents: impl Any) -> io::Result<Self> {
        let stream = body.stream().map_err(|()| io::Error::other("the body is taken"))?;
        let source = Source::new(stream)?.assuming(Ready::READABLE);
        Ok(Self { state: State::Data(source, body), _parents: Box::new(parents) })
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
        while let Some(piece) = core::future::poll_fn(|cx| self.poll_piece(cx)).await? {
            if all.is_empty() {
                all = piece;
            } else {
                all.extend_from_slice(&piece);
            }
        }
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

    /// The next bytes; `None` behind the last.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        self.poll_at_most(cx, LIMIT)
    }

    fn poll_at_most(
        &mut self,
        cx: &mut Context<'_>,
        limit: u64,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let State::Data(source, _) = &self.state else { return Poll::Ready(Ok(None)) };
        let read = || match source.read(limit) {
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
}

/// The host says more about a failed body than about other streams.
fn of_body(error: StreamError) -> io::Error {
    if let StreamError::LastOperationFailed(error) = &error
        && let Some(code) = wasip2::http::types::http_error_code(error)
    {
        return error_from_host(&code);
    }
    of_stream(error)
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match ready!(self.poll_piece(cx)) {
            Ok(Some(piece)) => Poll::Ready(Some(Ok(Frame::data(piece.into())))),
            Ok(None) => {
                let trailers = ready!(self.poll_trailers(cx)).transpose();
                Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)))
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl AsyncRead for Incoming {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let limit = LIMIT.min(buf.remaining() as u64);
        if let Some(piece) = ready!(self.poll_at_most(cx, limit))? {
            buf.put_slice(&piece);
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}
