//! What is sent.

use crate::io::{AsyncRead, ReadBuf};
use bytes::Bytes;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use http_body::Frame;
use std::boxed::Box;
use std::io;
use std::string::String;
use std::vec::Vec;

/// The body of a request or response that is sent: nothing, bytes, or a stream.
///
/// # Examples
/// ```
/// use creel::wasm::wasi::http::Body;
/// let bodies = [Body::empty(), "text".into(), vec![1, 2, 3].into(), Body::from_reader(&b"abc"[..])];
/// ```
#[derive(Default)]
pub struct Body(pub(in crate::wasm::wasi) Kind);

#[derive(Default)]
pub(in crate::wasm::wasi) enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    Stream(Pieces),
}

/// A body that comes by and by.
pub(in crate::wasm::wasi) type Pieces =
    Pin<Box<dyn http_body::Body<Data = Bytes, Error = io::Error>>>;

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// What another library calls a body. Its pieces are sent as they come, and its trailers.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(Kind::Stream(Box::pin(Foreign(Box::pin(body)))))
    }

    /// Everything that `reader` reads, until it ends. An error on the way cuts the body short, which
    /// the other side can tell from its end.
    pub fn from_reader(reader: impl AsyncRead + 'static) -> Self {
        Self(Kind::Stream(Box::pin(Reading(Box::pin(reader)))))
    }
}

macro_rules! whole {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Body {
            fn from(bytes: $kind) -> Self {
                Self(Kind::Whole(bytes.into()))
            }
        })*
    };
}

whole!(Bytes, Vec<u8>, String, &'static str, &'static [u8]);

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

/// A body with errors of its own kind.
struct Foreign<B>(Pin<Box<B>>);

impl<B> http_body::Body for Foreign<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.as_mut().poll_frame(cx).map_err(io::Error::other)
    }
}

/// As much as is read at a time.
const PIECE: usize = 16 * 1024;

/// What a reader reads, in pieces.
struct Reading<R>(Pin<Box<R>>);

impl<R: AsyncRead> http_body::Body for Reading<R> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut piece = std::vec![0; PIECE];
        let mut buf = ReadBuf::new(&mut piece);
        ready!(self.0.as_mut().poll_read(cx, &mut buf))?;
        let read = buf.filled().len();
        piece.truncate(read);
        Poll::Ready((read > 0).then(|| Ok(Frame::data(piece.into()))))
    }
}
