//! `WebSocket` as a stream of messages and as a stream of bytes, with backpressure.

use super::error::{Unsupported, io_error};
use super::js;
use super::listener::{Inbox, Listener};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::stream::Stream;
use crate::time::{Sleep, sleep};
use js_sys::{Array, Uint8Array};
use std::boxed::Box;
use std::cell::RefCell;
use std::fmt;
use std::format;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::string::String;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec::Vec;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = WebSocket)]
    static WEB_SOCKET: Option<js::Callback>;
    #[wasm_bindgen(js_name = WebSocket)]
    type Socket;
    #[wasm_bindgen(constructor, js_class = WebSocket, catch)]
    fn new(url: &str, protocols: &Array) -> Result<Socket, JsValue>;
    #[wasm_bindgen(method, setter, js_name = binaryType)]
    fn set_binary_type(this: &Socket, kind: &str);
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    fn buffered_amount(this: &Socket) -> f64;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &Socket) -> String;
    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &Socket) -> u32;
    #[wasm_bindgen(method, js_name = send, catch)]
    fn send_text(this: &Socket, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = send, catch)]
    fn send_bytes(this: &Socket, bytes: &Uint8Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &Socket);
    #[wasm_bindgen(method, js_name = close, catch)]
    fn close_with(this: &Socket, code: u16, reason: &str) -> Result<(), JsValue>;

    type CloseEvent;
    #[wasm_bindgen(method, getter)]
    fn code(this: &CloseEvent) -> u16;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &CloseEvent) -> String;
}

const OPEN: u32 = 0;
const MESSAGE: u32 = 1;
const CLOSE: u32 = 2;

/// The code of a connection that ended without a word.
const BROKE: u16 = 1006;

/// `WebSocket.OPEN`.
const IS_OPEN: u32 = 1;

/// How many bytes may wait to be sent before [`WebSocket`] has its user wait.
const HIGH_WATER: f64 = 256.0 * 1024.0;
/// How long to wait before the next look at what still waits to be sent: the browser tells nobody.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(32);

/// One message of a [`WebSocket`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
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
/// while more than 256 KiB wait to be sent. What comes in cannot be slowed down: it waits here
/// until it is taken.
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
    socket: Socket,
    shared: Rc<Shared>,
    /// The rest of a message that was read in part.
    rest: Vec<u8>,
    start: usize,
    look: Option<Pin<Box<Sleep>>>,
    pause: Duration,
    /// It was told that the connection broke.
    told: bool,
    _listener: Listener,
}

struct Shared {
    inbox: Rc<Inbox<Message>>,
    opened: Rc<Inbox<()>>,
    closed: RefCell<Option<Closed>>,
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
        let socket = Self::start(url, protocols)?;
        let opened = socket.shared.opened.clone();
        match poll_fn(|cx| opened.poll(cx)).await {
            Some(()) => Ok(socket),
            None => Err(io::Error::new(
                ErrorKind::ConnectionRefused,
                format!("no WebSocket connection to {url}"),
            )),
        }
    }

    fn start(url: &str, protocols: &[&str]) -> io::Result<Self> {
        if WEB_SOCKET.with(Option::is_none) {
            return Err(Unsupported::new("WebSocket", "Node has it from version 22 on").into());
        }
        let protocols: Array = protocols.iter().map(|name| JsValue::from_str(name)).collect();
        let socket = Socket::new(url, &protocols).map_err(io_error)?;
        socket.set_binary_type("arraybuffer");
        let shared = Rc::new(Shared {
            inbox: Inbox::new(usize::MAX),
            opened: Inbox::new(1),
            closed: RefCell::new(None),
        });
        let into = shared.clone();
        let listener = Listener::new(move |kind, event| into.hear(kind, &event));
        for (name, kind) in [("open", OPEN), ("message", MESSAGE), ("close", CLOSE)] {
            listener.listen(socket.unchecked_ref(), name, kind).map_err(io_error)?;
        }
        Ok(Self {
            socket,
            shared,
            rest: Vec::new(),
            start: 0,
            look: None,
            pause: FIRST_LOOK,
            told: false,
            _listener: listener,
        })
    }

    /// The sub-protocol that the server has chosen; empty if none.
    pub fn protocol(&self) -> String {
        self.socket.protocol()
    }

    /// Sends a message, once there is room for it.
    ///
    /// # Errors
    /// [`BrokenPipe`](ErrorKind::BrokenPipe) when the connection is closed.
    ///
    /// # Cancel safety
    /// Either the message was handed over or nothing of it.
    pub async fn send(&mut self, message: Message) -> io::Result<()> {
        poll_fn(|cx| self.poll_room(cx)).await?;
        match &message {
            Message::Text(text) => self.socket.send_text(text),
            Message::Binary(bytes) => self.socket.send_bytes(&Uint8Array::from(&bytes[..])),
        }
        .map_err(io_error)
    }

    /// How many bytes still wait to be sent.
    pub fn unsent(&self) -> usize {
        self.socket.buffered_amount() as usize
    }

    /// Closes the connection and waits until it is closed, with code 1000.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// The connection is being closed; call it again to wait.
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
        self.socket.close_with(code, reason).map_err(io_error)?;
        // What came before the end is not asked for any more.
        while poll_fn(|cx| self.shared.inbox.poll(cx)).await.is_some() {}
        self.closed().ok_or_else(|| ErrorKind::ConnectionAborted.into())
    }

    /// How the connection ended, if it has.
    pub fn closed(&self) -> Option<Closed> {
        self.shared.closed.borrow().clone()
    }

    /// Waits until less than the high-water mark waits to be sent.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_below(HIGH_WATER, cx)
    }

    /// Waits until at most `limit` bytes wait to be sent.
    fn poll_below(&mut self, limit: f64, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.socket.ready_state() != IS_OPEN {
                return Poll::Ready(Err(self.broken()));
            }
            if self.socket.buffered_amount() <= limit {
                self.look = None;
                self.pause = FIRST_LOOK;
                return Poll::Ready(Ok(()));
            }
            let pause = self.pause;
            let look = self.look.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(look.as_mut().poll(cx));
            self.look = None;
            self.pause = LAST_LOOK.min(pause * 2);
        }
    }

    fn broken(&self) -> io::Error {
        match self.closed() {
            Some(Closed { code, reason }) => io::Error::new(
                ErrorKind::BrokenPipe,
                format!("the WebSocket was closed with code {code} {reason}"),
            ),
            None => io::Error::new(ErrorKind::BrokenPipe, "the WebSocket is being closed"),
        }
    }

    /// The next message; at the end `None`, or an error if the connection broke.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Message>>> {
        if let Some(message) = ready!(self.shared.inbox.poll(cx)) {
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

impl Shared {
    fn hear(&self, kind: u32, event: &JsValue) {
        match kind {
            OPEN => self.opened.push(()),
            MESSAGE => {
                let data = event.unchecked_ref::<js::Event>().data();
                self.inbox.push(match data.as_string() {
                    Some(text) => Message::Text(text),
                    None => Message::Binary(Uint8Array::new(&data).to_vec()),
                });
            }
            _ => {
                let event = event.unchecked_ref::<CloseEvent>();
                let closed = Closed { code: event.code(), reason: event.reason() };
                *self.closed.borrow_mut() = Some(closed);
                self.opened.end();
                self.inbox.end();
            }
        }
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
        ready!(self.poll_room(cx))?;
        // One message cannot be sent in part, so a large write becomes several.
        let part = &buf[..buf.len().min(HIGH_WATER as usize)];
        self.socket.send_bytes(&Uint8Array::from(part)).map_err(io_error)?;
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_below(0.0, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.close();
        // The browser sends what waits before it closes. What comes meanwhile can still be read.
        if self.closed().is_some() {
            return Poll::Ready(Ok(()));
        }
        self.shared.opened.poll(cx).map(|_| Ok(()))
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.socket.close();
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("closed", &self.closed()).finish_non_exhaustive()
    }
}
