//! On `WebSocketStream`: nothing is read from the connection but what somebody asks for, so a server that
//! sends too fast is slowed down by TCP, and each write tells when it was sent.

use super::super::abort::AbortOnDrop;
use super::super::byte_stream::{ReadableStream, Reader, WritableStream, Writer};
use super::super::iter::{ignore, item};
use super::super::js;
use super::super::listener::{Inbox, Listener};
use super::super::promise::JsFuture;
use super::super::spawn_local;
use super::{BROKE, Closed, Message, Wire, broken, io_error, refused};
use js_sys::{Array, Object, Promise, Reflect};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::string::String;
use std::task::{Context, Poll, ready};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    type WebSocketStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(url: &str, options: &Object) -> Result<WebSocketStream, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn opened(this: &WebSocketStream) -> Promise;
    #[wasm_bindgen(method, getter)]
    fn closed(this: &WebSocketStream) -> js::Pending;
    #[wasm_bindgen(method, catch)]
    fn close(this: &WebSocketStream, how: &Object) -> Result<(), JsValue>;

    type Opened;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &Opened) -> String;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Opened) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &Opened) -> WritableStream;

    /// What `closed` brings, and the error that it is rejected with.
    type CloseInfo;
    #[wasm_bindgen(method, getter, js_name = closeCode)]
    fn code(this: &CloseInfo) -> Option<u16>;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &CloseInfo) -> Option<String>;
}

/// How many writes may be on their way, however short.
const MOST_WRITES: usize = 1024;

pub(super) struct Streams {
    stream: WebSocketStream,
    protocol: String,
    reader: Reader,
    asked: Option<JsFuture>,
    /// The reader has nothing more.
    is_read: bool,
    writer: Writer,
    /// Those that are on their way, with the bytes of each.
    writes: VecDeque<(usize, JsFuture)>,
    unsent: usize,
    is_finished: bool,
    end: Rc<End>,
    _listener: Listener,
}

struct End {
    how: RefCell<Option<Closed>>,
    /// Ends with the connection.
    told: Rc<Inbox<()>>,
}

/// Whether the browser has it. Asked each time: tests take it away.
pub(super) fn are_there() -> bool {
    let class = Reflect::get(&js_sys::global(), &"WebSocketStream".into());
    class.is_ok_and(|class| class.is_function())
}

impl Streams {
    pub(super) async fn connect(url: &str, protocols: &Array) -> io::Result<Self> {
        let attempt = AbortOnDrop::new();
        let options = object(&[("protocols", protocols.into()), ("signal", attempt.signal())]);
        let stream = WebSocketStream::new(url, &options).map_err(io_error)?;
        let end = Rc::new(End { how: RefCell::new(None), told: Inbox::new(0) });
        let hears = end.clone();
        let listener = Listener::new(move |_, how| hears.hear(&how));
        stream.closed().then(&listener.callback(0), &listener.callback(0));
        let opened = JsFuture::from(stream.opened()).await.map_err(|_| refused(url))?;
        let opened = opened.unchecked_ref::<Opened>();
        Ok(Self {
            protocol: opened.protocol(),
            reader: opened.readable().get_reader().map_err(io_error)?,
            asked: None,
            is_read: false,
            writer: opened.writable().get_writer().map_err(io_error)?,
            writes: VecDeque::new(),
            unsent: 0,
            is_finished: false,
            stream,
            end,
            _listener: listener,
        })
    }

    /// Waits for the write that is to end first.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some((bytes, write)) = self.writes.front_mut() else { return Poll::Ready(Ok(())) };
        let outcome = ready!(Pin::new(write).poll(cx));
        self.unsent -= *bytes;
        self.writes.pop_front();
        Poll::Ready(outcome.map(drop).map_err(|_| broken(self.closed())))
    }
}

impl Wire for Streams {
    fn protocol(&self) -> String {
        self.protocol.clone()
    }

    fn unsent(&self) -> usize {
        self.unsent
    }

    fn poll_below(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unsent > limit || self.writes.len() >= MOST_WRITES {
            ready!(self.poll_write(cx))?;
        }
        if self.is_finished || self.closed().is_some() {
            return Poll::Ready(Err(broken(self.closed())));
        }
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, message: &JsValue, bytes: usize) -> io::Result<()> {
        self.writes.push_back((bytes, JsFuture::from(self.writer.write(message))));
        self.unsent += bytes;
        Ok(())
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        if !self.is_read {
            let reader = &self.reader;
            let asked = self.asked.get_or_insert_with(|| JsFuture::from(reader.read()));
            let answer = ready!(Pin::new(asked).poll(cx));
            self.asked = None;
            // Why it was broken off, the end tells.
            match answer.and_then(|answer| item(&answer)) {
                Ok(Some(data)) => return Poll::Ready(Some(Message::received(&data))),
                Ok(None) | Err(_) => self.is_read = true,
            }
        }
        self.poll_closed(cx).map(|()| None)
    }

    fn finish(&mut self) {
        if !std::mem::replace(&mut self.is_finished, true) {
            ignore(&self.writer.close());
        }
    }

    fn close(&mut self, code: u16, reason: &str) -> io::Result<()> {
        let how = object(&[("closeCode", code.into()), ("reason", reason.into())]);
        self.stream.close(&how).map_err(io_error)?;
        self.is_finished = true;
        Ok(())
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.end.told.poll(cx).map(drop)
    }

    fn closed(&self) -> Option<Closed> {
        self.end.how.borrow().clone()
    }
}

impl End {
    fn hear(&self, how: &JsValue) {
        let how = how.unchecked_ref::<CloseInfo>();
        let (code, reason) = (how.code().unwrap_or(BROKE), how.reason().unwrap_or_default());
        *self.how.borrow_mut() = Some(Closed { code, reason });
        self.told.end();
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        if self.closed().is_some() {
            return;
        }
        // First what was sent; then what comes is of no interest, and must not delay the end.
        let sent = (!self.is_finished).then(|| JsFuture::from(self.writer.close()));
        let reader = self.reader.clone();
        spawn_local(async move {
            if let Some(sent) = sent {
                drop(sent.await);
            }
            ignore(&reader.cancel());
        });
    }
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value).expect("a new object takes any property");
    }
    object
}
