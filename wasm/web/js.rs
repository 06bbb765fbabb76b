//! The few functions of the event loop, imported as the globals they are: no snippet of JavaScript
//! is shipped, so every output form of wasm-bindgen works (bundler, web, no-modules, Node, Deno).

use std::string::String;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn console_error(message: &str);
    /// The console puts spaces between them.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn console_panic(
        head: &str,
        text: &str,
        at: &str,
        file: &str,
        line: u32,
        column: u32,
    );

    /// What it answers is a number in a browser, and in Node an object that becomes one.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &Callback, ms: i32) -> f64;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: f64);

    /// What there is: asked at need and kept nowhere, for a lazy static of each would be as much code
    /// again. What a global scope offers is its own, not inherited, so that one import tells of all, and
    /// an element of a page that has such a name is not taken for it.
    #[wasm_bindgen(js_namespace = globalThis, js_name = hasOwnProperty)]
    fn has(name: &str) -> bool;

    #[wasm_bindgen(js_name = setImmediate)]
    pub(super) fn set_immediate(callback: &Callback);

    /// The promise that is already resolved; `then` here answers nothing, which spares a handle.
    pub(super) type Resolved;
    #[wasm_bindgen(static_method_of = Resolved, js_class = "Promise", js_name = resolve)]
    pub(super) fn new() -> Resolved;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Resolved, callback: &Callback);

    /// A function. With `Function.prototype.bind` a callback knows its number without a closure.
    pub(super) type Callback;
    #[wasm_bindgen(method)]
    pub(super) fn bind(this: &Callback, this_arg: &JsValue, first: u32, second: u32) -> Callback;
    #[wasm_bindgen(method, js_name = bind)]
    pub(super) fn bind4(
        this: &Callback,
        this_arg: &JsValue,
        first: u32,
        second: u32,
        third: u32,
        fourth: u32,
    ) -> Callback;

    /// What this wasm exports, without the wrappers of its bindings.
    pub(super) type Exports;
    #[wasm_bindgen(method, getter, js_name = __creel_turn)]
    pub(super) fn turn(this: &Exports) -> Callback;
    #[wasm_bindgen(method, getter, js_name = __creel_call)]
    pub(super) fn call(this: &Exports) -> Callback;

    /// Whatever events come from.
    pub(super) type EventTarget;
    #[wasm_bindgen(method, js_name = addEventListener, catch)]
    pub(super) fn add_event_listener(
        this: &EventTarget,
        kind: &str,
        callback: &Callback,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(super) fn remove_event_listener(this: &EventTarget, kind: &str, callback: &Callback);

    pub(super) type Event;
    #[wasm_bindgen(method, js_name = preventDefault)]
    pub(super) fn prevent_default(this: &Event);
    /// What a message brings.
    #[wasm_bindgen(method, getter)]
    pub(super) fn data(this: &Event) -> JsValue;

    pub(super) type Pending;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Pending, fulfilled: &Callback, rejected: &Callback);

    pub(super) type MessageChannel;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    pub(super) fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    pub(super) fn port2(this: &MessageChannel) -> MessagePort;

    pub(super) type MessagePort;
    #[wasm_bindgen(method, setter)]
    pub(super) fn set_onmessage(this: &MessagePort, callback: &Callback);
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(super) fn post_message(this: &MessagePort, message: &JsValue);

    #[wasm_bindgen(js_name = requestAnimationFrame)]
    pub(super) fn request_animation_frame(callback: &Callback) -> u32;
    #[wasm_bindgen(js_name = cancelAnimationFrame)]
    pub(super) fn cancel_animation_frame(id: u32);
    #[wasm_bindgen(js_name = requestIdleCallback)]
    pub(super) fn request_idle_callback(callback: &Callback);

    /// Errors, and the `DOMException` that is not one but looks like it.
    #[wasm_bindgen(is_type_of = is_error)]
    pub(super) type Error;
    #[wasm_bindgen(method, getter)]
    pub(super) fn name(this: &Error) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn message(this: &Error) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn cause(this: &Error) -> JsValue;

    pub(super) type Scheduler;
    #[wasm_bindgen(static_method_of = Scheduler, js_class = scheduler, getter, js_name = postTask)]
    fn post_task_itself() -> JsValue;
    #[wasm_bindgen(static_method_of = Scheduler, js_class = scheduler, js_name = postTask)]
    pub(super) fn post_task(callback: &Callback, options: &JsValue);

    #[wasm_bindgen(js_name = Object)]
    pub(super) type PostTaskOptions;
    #[wasm_bindgen(constructor, js_class = Object)]
    pub(super) fn new() -> PostTaskOptions;
    #[wasm_bindgen(method, setter)]
    pub(super) fn set_priority(this: &PostTaskOptions, priority: &str);

    pub(super) type Document;
    #[wasm_bindgen(static_method_of = Document, js_class = document, getter)]
    pub(super) fn hidden() -> bool;

    /// Node's; a program in a page may have something of that name as well.
    type Process;
    #[wasm_bindgen(static_method_of = Process, js_class = process, setter, js_name = exitCode, catch)]
    fn set_exit_code(code: u32) -> Result<(), JsValue>;
}

/// What this wasm exports.
pub(super) fn exports() -> Exports {
    wasm_bindgen::exports().unchecked_into()
}

/// Whether there is a `setImmediate`, as in Node.
pub(super) fn has_immediate() -> bool {
    has("setImmediate")
}

/// Whether there are frames to wait for.
pub(super) fn has_frames() -> bool {
    has("requestAnimationFrame")
}

/// Whether there is a `requestIdleCallback`.
pub(super) fn has_idle_callback() -> bool {
    has("requestIdleCallback")
}

fn is_error(value: &JsValue) -> bool {
    let has_text = |name: &str| {
        js_sys::Reflect::get(value, &JsValue::from_str(name)).is_ok_and(|text| text.is_string())
    };
    value.is_object() && has_text("name") && has_text("message")
}

/// Whether there is a scheduler that takes tasks.
pub(super) fn has_scheduler() -> bool {
    has("scheduler") && Scheduler::post_task_itself().is_function()
}

/// Whether this is the thread of a page.
pub(super) fn has_document() -> bool {
    has("document")
}

/// Makes Node end with exit code 1 when it ends; elsewhere there is no process.
pub(super) fn fail_process() {
    // It throws where there is none, and one that is not Node's may refuse.
    drop(Process::set_exit_code(1));
}
