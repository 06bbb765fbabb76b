//! The few functions of the event loop, imported as the globals they are: no snippet of JavaScript
//! is shipped, so every output form of wasm-bindgen works (bundler, web, no-modules, Node, Deno).

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn console_error(message: &str);

    /// A number in a browser, an object in Node.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &JsValue, ms: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);

    #[wasm_bindgen(js_name = setImmediate)]
    pub(super) fn set_immediate(callback: &JsValue);

    /// The promise that is already resolved; `then` here answers nothing, which spares a handle.
    pub(super) type Resolved;
    #[wasm_bindgen(static_method_of = Resolved, js_class = "Promise", js_name = resolve)]
    pub(super) fn new() -> Resolved;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Resolved, callback: &JsValue);

    /// `Function.prototype.bind`: a callback that knows its slot without a closure of ours.
    pub(super) type Settle;
    #[wasm_bindgen(method)]
    pub(super) fn bind(this: &Settle, this_arg: &JsValue, slot: u32, generation: u32) -> Settle;

    pub(super) type Pending;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Pending, fulfilled: &Settle, rejected: &Settle);

    pub(super) type MessageChannel;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    pub(super) fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    pub(super) fn port2(this: &MessageChannel) -> MessagePort;

    pub(super) type MessagePort;
    #[wasm_bindgen(method, setter)]
    pub(super) fn set_onmessage(this: &MessagePort, callback: &JsValue);
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(super) fn post_message(this: &MessagePort, message: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn close(this: &MessagePort);
}

/// Makes Node end with exit code 1 when it ends; elsewhere there is no process.
pub(super) fn fail_process() {
    let process = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("process"));
    if let Ok(process) = process
        && process.is_object()
    {
        // A `process` that is not Node's may refuse.
        let _ = js_sys::Reflect::set(&process, &JsValue::from_str("exitCode"), &JsValue::from(1));
    }
}

/// Whether the global object has a function of this name.
pub(super) fn has_function(name: &str) -> bool {
    js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str(name))
        .is_ok_and(|value| value.is_function())
}
