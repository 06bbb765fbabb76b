//! `ReadableStream` and `WritableStream`, both ways, with the traits of [`io`](crate::io).

use super::abort::{SignalToken, token_of};
use super::error::io_error;
use super::iter::{ignore, item};
use super::promise::JsFuture;
use crate::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use crate::stream::Stream;
use crate::sync::{CancellationToken, Mutex};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use std::boxed::Box;
use std::cell::OnceCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::vec;
use std::vec::Vec;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    pub(super) type ReadableStream;
    #[wasm_bindgen(constructor)]
    fn new(source: &Object) -> ReadableStream;
    #[wasm_bindgen(method, js_name = getReader, catch)]
    pub(super) fn get_reader(this: &ReadableStream) -> Result<Reader, JsValue>;

    #[derive(Clone)]
    pub(super) type Reader;
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Reader) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn cancel(this: &Reader) -> JsValue;

    type Controller;
    #[wasm_bindgen(method, catch)]
    fn enqueue(this: &Controller, chunk: &Uint8Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &Controller) -> Result<(), JsValue>;

    type SinkController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &SinkController) -> JsValue;

    pub(super) type WritableStream;
    #[wasm_bindgen(constructor)]
    fn new(sink: &Object) -> WritableStream;
    #[wasm_bindgen(method, js_name = getWriter, catch)]
    pub(super) fn get_writer(this: &WritableStream) -> Result<Writer, JsValue>;

    pub(super) type Writer;
    #[wasm_bindgen(method, getter)]
    fn ready(this: &Writer) -> Promise;
    #[wasm_bindgen(method, getter, js_name = desiredSize)]
    fn desired_size(this: &Writer) -> Option<f64>;
    #[wasm_bindgen(method)]
    pub(super) fn write(this: &Writer, chunk: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn close(this: &Writer) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Writer) -> JsValue;
}

/// A `ReadableStream` of bytes as a reader, and as a stream of its chunks.
///
/// A chunk is asked for when somebody waits, never ahead. Dropped before the end, it cancels the
/// stream.
///
/// ```ignore
/// let mut body = ByteReader::new(&response.body())?;
/// let mut line = String::new();
/// BufReader::new(body).read_line(&mut line).await?;
/// ```
#[derive(Debug)]
pub struct ByteReader {
    reader: Reader,
    asked: Option<JsFuture>,
    /// What was read and not taken, from `start` on.
    chunk: Option<Uint8Array>,
    start: u32,
    ended: bool,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

impl ByteReader {
    /// Reads `stream`, which is locked to this reader from now on.
    ///
    /// # Errors
    /// If the stream is locked already.
    pub fn new(stream: &JsValue) -> io::Result<Self> {
        let reader = stream.unchecked_ref::<ReadableStream>().get_reader().map_err(io_error)?;
        Ok(Self { reader, asked: None, chunk: None, start: 0, ended: false })
    }

    /// Waits until `chunk` has bytes; `false` at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.chunk.is_none() {
            if self.ended {
                return Poll::Ready(Ok(false));
            }
            let reader = &self.reader;
            let asked = self.asked.get_or_insert_with(|| JsFuture::from(reader.read()));
            let answer = ready!(Pin::new(asked).poll(cx));
            self.asked = None;
            let chunk = match answer.and_then(|answer| item(&answer)) {
                Ok(Some(chunk)) => bytes_of(&chunk)?,
                Ok(None) => {
                    self.ended = true;
                    return Poll::Ready(Ok(false));
                }
                Err(thrown) => {
                    self.ended = true;
                    return Poll::Ready(Err(io_error(thrown)));
                }
            };
            self.start = 0;
            self.chunk = Some(chunk).filter(|chunk| chunk.length() > 0);
        }
        Poll::Ready(Ok(true))
    }
}

/// The bytes of a chunk: of a typed array or buffer, or of a text.
fn bytes_of(chunk: &JsValue) -> io::Result<Uint8Array> {
    if let Some(bytes) = chunk.dyn_ref::<Uint8Array>() {
        return Ok(bytes.clone());
    }
    if let Some(text) = chunk.as_string() {
        return Ok(Uint8Array::from(text.as_bytes()));
    }
    if js_sys::ArrayBuffer::is_view(chunk) || chunk.is_instance_of::<js_sys::ArrayBuffer>() {
        return Ok(Uint8Array::new(chunk));
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the stream's chunks are not bytes"))
}

impl AsyncRead for ByteReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 || !ready!(self.poll_fill(cx))? {
            return Poll::Ready(Ok(()));
        }
        let Some(chunk) = self.chunk.take() else { return Poll::Ready(Ok(())) };
        let end = chunk.length().min(self.start.saturating_add(buf.remaining() as u32));
        let taken = (end - self.start) as usize;
        chunk.subarray(self.start, end).copy_to(buf.initialize_unfilled_to(taken));
        buf.advance(taken);
        if end < chunk.length() {
            self.start = end;
            self.chunk = Some(chunk);
        }
        Poll::Ready(Ok(()))
    }
}

impl Stream for ByteReader {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match ready!(self.poll_fill(cx)) {
            Ok(false) => Poll::Ready(None),
            Ok(true) => {
                let chunk = self.chunk.take().expect("it was filled a moment ago");
                Poll::Ready(Some(Ok(chunk.subarray(self.start, chunk.length()).to_vec())))
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl Drop for ByteReader {
    fn drop(&mut self) {
        if !self.ended {
            ignore(&self.reader.cancel());
        }
    }
}

/// A `WritableStream` of bytes as a writer, which waits while the stream's queue is full.
///
/// What was written is copied into the stream's queue. Dropped without
/// [`shutdown`](AsyncWriteExt::shutdown), it aborts the stream.
///
/// ```ignore
/// let mut file = ByteWriter::new(&handle.create_writable().await?)?;
/// file.write_all(b"hello").await?;
/// file.shutdown().await?;
/// ```
#[derive(Debug)]
pub struct ByteWriter {
    writer: Writer,
    ready: Option<JsFuture>,
    /// The write that was made last: when it is done, so are those before it.
    last: Option<JsFuture>,
    closing: Option<JsFuture>,
    ended: bool,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl ByteWriter {
    /// Writes into `stream`, which is locked to this writer from now on.
    ///
    /// # Errors
    /// If the stream is locked already.
    pub fn new(stream: &JsValue) -> io::Result<Self> {
        let writer = stream.unchecked_ref::<WritableStream>().get_writer().map_err(io_error)?;
        Ok(Self { writer, ready: None, last: None, closing: None, ended: false })
    }

    fn poll_of(
        waited: &mut Option<JsFuture>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<JsValue, JsValue>> {
        let Some(future) = waited else { return Poll::Ready(Ok(JsValue::UNDEFINED)) };
        let outcome = ready!(Pin::new(future).poll(cx));
        *waited = None;
        Poll::Ready(outcome)
    }

    fn failed<T>(&mut self, thrown: JsValue) -> Poll<io::Result<T>> {
        self.ended = true;
        Poll::Ready(Err(io_error(thrown)))
    }
}

impl AsyncWrite for ByteWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.ended {
            let why = "the stream was shut down, or has failed";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, why)));
        }
        // A stream that has failed has no desired size; its promise says why.
        if this.ready.is_none() && this.writer.desired_size().is_none_or(|size| size <= 0.0) {
            this.ready = Some(JsFuture::from(this.writer.ready()));
        }
        if let Err(thrown) = ready!(Self::poll_of(&mut this.ready, cx)) {
            return this.failed(thrown);
        }
        let write = this.writer.write(&Uint8Array::from(buf));
        if let Some(before) = this.last.replace(JsFuture::from(write)) {
            // An earlier failure is the failure of this one as well.
            drop(before);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Self::poll_of(&mut self.last, cx)) {
            Ok(_) => Poll::Ready(Ok(())),
            Err(thrown) => self.failed(thrown),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() && !self.ended {
            self.closing = Some(JsFuture::from(self.writer.close()));
            self.ended = true;
        }
        match ready!(Self::poll_of(&mut self.closing, cx)) {
            Ok(_) => Poll::Ready(Ok(())),
            Err(thrown) => self.failed(thrown),
        }
    }
}

impl Drop for ByteWriter {
    fn drop(&mut self) {
        if !self.ended {
            ignore(&self.writer.abort());
        }
    }
}

/// How much of a reader one chunk of [`readable_stream`] holds, at most.
const CHUNK: usize = 16 * 1024;

/// A reader as a `ReadableStream` of bytes. It is read when JavaScript wants more, and dropped at
/// the end, on an error, and when JavaScript cancels the stream.
///
/// ```ignore
/// let response = Response::new_with_opt_readable_stream(Some(&web::readable_stream(file)))?;
/// ```
pub fn readable_stream<R>(reader: R) -> JsValue
where
    R: AsyncRead + 'static,
{
    let reader: Pin<Box<dyn AsyncRead>> = Box::pin(reader);
    let shared = Rc::new(Mutex::new(Some(reader)));
    let of_cancel = shared.clone();
    let cancelled = CancellationToken::new();
    let cancels = cancelled.clone();
    let pull = move |controller: Controller| {
        let (shared, cancelled) = (shared.clone(), cancelled.clone());
        super::promise(async move {
            let mut reader = shared.lock().await;
            let Some(source) = reader.as_mut() else { return Ok(JsValue::UNDEFINED) };
            let mut chunk = vec![0; CHUNK];
            let read = cancelled.run_until_cancelled(source.read(&mut chunk)).await;
            // The reader may have cancelled it itself.
            match read.filter(|_| !cancelled.is_cancelled()) {
                // What is cancelled is closed already.
                None => *reader = None,
                Some(Ok(0)) => {
                    *reader = None;
                    controller.close()?;
                }
                Some(Ok(count)) => controller.enqueue(&Uint8Array::from(&chunk[..count]))?,
                Some(Err(error)) => {
                    *reader = None;
                    return Err(js_error(&error));
                }
            }
            Ok(JsValue::UNDEFINED)
        })
    };
    let cancel = move || {
        let shared = of_cancel.clone();
        cancels.cancel();
        super::promise(async move {
            *shared.lock().await = None;
            Ok(JsValue::UNDEFINED)
        })
    };
    let source = Object::new();
    set(&source, "pull", Closure::<dyn FnMut(Controller) -> Promise>::new(pull).into_js_value());
    set(&source, "cancel", Closure::<dyn FnMut() -> Promise>::new(cancel).into_js_value());
    ReadableStream::new(&source).into()
}

/// A writer as a `WritableStream` of bytes, whose chunks are written in turn. Closing it shuts the
/// writer down; aborting it drops the writer, also while that waits.
///
/// ```ignore
/// response.body().pipe_to(&web::writable_stream(socket));
/// ```
pub fn writable_stream<W>(writer: W) -> JsValue
where
    W: AsyncWrite + 'static,
{
    let writer: Pin<Box<dyn AsyncWrite>> = Box::pin(writer);
    let shared = Rc::new(Mutex::new(Some(writer)));
    let (of_close, of_abort) = (shared.clone(), shared.clone());
    // The stream calls `abort` only after a write or close that goes on, but tells this at once.
    let aborted = Rc::new(OnceCell::new());
    let (of_start, closes) = (aborted.clone(), aborted.clone());
    let start = move |controller: SinkController| {
        if let Ok(token) = token_of(&controller.signal()) {
            let _ = of_start.set(token);
        }
    };
    let write = move |chunk: JsValue| {
        let shared = shared.clone();
        until_aborted(&aborted, async move {
            let bytes = bytes_of(&chunk)?.to_vec();
            match shared.lock().await.as_mut() {
                Some(writer) => writer.write_all(&bytes).await,
                None => Err(io::ErrorKind::BrokenPipe.into()),
            }
        })
    };
    let close = move || {
        let shared = of_close.clone();
        until_aborted(&closes, async move {
            match shared.lock().await.take() {
                Some(mut writer) => writer.shutdown().await,
                None => Ok(()),
            }
        })
    };
    let abort = move || {
        let shared = of_abort.clone();
        super::promise(async move {
            *shared.lock().await = None;
            Ok(JsValue::UNDEFINED)
        })
    };
    let sink = Object::new();
    let start = Closure::<dyn FnMut(SinkController)>::new(start).into_js_value();
    set(&sink, "start", start);
    set(&sink, "write", Closure::<dyn FnMut(JsValue) -> Promise>::new(write).into_js_value());
    set(&sink, "close", Closure::<dyn FnMut() -> Promise>::new(close).into_js_value());
    set(&sink, "abort", Closure::<dyn FnMut() -> Promise>::new(abort).into_js_value());
    WritableStream::new(&sink).into()
}

/// A promise of what `work` answers, unless the stream is aborted before.
fn until_aborted(
    aborted: &Rc<OnceCell<SignalToken>>,
    work: impl Future<Output = io::Result<()>> + 'static,
) -> Promise {
    let aborted = aborted.clone();
    super::promise(async move {
        let outcome = match aborted.get() {
            Some(token) => token.run_until_cancelled(work).await,
            None => Some(work.await),
        };
        match outcome {
            Some(Ok(())) => Ok(JsValue::UNDEFINED),
            Some(Err(error)) => Err(js_error(&error)),
            None => Err(aborted.get().map_or(JsValue::UNDEFINED, SignalToken::reason)),
        }
    })
}

fn set(object: &Object, name: &str, function: JsValue) {
    let function: Function = function.unchecked_into();
    Reflect::set(object, &name.into(), &function).expect("a new object takes any property");
}

/// An error of ours as one of JavaScript's.
pub(super) fn js_error(error: &io::Error) -> JsValue {
    use std::string::ToString;
    js_sys::Error::new(&error.to_string()).into()
}
