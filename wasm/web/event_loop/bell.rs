//! How other threads wake the event loop of this one.
//!
//! A word in the shared memory, zero or rung. The thread listens by `Atomics.waitAsync`, the one way to
//! wait for such a word without blocking, which a main thread may not do. Who rings writes the word
//! and notifies.
//!
//! No bell is lost: to listen again the thread first takes the ring away, then looks for work. A ring that
//! comes in between finds zero, so that it notifies, and `waitAsync` finds the word changed.

use super::super::js;
use super::super::threads;
use crate::env::context;
use js_sys::{Atomics, Int32Array, Reflect};
use std::boxed::Box;
use std::cell::OnceCell;
use std::sync::atomic::{AtomicI32, Ordering};
use wasm_bindgen::{JsCast, JsValue};

pub(super) struct Bell {
    rope: Rope,
    /// The word as JavaScript sees it, and what it calls.
    heard: OnceCell<(Int32Array, js::Callback)>,
    resolved: js::Resolved,
}

/// What others have of a bell, on any thread.
#[derive(Clone, Copy)]
pub(super) struct Rope {
    /// The thread that listens, by [`context::thread`].
    home: usize,
    rung: &'static AtomicI32,
}

impl Bell {
    /// The bell of this thread. Never freed, as is its host.
    pub(super) fn new() -> Self {
        let rung = Box::leak(Box::new(AtomicI32::new(0)));
        let rope = Rope { home: context::thread(), rung };
        Self { rope, heard: OnceCell::new(), resolved: js::Resolved::new() }
    }

    pub(super) fn rope(&self) -> Rope {
        self.rope
    }

    /// Has what `call` answers be called once when the bell is rung, or was since the last time.
    pub(super) fn listen(&self, call: impl FnOnce() -> js::Callback) {
        // Acquire takes over what came before the ring. What was posted by then, the turn that follows sees.
        self.rope.rung.swap(0, Ordering::AcqRel);
        let (word, call) = self.heard.get_or_init(|| (self.rope.view(), call()));
        // Where it is missing, no thread can be started that might ring.
        let Ok(waiting) = Atomics::wait_async(word, 0, 0) else { return };
        let value = Reflect::get(&waiting, &"value".into()).unwrap_or(JsValue::UNDEFINED);
        if value.is_object() {
            value.unchecked_ref::<js::Resolved>().then(call);
        } else {
            // Rung meanwhile.
            self.resolved.then(call);
        }
    }
}

impl Rope {
    /// Calls `here` on the thread that listens, else rings.
    pub(super) fn pull(self, here: impl FnOnce()) {
        if context::thread() == self.home {
            return here();
        }
        // Release publishes what was posted to the Acquire in `listen`.
        if self.rung.swap(1, Ordering::AcqRel) == 0 {
            // It throws for an index that is out of bounds only.
            let _ = Atomics::notify_with_count(&self.view(), 0, 1);
        }
    }

    /// The word as JavaScript sees it. A shared memory that grows leaves its views valid.
    fn view(self) -> Int32Array {
        let address = std::ptr::from_ref(self.rung).addr() as u32;
        Int32Array::new_with_byte_offset_and_length(&threads::memory(), address, 1)
    }
}
