//! The calls of JavaScript that bring a value: one function for all of them.
//!
//! JavaScript knows a call by its kind and by numbers of that kind's own, so no closure is made for
//! one, and nothing of ours is kept alive by JavaScript. A program contains only the kinds that it
//! uses.

use super::js;
use std::cell::Cell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// See [`slot`](super::slot).
    Settled = 0,
    /// See [`listener`](super::listener).
    Event = 1,
    /// See [`frame`](super::frame).
    Frame = 2,
}

/// Gets three numbers of the kind's own, and the value.
pub(super) type Function = fn(u32, u32, u32, JsValue);

std::thread_local! {
    static FUNCTIONS: [Cell<Option<Function>>; 3] = const { [const { Cell::new(None) }; 3] };
}

/// How functions of JavaScript are made that call `function`, which is the only one of its kind.
pub(super) fn bound(kind: Kind, function: Function) -> Bound {
    super::threads::refuse_events();
    FUNCTIONS.with(|functions| functions[kind as usize].set(Some(function)));
    Bound { call: js::exports().call(), kind }
}

/// See [`bound`].
pub(super) struct Bound {
    call: js::Callback,
    kind: Kind,
}

impl Bound {
    /// A function that brings these numbers.
    pub(super) fn to(&self, first: u32, second: u32, third: u32) -> js::Callback {
        self.call.bind4(&JsValue::UNDEFINED, self.kind as u32, first, second, third)
    }
}

// No `///`: it would be a part of what a page downloads. Only the export itself is called, past the
// wrapper that the bindings make.
#[wasm_bindgen(js_name = __creel_call, skip_typescript, skip_jsdoc)]
pub fn call(kind: usize, first: u32, second: u32, third: u32, value: JsValue) {
    let function = FUNCTIONS.with(|functions| functions.get(kind).and_then(Cell::get));
    if let Some(function) = function {
        function(first, second, third, value);
    }
}
