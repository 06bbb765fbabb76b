//! `MessagePort` and `BroadcastChannel` as channels.

use super::error::{Unsupported, io_error};
use super::js;
use super::listener::{Inbox, Listener};
use js_sys::Array;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    /// What a `MessagePort`, a `BroadcastChannel` and a `Worker` have in common.
    type Endpoint;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &Endpoint, callback: &js::Callback);
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    fn clear_onmessage(this: &Endpoint, null: &JsValue);
    #[wasm_bindgen(method, setter, js_name = onmessageerror)]
    fn clear_onmessageerror(this: &Endpoint, null: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onmessageerror(this: &Endpoint, callback: &js::Callback);
    #[wasm_bindgen(method, js_name = postMessage, catch)]
    fn post_message(this: &Endpoint, message: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = postMessage, catch)]
    fn post_and_transfer(
        this: &Endpoint,
        message: &JsValue,
        transfer: &Array,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &Endpoint);

    #[wasm_bindgen(thread_local_v2, js_name = BroadcastChannel)]
    static BROADCAST_CHANNEL: Option<js::Callback>;
    #[wasm_bindgen(js_name = BroadcastChannel)]
    type JsBroadcastChannel;
    #[wasm_bindgen(constructor, js_class = BroadcastChannel)]
    fn new(name: &str) -> JsBroadcastChannel;
}

const MESSAGE: u32 = 0;

/// One end of a channel of messages: of a `MessageChannel`, or of all who have opened a
/// `BroadcastChannel` of the same name.
///
/// Messages wait here until they are taken, in order, without a limit: JavaScript cannot tell the
/// other side to slow down. Have the other side wait for answers where that matters
/// ([`waiting`](Self::waiting) tells how many there are). Dropped, it is closed.
///
/// ```ignore
/// let (near, far) = Port::pair();
/// worker.post_message_with_transfer(far.into_js(), ..);
/// near.send(&JsValue::from("hello"))?;
/// let answer = near.recv().await?;
/// ```
pub struct Port {
    endpoint: Endpoint,
    inbox: Rc<Inbox<io::Result<JsValue>>>,
    _listener: Listener,
    open: bool,
}

impl Port {
    /// Listens to a `MessagePort`, from now on alone.
    pub fn new(port: JsValue) -> Self {
        let endpoint: Endpoint = port.unchecked_into();
        let inbox = Inbox::new(usize::MAX);
        let into = inbox.clone();
        let listener = Listener::new(move |kind, event| {
            into.push(match kind {
                MESSAGE => Ok(event.unchecked_ref::<js::Event>().data()),
                _ => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a message came that cannot be read here",
                )),
            });
        });
        endpoint.set_onmessage(&listener.callback(MESSAGE));
        endpoint.set_onmessageerror(&listener.callback(MESSAGE + 1));
        Self { endpoint, inbox, _listener: listener, open: true }
    }

    /// The two ends of a new `MessageChannel`.
    pub fn pair() -> (Self, Self) {
        let channel = js::MessageChannel::new();
        (Self::new(channel.port1().into()), Self::new(channel.port2().into()))
    }

    /// Joins those who have opened the `BroadcastChannel` of this name. A message reaches all of
    /// them but its sender.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) where there is no `BroadcastChannel`.
    pub fn broadcast(name: &str) -> io::Result<Self> {
        if BROADCAST_CHANNEL.with(Option::is_none) {
            return Err(Unsupported::new(
                "BroadcastChannel",
                "use a browser or Node of the last years, or ports",
            )
            .into());
        }
        Ok(Self::new(JsBroadcastChannel::new(name).into()))
    }

    /// Sends a copy of `message`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it cannot be copied. Whether somebody
    /// listens is not known.
    pub fn send(&self, message: &JsValue) -> io::Result<()> {
        self.endpoint.post_message(message).map_err(io_error)
    }

    /// Sends `message` and hands what `transfer` lists over with it, instead of a copy.
    ///
    /// # Errors
    /// As [`send`](Self::send), and if something cannot be transferred.
    pub fn send_and_transfer(&self, message: &JsValue, transfer: &Array) -> io::Result<()> {
        self.endpoint.post_and_transfer(message, transfer).map_err(io_error)
    }

    /// Waits for the next message. Never ends by itself: JavaScript does not say that the other
    /// side is gone.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) for a message that cannot be read here.
    ///
    /// # Cancel safety
    /// No message is lost.
    pub async fn recv(&mut self) -> io::Result<JsValue> {
        self.recv_shared().await
    }

    /// [`recv`](Self::recv) for one task of several that have the port.
    pub(super) async fn recv_shared(&self) -> io::Result<JsValue> {
        let message = poll_fn(|cx| self.inbox.poll(cx)).await;
        message.expect("an inbox of a port does not end")
    }

    /// Takes a message that is there.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> io::Result<Option<JsValue>> {
        self.inbox.try_take().transpose()
    }

    /// Puts a message into the inbox as if it had come.
    pub(super) fn injector(&self) -> impl Fn(JsValue) + Clone + 'static {
        let inbox = self.inbox.clone();
        move |message| inbox.push(Ok(message))
    }

    /// How many messages wait to be taken.
    pub fn waiting(&self) -> usize {
        self.inbox.weight(|_| 1)
    }

    /// The port itself, to be given away: it is not closed, and messages that wait here are lost.
    pub fn into_js(mut self) -> JsValue {
        self.open = false;
        self.endpoint.clear_onmessage(&JsValue::NULL);
        self.endpoint.clear_onmessageerror(&JsValue::NULL);
        self.endpoint.unchecked_ref::<JsValue>().clone()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if self.open {
            self.endpoint.close();
        }
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
