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

    /// What there is: asked at need and kept nowhere, for a lazy static of each would be as much code again.
    type Global;
    #[wasm_bindgen(js_namespace = globalThis, js_name = valueOf)]
    fn global() -> Global;
    #[wasm_bindgen(method, getter, js_name = setImmediate)]
    fn immediate(this: &Global) -> Option<Callback>;
    #[wasm_bindgen(method, getter, js_name = requestAnimationFrame)]
    fn animation_frame(this: &Global) -> Option<Callback>;
    #[wasm_bindgen(method, getter, js_name = requestIdleCallback)]
    fn idle_callback(this: &Global) -> Option<Callback>;
    #[wasm_bindgen(method, getter, js_name = scheduler)]
    fn scheduler_itself(this: &Global) -> Option<Scheduler>;
    #[wasm_bindgen(method, getter, js_name = document)]
    fn document_itself(this: &Global) -> Option<Document>;
    #[wasm_bindgen(method, getter, js_name = process)]
    fn process_itself(this: &Global) -> Option<Process>;

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
    #[wasm_bindgen(method, getter, js_name = postTask)]
    fn post_task_itself(this: &Scheduler) -> JsValue;
    #[wasm_bindgen(method, js_name = postTask)]
    pub(super) fn post_task(this: &Scheduler, callback: &Callback, options: &JsValue);

    #[wasm_bindgen(js_name = Object)]
    pub(super) type PostTaskOptions;
    #[wasm_bindgen(constructor, js_class = Object)]
    pub(super) fn new() -> PostTaskOptions;
    #[wasm_bindgen(method, setter)]
    pub(super) fn set_priority(this: &PostTaskOptions, priority: &str);

    pub(super) type Document;
    #[wasm_bindgen(method, getter)]
    pub(super) fn hidden(this: &Document) -> bool;

    /// Node's; a program in a page may have something of that name as well.
    type Process;
    #[wasm_bindgen(method, setter, js_name = exitCode, catch)]
    fn set_exit_code(this: &Process, code: u32) -> Result<(), JsValue>;
}

/// What this wasm exports.
pub(super) fn exports() -> Exports {
    wasm_bindgen::exports().unchecked_into()
}

/// Whether there is a `setImmediate`, as in Node.
pub(super) fn has_immediate() -> bool {
    global().immediate().is_some()
}

/// Whether there are frames to wait for.
pub(super) fn has_frames() -> bool {
    global().animation_frame().is_some()
}

/// Whether there is a `requestIdleCallback`.
pub(super) fn has_idle_callback() -> bool {
    global().idle_callback().is_some()
}

fn is_error(value: &JsValue) -> bool {
    let has_text = |name: &str| {
        js_sys::Reflect::get(value, &JsValue::from_str(name)).is_ok_and(|text| text.is_string())
    };
    value.is_object() && has_text("name") && has_text("message")
}

/// The scheduler of this global scope, if there is one.
pub(super) fn scheduler() -> Option<Scheduler> {
    global().scheduler_itself()
}

/// That of the page, if this is its thread.
pub(super) fn document() -> Option<Document> {
    global().document_itself()
}

impl Scheduler {
    pub(super) fn has_post_task(&self) -> bool {
        self.post_task_itself().is_function()
    }
}

/// Makes Node end with exit code 1 when it ends; elsewhere there is no process.
pub(super) fn fail_process() {
    // A `process` that is not Node's may refuse.
    global().process_itself().iter().for_each(|process| drop(process.set_exit_code(1)));
}
