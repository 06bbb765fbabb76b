//! How to let the event loop do something else first.
//!
//! Not used: `setTimeout` where there is anything else (nested, it is clamped to 4 ms),
//! `queueMicrotask` (which is no hop), `scheduler.yield` (its continuations outrank timers and
//! input in Chromium).

use super::super::js;
use wasm_bindgen::JsValue;

/// A way to be called back in a task of the event loop, for as long as that lives.
pub(super) enum Hop {
    /// Node and its kin. It keeps the process alive until it has run, and no longer.
    Immediate(js::Callback),
    /// Browsers.
    Channel(js::MessagePort),
}

impl Hop {
    pub(super) fn new(call: js::Callback) -> Self {
        if js::has_immediate() {
            return Self::Immediate(call);
        }
        let channel = js::MessageChannel::new();
        // This end lives as long as the other, which is kept.
        channel.port1().set_onmessage(&call);
        Self::Channel(channel.port2())
    }

    pub(super) fn ask(&self) {
        match self {
            Self::Immediate(call) => js::set_immediate(call),
            Self::Channel(port) => port.post_message(&JsValue::NULL),
        }
    }
}

/// A way to be called back when nothing else is to be done: `scheduler.postTask` with the priority
/// `background`, else `setImmediate`, else a timeout.
pub(super) struct Later {
    call: js::Callback,
    /// Those of the scheduler, if there is one.
    options: Option<JsValue>,
}

impl Later {
    pub(super) fn new(call: js::Callback) -> Self {
        let options = js::has_scheduler().then(|| {
            let options = js::PostTaskOptions::new();
            options.set_priority("background");
            options.into()
        });
        Self { call, options }
    }

    pub(super) fn ask(&self) {
        match &self.options {
            // The promise that it answers is of no use here: the call never throws.
            Some(options) => js::Scheduler::post_task(&self.call, options),
            None if js::has_immediate() => js::set_immediate(&self.call),
            None => {
                js::set_timeout(&self.call, 0);
            }
        }
    }
}
