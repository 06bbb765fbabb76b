//! `WebTransport`: streams and datagrams over one connection of HTTP/3.

use super::byte_stream::{ByteReader, ByteWriter};
use super::error::{Unsupported, io_error};
use super::iter::JsStream;
use super::js;
use super::listener::Listener;
use super::promise::JsFuture;
use super::spawn_local;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::stream::{Stream, StreamExt};
use crate::sync::{CancellationToken, Mutex};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use std::cell::RefCell;
use std::fmt;
use std::format;
use std::future::Future;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::string::String;
use std::task::{Context, Poll, ready};
use std::vec::Vec;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = WebTransport)]
    static WEB_TRANSPORT: Option<js::Callback>;
    #[wasm_bindgen(js_name = WebTransport)]
    type Session;
    #[wasm_bindgen(constructor, js_class = WebTransport, catch)]
    fn new(url: &str, options: &Object) -> Result<Session, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn ready(this: &Session) -> Promise;
    #[wasm_bindgen(method, getter)]
    fn closed(this: &Session) -> js::Pending;
    #[wasm_bindgen(method, getter)]
    fn close(this: &Session) -> Function;
    #[wasm_bindgen(method, js_name = createBidirectionalStream)]
    fn create_bi(this: &Session) -> Promise;
    #[wasm_bindgen(method, js_name = createUnidirectionalStream)]
    fn create_uni(this: &Session) -> Promise;
    #[wasm_bindgen(method, getter, js_name = incomingBidirectionalStreams)]
    fn incoming_bi(this: &Session) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = incomingUnidirectionalStreams)]
    fn incoming_uni(this: &Session) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn datagrams(this: &Session) -> Datagrams;

    #[derive(Clone)]
    type Datagrams;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Datagrams) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &Datagrams) -> JsValue;
    /// What came after `writable` in the standard.
    #[wasm_bindgen(method, js_name = createWritable, catch)]
    fn create_writable(this: &Datagrams) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, js_name = maxDatagramSize)]
    fn max_size(this: &Datagrams) -> f64;

    type Both;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Both) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &Both) -> JsValue;

    type CloseInfo;
    #[wasm_bindgen(method, getter, js_name = closeCode)]
    fn code(this: &CloseInfo) -> Option<u32>;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &CloseInfo) -> Option<String>;
}

const CLOSED: u32 = 0;
const BROKEN: u32 = 1;

/// A session of the browser's with a server that speaks WebTransport.
///
/// It carries any number of streams, each of which is an [`AsyncRead`], an [`AsyncWrite`] or both and
/// waits for its own bytes alone, and datagrams, which may be lost. Dropped, it is closed.
///
/// ```ignore
/// let session = WebTransport::connect("https://example.org:4433/game").await?;
/// let mut stream = session.open_bi().await?;
/// stream.write_all(b"hello").await?;
/// let (mut out, mut moves) = session.datagrams()?;
/// out.send(&position).await?;
/// while let Some(datagram) = moves.next().await {
///     apply(&datagram?);
/// }
/// ```
pub struct WebTransport {
    session: Session,
    end: Rc<End>,
    incoming_bi: Mutex<Option<JsStream>>,
    incoming_uni: Mutex<Option<JsStream>>,
    _listener: Listener,
}

struct End {
    how: RefCell<Option<Result<TransportClosed, JsValue>>>,
    told: CancellationToken,
}

/// How a [`WebTransport`] was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportClosed {
    /// What the side that closed it gave; 0 unless it did.
    pub code: u32,
    /// The same in words.
    pub reason: String,
}

/// How a [`WebTransport`] is to be connected.
#[derive(Clone, Debug, Default)]
pub struct TransportOptions {
    /// The SHA-256 of certificates that are taken although nobody vouches for them. Browsers want such a
    /// certificate to be of the kind ECDSA P-256 and valid for two weeks at most.
    pub certificate_hashes: Vec<[u8; 32]>,
}

impl WebTransport {
    /// Connects to a URL of the scheme `https`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where there is no `WebTransport`: in Node, and outside of
    /// secure contexts; [`InvalidInput`](ErrorKind::InvalidInput) for a bad URL;
    /// [`ConnectionRefused`](ErrorKind::ConnectionRefused) if there is no session.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect(url: &str) -> io::Result<Self> {
        Self::connect_with(url, &TransportOptions::default()).await
    }

    /// [`connect`](Self::connect) with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect_with(url: &str, options: &TransportOptions) -> io::Result<Self> {
        if WEB_TRANSPORT.with(Option::is_none) {
            let remedy = "browsers have it in secure contexts; use a WebSocket";
            return Err(Unsupported::new("WebTransport", remedy).into());
        }
        let hashes: Array = options.certificate_hashes.iter().map(hash).collect();
        let own = Object::new();
        if hashes.length() > 0 {
            set(&own, "serverCertificateHashes", &hashes);
        }
        let session = Session::new(url, &own).map_err(io_error)?;
        let end = Rc::new(End { how: RefCell::new(None), told: CancellationToken::new() });
        let hears = end.clone();
        let listener = Listener::new(move |kind, how| hears.hear(kind, how));
        session.closed().then(&listener.callback(CLOSED), &listener.callback(BROKEN));
        let ready = JsFuture::from(session.ready());
        // From here on dropping it closes it.
        let made = Self {
            session,
            end,
            incoming_bi: Mutex::new(None),
            incoming_uni: Mutex::new(None),
            _listener: listener,
        };
        match ready.await {
            Ok(_) => Ok(made),
            Err(thrown) => {
                let why = format!("no session of WebTransport with {url}: {}", io_error(thrown));
                Err(io::Error::new(ErrorKind::ConnectionRefused, why))
            }
        }
    }

    /// Opens a stream both ways, as soon as the server permits another.
    ///
    /// # Errors
    /// When the session has ended.
    ///
    /// # Cancel safety
    /// A stream that is opened after that is reset at once.
    pub async fn open_bi(&self) -> io::Result<TransportStream> {
        Opening::new(self.session.create_bi(), TransportStream::new).await
    }

    /// Opens a stream to the server.
    ///
    /// # Errors
    /// When the session has ended.
    ///
    /// # Cancel safety
    /// As [`open_bi`](Self::open_bi).
    pub async fn open_uni(&self) -> io::Result<ByteWriter> {
        Opening::new(self.session.create_uni(), ByteWriter::new).await
    }

    /// Waits for a stream both ways that the server opens.
    ///
    /// # Errors
    /// When the session has ended.
    ///
    /// # Cancel safety
    /// No stream is lost.
    pub async fn accept_bi(&self) -> io::Result<TransportStream> {
        let mut incoming = self.incoming_bi.lock().await;
        let both = self.next(&mut incoming, || self.session.incoming_bi()).await?;
        TransportStream::new(&both)
    }

    /// Waits for a stream from the server.
    ///
    /// # Errors
    /// When the session has ended.
    ///
    /// # Cancel safety
    /// No stream is lost.
    pub async fn accept_uni(&self) -> io::Result<ByteReader> {
        let mut incoming = self.incoming_uni.lock().await;
        ByteReader::new(&self.next(&mut incoming, || self.session.incoming_uni()).await?)
    }

    async fn next(
        &self,
        incoming: &mut Option<JsStream>,
        streams: impl FnOnce() -> JsValue,
    ) -> io::Result<JsValue> {
        let incoming = match incoming {
            Some(incoming) => incoming,
            none => none.insert(JsStream::new(&streams()).map_err(io_error)?),
        };
        match incoming.next().await {
            Some(stream) => stream.map_err(io_error),
            None => Err(io::Error::new(ErrorKind::NotConnected, "the session has ended")),
        }
    }

    /// The datagrams of the session, both ways. There is one such pair.
    ///
    /// # Errors
    /// When they were asked for before.
    pub fn datagrams(&self) -> io::Result<(DatagramSender, DatagramReceiver)> {
        let datagrams = self.session.datagrams();
        let readable = datagrams.readable();
        let is_locked = Reflect::get(&readable, &"locked".into()).is_ok_and(|it| it.is_truthy());
        if is_locked {
            let why = "the datagrams of a session can be taken once";
            return Err(io::Error::new(ErrorKind::ResourceBusy, why));
        }
        let mut writable = datagrams.writable();
        if writable.is_undefined() {
            writable = datagrams.create_writable().map_err(io_error)?;
        }
        let sender = DatagramSender { writer: ByteWriter::new(&writable)?, datagrams };
        Ok((sender, DatagramReceiver(JsStream::new(&readable).map_err(io_error)?)))
    }

    /// Closes the session with a code and a reason of up to 1,024 bytes, and tells how it has ended: by
    /// this, unless the server was faster.
    ///
    /// # Errors
    /// When the connection broke instead.
    ///
    /// # Cancel safety
    /// The session is being closed; [`closed`](Self::closed) tells when it is.
    pub async fn close(&self, code: u32, reason: &str) -> io::Result<TransportClosed> {
        let how = Object::new();
        set(&how, "closeCode", &code.into());
        set(&how, "reason", &reason.into());
        self.close_soon(&how);
        self.closed().await
    }

    /// Closes it in a task of the event loop of its own. Where one task resets a stream whose writes wait and
    /// closes the session, in either order and whatever microtasks lie between, the process of the page
    /// dies in Chromium 156, by a segmentation fault: so it does in a page of plain JavaScript. A turn of
    /// the event loop between the two, as by a timer or a message, is enough.
    fn close_soon(&self, how: &JsValue) {
        let close = self.session.close().bind1(&self.session, how);
        js::set_timeout(close.unchecked_ref(), 0);
    }

    /// Waits until the session has ended.
    ///
    /// # Errors
    /// When the connection broke.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait and nothing else.
    pub async fn closed(&self) -> io::Result<TransportClosed> {
        self.end.told.cancelled().await;
        let how = self.end.how.borrow().clone();
        how.expect("it was told").map_err(io_error)
    }
}

/// A stream that was asked for. Dropped before it is there, it leaves behind who drops the stream.
struct Opening<T: 'static> {
    asked: Option<JsFuture>,
    make: fn(&JsValue) -> io::Result<T>,
}

impl<T> Opening<T> {
    fn new(asked: Promise, make: fn(&JsValue) -> io::Result<T>) -> Self {
        Self { asked: Some(JsFuture::from(asked)), make }
    }
}

impl<T> Future for Opening<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let asked = self.asked.as_mut().expect("a future was polled after it was ready");
        let stream = ready!(Pin::new(asked).poll(cx));
        self.asked = None;
        Poll::Ready(stream.map_err(io_error).and_then(|stream| (self.make)(&stream)))
    }
}

impl<T> Drop for Opening<T> {
    fn drop(&mut self) {
        let Some(asked) = self.asked.take() else { return };
        let make = self.make;
        spawn_local(async move { drop(asked.await.map(|stream| make(&stream))) });
    }
}

impl End {
    fn hear(&self, kind: u32, how: JsValue) {
        let outcome = if kind == CLOSED {
            let info = how.unchecked_ref::<CloseInfo>();
            let (code, reason) = (info.code(), info.reason());
            Ok(TransportClosed {
                code: code.unwrap_or_default(),
                reason: reason.unwrap_or_default(),
            })
        } else {
            Err(how)
        };
        *self.how.borrow_mut() = Some(outcome);
        self.told.cancel();
    }
}

fn hash(bytes: &[u8; 32]) -> JsValue {
    let hash = Object::new();
    set(&hash, "algorithm", &"sha-256".into());
    set(&hash, "value", &Uint8Array::from(&bytes[..]));
    hash.into()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).expect("a new object takes any property");
}

impl Drop for WebTransport {
    fn drop(&mut self) {
        if !self.end.told.is_cancelled() {
            self.close_soon(&JsValue::UNDEFINED);
        }
    }
}

impl fmt::Debug for WebTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebTransport")
            .field("closed", &self.end.how.borrow())
            .finish_non_exhaustive()
    }
}

/// A stream both ways of a [`WebTransport`].
///
/// Dropped without [`shutdown`](crate::io::AsyncWriteExt::shutdown) it is reset, and the server told that
/// nobody reads; it lives on in its halves.
#[derive(Debug)]
pub struct TransportStream {
    reader: ByteReader,
    writer: ByteWriter,
}

impl TransportStream {
    fn new(both: &JsValue) -> io::Result<Self> {
        let both = both.unchecked_ref::<Both>();
        let (reader, writer) = (both.readable(), both.writable());
        Ok(Self { reader: ByteReader::new(&reader)?, writer: ByteWriter::new(&writer)? })
    }

    /// Its two directions, each of which ends by itself.
    pub fn into_split(self) -> (ByteReader, ByteWriter) {
        (self.reader, self.writer)
    }
}

impl AsyncRead for TransportStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for TransportStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}

/// Sends the datagrams of a [`WebTransport`].
#[derive(Debug)]
pub struct DatagramSender {
    writer: ByteWriter,
    datagrams: Datagrams,
}

impl fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Datagrams")
    }
}

impl DatagramSender {
    /// Sends a datagram, once there is room for it. Whether it arrives nobody knows.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if it is longer than [`max_size`](Self::max_size), and
    /// when the session has ended.
    ///
    /// # Cancel safety
    /// Either the datagram was handed over or nothing of it.
    pub async fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        if datagram.len() > self.max_size() {
            let why = format!("{} bytes are no datagram: {} are", datagram.len(), self.max_size());
            return Err(io::Error::new(ErrorKind::InvalidInput, why));
        }
        poll_fn(|cx| Pin::new(&mut self.writer).poll_write(cx, datagram)).await.map(drop)
    }

    /// How long a datagram may be on this connection now.
    pub fn max_size(&self) -> usize {
        self.datagrams.max_size() as usize
    }
}

/// The datagrams that come in over a [`WebTransport`], as a stream. The browser keeps a few that nobody
/// takes, and then forgets the oldest.
#[derive(Debug)]
pub struct DatagramReceiver(JsStream);

impl Stream for DatagramReceiver {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let datagram = ready!(Pin::new(&mut self.0).poll_next(cx));
        Poll::Ready(datagram.map(|datagram| match datagram {
            Ok(bytes) => Ok(Uint8Array::new(&bytes).to_vec()),
            Err(thrown) => Err(io_error(thrown)),
        }))
    }
}
