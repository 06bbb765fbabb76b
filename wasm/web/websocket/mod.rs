//! `WebSocket` as a stream of messages and as a stream of bytes, with backpressure.
//!
//! | file | what it is |
//! |---|---|
//! | `streams.rs` | on `WebSocketStream`, whose backpressure goes both ways: where the browser has it |
//! | `events.rs` | on `WebSocket`, which tells by events, whatever comes |

mod events;
mod streams;

use super::error::io_error;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::stream::Stream;
use js_sys::{Array, Uint8Array};
use std::boxed::Box;
use std::fmt;
use std::format;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::string::String;
use std::task::{Context, Poll, ready};
use std::vec::Vec;
use wasm_bindgen::JsValue;

/// The code of a connection that ended without a word.
const BROKE: u16 = 1006;

/// How many bytes may wait to be sent before [`WebSocket`] has its user wait.
const HIGH_WATER: usize = 256 * 1024;

/// One message of a [`WebSocket`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Message {
    /// What JavaScript has received.
    fn received(data: &JsValue) -> Self {
        match data.as_string() {
            Some(text) => Self::Text(text),
            None => Self::Binary(Uint8Array::new(data).to_vec()),
        }
    }
}

/// How a [`WebSocket`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// The code of RFC 6455: 1000 is a normal end, 1006 a connection that broke.
    pub code: u16,
    /// What the other side gave as its reason.
    pub reason: String,
}

/// A connection of the browser's to a server that speaks WebSocket.
///
/// As a [`Stream`] it yields messages; as [`AsyncRead`] and [`AsyncWrite`] it is a stream of bytes,
/// in which a message is as much as was written at once, and a text is its UTF-8. Sending waits
/// while more than 256 KiB wait to be sent. A server that sends faster than messages are taken is slowed
/// down where the browser has `WebSocketStream`, as Chromium does; elsewhere what comes in waits here.
///
/// Dropped, it is closed with what was sent still on its way.
///
/// ```ignore
/// let mut socket = WebSocket::connect("wss://example.org/chat").await?;
/// socket.send(Message::Text("hello".into())).await?;
/// while let Some(message) = socket.next().await {
///     show(message?);
/// }
/// ```
pub struct WebSocket {
    wire: Box<dyn Wire>,
    /// The rest of a message that was read in part.
    rest: Vec<u8>,
    start: usize,
    /// It was told that the connection broke.
    told: bool,
}

/// What the browser offers.
trait Wire {
    fn protocol(&self) -> String;

    /// How many bytes wait to be sent.
    fn unsent(&self) -> usize;

    /// Waits until no more than `limit` bytes wait to be sent.
    ///
    /// # Errors
    /// When the connection is closed or being closed.
    fn poll_below(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Sends a text or bytes.
    fn send(&mut self, message: &JsValue, bytes: usize) -> io::Result<()>;

    /// The next message; `None` when the connection has ended, after [`closed`](Self::closed) knows how.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>>;

    /// Begins to close it, after what was sent: with the usual code, and what comes can be read until the
    /// other side has agreed.
    fn finish(&mut self);

    /// Closes it.
    fn close(&mut self, code: u16, reason: &str) -> io::Result<()>;

    /// Waits until it is closed.
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    fn closed(&self) -> Option<Closed>;
}

/// What to say to who sends on a connection that has ended, or is about to.
fn broken(closed: Option<Closed>) -> io::Error {
    match closed {
        Some(Closed { code, reason }) => io::Error::new(
            ErrorKind::BrokenPipe,
            format!("the WebSocket was closed with code {code} {reason}"),
        ),
        None => io::Error::new(ErrorKind::BrokenPipe, "the WebSocket is being closed"),
    }
}

fn refused(url: &str) -> io::Error {
    io::Error::new(ErrorKind::ConnectionRefused, format!("no WebSocket connection to {url}"))
}

impl WebSocket {
    /// Connects to a URL of the scheme `ws` or `wss`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where there is no `WebSocket` (Node before 22);
    /// [`InvalidInput`](ErrorKind::InvalidInput) for a bad URL;
    /// [`ConnectionRefused`](ErrorKind::ConnectionRefused) if there is no connection: browsers tell
    /// no more.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect(url: &str) -> io::Result<Self> {
        Self::connect_with(url, &[]).await
    }

    /// [`connect`](Self::connect) that offers the server sub-protocols to choose from.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect_with(url: &str, protocols: &[&str]) -> io::Result<Self> {
        let protocols: Array = protocols.iter().map(|name| JsValue::from_str(name)).collect();
        let wire: Box<dyn Wire> = if streams::are_there() {
            Box::new(streams::Streams::connect(url, &protocols).await?)
        } else {
            Box::new(events::Events::connect(url, &protocols).await?)
        };
        Ok(Self { wire, rest: Vec::new(), start: 0, told: false })
    }

    /// The sub-protocol that the server has chosen; empty if none.
    pub fn protocol(&self) -> String {
        self.wire.protocol()
    }

    /// Sends a message, once there is room for it.
    ///
    /// # Errors
    /// [`BrokenPipe`](ErrorKind::BrokenPipe) when the connection is closed.
    ///
    /// # Cancel safety
    /// Either the message was handed over or nothing of it.
    pub async fn send(&mut self, message: Message) -> io::Result<()> {
        poll_fn(|cx| self.wire.poll_below(HIGH_WATER, cx)).await?;
        match &message {
            Message::Text(text) => self.wire.send(&JsValue::from_str(text), text.len()),
            Message::Binary(bytes) => self.send_bytes(bytes),
        }
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.send(&Uint8Array::from(bytes), bytes.len())
    }

    /// How many bytes still wait to be sent.
    pub fn unsent(&self) -> usize {
        self.wire.unsent()
    }

    /// Closes the connection and waits until it is closed, with code 1000.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// Call it again to wait: the connection is being closed, or what was sent still is on its way.
    pub async fn close(&mut self) -> io::Result<Closed> {
        self.close_with(1000, "").await
    }

    /// [`close`](Self::close) with a code (1000, or 3000 to 4999) and a reason.
    ///
    /// # Errors
    /// For another code, or a reason longer than 123 bytes.
    ///
    /// # Cancel safety
    /// As [`close`](Self::close).
    pub async fn close_with(&mut self, code: u16, reason: &str) -> io::Result<Closed> {
        // A connection that has ended meanwhile tells below.
        drop(poll_fn(|cx| self.wire.poll_below(0, cx)).await);
        self.wire.close(code, reason)?;
        // What came before the end is not asked for any more.
        while poll_fn(|cx| self.wire.poll_message(cx)).await.is_some() {}
        self.closed().ok_or_else(|| ErrorKind::ConnectionAborted.into())
    }

    /// How the connection ended, if it has.
    pub fn closed(&self) -> Option<Closed> {
        self.wire.closed()
    }

    /// The next message; at the end `None`, or an error if the connection broke.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Message>>> {
        if let Some(message) = ready!(self.wire.poll_message(cx)) {
            return Poll::Ready(Some(Ok(message)));
        }
        let broke = self.closed().is_some_and(|closed| closed.code == BROKE);
        if !broke || std::mem::replace(&mut self.told, true) {
            return Poll::Ready(None);
        }
        let error = io::Error::new(ErrorKind::ConnectionReset, "the WebSocket broke");
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for WebSocket {
    type Item = io::Result<Message>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
    }
}

impl AsyncRead for WebSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.start == self.rest.len() && buf.remaining() > 0 {
            let message = match ready!(self.poll_message(cx)).transpose()? {
                Some(message) => message,
                None => return Poll::Ready(Ok(())),
            };
            self.start = 0;
            self.rest = match message {
                Message::Text(text) => text.into_bytes(),
                Message::Binary(bytes) => bytes,
            };
        }
        let end = self.rest.len().min(self.start + buf.remaining());
        buf.put_slice(&self.rest[self.start..end]);
        self.start = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WebSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.wire.poll_below(HIGH_WATER, cx))?;
        // One message cannot be sent in part, so a large write becomes several.
        let part = &buf[..buf.len().min(HIGH_WATER)];
        self.send_bytes(part)?;
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_below(0, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The browser sends what waits before it closes. What comes meanwhile can still be read.
        self.wire.finish();
        self.wire.poll_closed(cx).map(Ok)
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("closed", &self.closed()).finish_non_exhaustive()
    }
}
