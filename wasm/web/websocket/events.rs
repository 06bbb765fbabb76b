//! On `WebSocket`: what comes in cannot be slowed down, and the browser does not tell when something was
//! sent, so who waits for that looks again and again.

use super::super::error::Unsupported;
use super::super::js;
use super::super::listener::{Inbox, Listener};
use super::{Closed, Message, Wire, broken, io_error, refused};
use crate::time::{Sleep, sleep};
use js_sys::Array;
use std::boxed::Box;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::string::String;
use std::task::{Context, Poll, ready};
use std::time::Duration;
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
    #[wasm_bindgen(method, catch)]
    fn send(this: &Socket, message: &JsValue) -> Result<(), JsValue>;
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

/// `WebSocket.OPEN`.
const IS_OPEN: u32 = 1;

/// How long to wait before the next look at what still waits to be sent.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(32);

pub(super) struct Events {
    socket: Socket,
    shared: Rc<Shared>,
    look: Option<Pin<Box<Sleep>>>,
    pause: Duration,
    _listener: Listener,
}

struct Shared {
    inbox: Rc<Inbox<Message>>,
    opened: Rc<Inbox<()>>,
    closed: RefCell<Option<Closed>>,
}

impl Events {
    pub(super) async fn connect(url: &str, protocols: &Array) -> io::Result<Self> {
        let socket = Self::start(url, protocols)?;
        let opened = socket.shared.opened.clone();
        match poll_fn(|cx| opened.poll(cx)).await {
            Some(()) => Ok(socket),
            None => Err(refused(url)),
        }
    }

    fn start(url: &str, protocols: &Array) -> io::Result<Self> {
        if WEB_SOCKET.with(Option::is_none) {
            return Err(Unsupported::new("WebSocket", "Node has it from version 22 on").into());
        }
        let socket = Socket::new(url, protocols).map_err(io_error)?;
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
        Ok(Self { socket, shared, look: None, pause: FIRST_LOOK, _listener: listener })
    }
}

impl Wire for Events {
    fn protocol(&self) -> String {
        self.socket.protocol()
    }

    fn unsent(&self) -> usize {
        self.socket.buffered_amount() as usize
    }

    fn poll_below(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.socket.ready_state() != IS_OPEN {
                return Poll::Ready(Err(broken(self.closed())));
            }
            if self.unsent() <= limit {
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

    fn send(&mut self, message: &JsValue, _: usize) -> io::Result<()> {
        self.socket.send(message).map_err(io_error)
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.shared.inbox.poll(cx)
    }

    fn finish(&mut self) {
        self.socket.close();
    }

    fn close(&mut self, code: u16, reason: &str) -> io::Result<()> {
        self.socket.close_with(code, reason).map_err(io_error)
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.opened.poll(cx).map(drop)
    }

    fn closed(&self) -> Option<Closed> {
        self.shared.closed.borrow().clone()
    }
}

impl Shared {
    fn hear(&self, kind: u32, event: &JsValue) {
        match kind {
            OPEN => self.opened.push(()),
            MESSAGE => {
                let data = event.unchecked_ref::<js::Event>().data();
                self.inbox.push(Message::received(&data));
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

impl Drop for Events {
    fn drop(&mut self) {
        self.socket.close();
    }
}
