//! Asynchronous iteration, both ways.

use super::promise::JsFuture;
use super::spawn_local;
use crate::stream::{Stream, StreamExt};
use crate::sync::{CancellationToken, Mutex};
use js_sys::{Function, Object, Promise, Reflect, Symbol};
use std::boxed::Box;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    type Iterator;
    #[wasm_bindgen(method, catch)]
    fn next(this: &Iterator) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, js_name = return, catch)]
    fn return_itself(this: &Iterator) -> Result<JsValue, JsValue>;

    type Step;
    #[wasm_bindgen(method, getter, catch)]
    fn done(this: &Step) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn value(this: &Step) -> Result<JsValue, JsValue>;
}

/// What an iterator or a reader has answered: an item, or the end. Anybody may have written it, so each
/// look at it may throw.
pub(super) fn item(answer: &JsValue) -> Result<Option<JsValue>, JsValue> {
    if !answer.is_object() {
        return Err(js_sys::TypeError::new("what an iterator answers is an object").into());
    }
    let step = answer.unchecked_ref::<Step>();
    if step.done()?.is_truthy() { Ok(None) } else { step.value().map(Some) }
}

/// What JavaScript iterates by `for await`, as a stream: async iterators and generators, and
/// whatever has them, as a `ReadableStream` does.
///
/// Asks for an item when somebody waits for it, never ahead. What the iterator throws is the last
/// item. Dropped before the end, it calls the iterator's `return`, as `break` does in JavaScript.
///
/// ```ignore
/// let mut lines = JsStream::new(&generator)?;
/// while let Some(line) = lines.next().await {
///     log(&line?);
/// }
/// ```
#[derive(Debug)]
pub struct JsStream {
    iterator: Iterator,
    asked: Option<JsFuture>,
    ended: bool,
}

impl fmt::Debug for Iterator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iterator")
    }
}

impl JsStream {
    /// Iterates what has a `Symbol.asyncIterator` or a `Symbol.iterator`.
    ///
    /// # Errors
    /// A `TypeError` if `iterable` has neither, and what getting its iterator throws.
    pub fn new(iterable: &JsValue) -> Result<Self, JsValue> {
        let of = |symbol: Symbol| -> Result<Option<Iterator>, JsValue> {
            let Ok(make) = Reflect::get(iterable, &symbol)?.dyn_into::<Function>() else {
                return Ok(None);
            };
            make.call0(iterable).map(|iterator| Some(iterator.unchecked_into()))
        };
        let iterator = match of(Symbol::async_iterator())? {
            Some(iterator) => iterator,
            None => of(Symbol::iterator())?
                .ok_or_else(|| js_sys::TypeError::new("the object cannot be iterated"))?,
        };
        Ok(Self { iterator, asked: None, ended: false })
    }
}

impl Stream for JsStream {
    type Item = Result<JsValue, JsValue>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.asked.is_none() {
            match self.iterator.next() {
                // A plain iterator answers at once.
                Ok(step) => self.asked = Some(JsFuture::from(Promise::resolve(&step))),
                Err(thrown) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(thrown)));
                }
            }
        }
        let asked = self.asked.as_mut().expect("it was asked a moment ago");
        let answer = ready!(Pin::new(asked).poll(cx));
        self.asked = None;
        let item = answer.and_then(|answer| item(&answer)).transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl Drop for JsStream {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Ok(end) = self.iterator.return_itself().and_then(JsValue::dyn_into::<Function>)
            && let Ok(promise) = end.call0(self.iterator.unchecked_ref())
        {
            // Nobody is left to hear of a rejection.
            ignore(&promise);
        }
    }
}

/// Keeps the rejection of a promise from being reported as unhandled.
pub(super) fn ignore(promise: &JsValue) {
    if let Ok(promise) = promise.clone().dyn_into::<Promise>() {
        let pending = JsFuture::from(promise);
        spawn_local(async move { drop(pending.await) });
    }
}

/// A stream as an async iterator, for `for await` in JavaScript. An `Err` is thrown and ends it.
///
/// The stream is polled when JavaScript asks, never ahead. `return`, which `break` calls, drops it, also
/// while an item is awaited, which then is the end. So does `throw`, which a generator that delegates to it
/// by `yield*` hands on, and whose promise is rejected with what was thrown; and so does the garbage collector when
/// JavaScript has forgotten the iterator.
///
/// ```ignore
/// #[wasm_bindgen]
/// pub fn beats() -> JsValue {
///     web::async_iterator(IntervalStream::new(interval(SECOND)).map(|_| Ok(JsValue::NULL)))
/// }
/// ```
pub fn async_iterator<S>(stream: S) -> JsValue
where
    S: Stream<Item = Result<JsValue, JsValue>> + 'static,
{
    let stream: Pin<Box<dyn Stream<Item = S::Item>>> = Box::pin(stream);
    // Locked, since JavaScript may ask for several items at once: they come in turn.
    let shared = Rc::new(Mutex::new(Some(stream)));
    let left = CancellationToken::new();
    let (of_ends, leaves) = (shared.clone(), left.clone());
    let next = move || {
        let (shared, left) = (shared.clone(), left.clone());
        super::promise(async move {
            let mut stream = shared.lock().await;
            let item = match stream.as_mut() {
                Some(stream) => left.run_until_cancelled(stream.next()).await.flatten(),
                None => None,
            };
            if !matches!(item, Some(Ok(_))) {
                *stream = None;
            }
            item.transpose().map(step)
        })
    };
    let end = |answer: fn(JsValue) -> Result<JsValue, JsValue>| {
        let (shared, leaves) = (of_ends.clone(), leaves.clone());
        let end = move |value: JsValue| {
            let shared = shared.clone();
            leaves.cancel();
            super::promise(async move {
                *shared.lock().await = None;
                answer(value)
            })
        };
        Closure::<dyn FnMut(JsValue) -> Promise>::new(end).into_js_value()
    };
    let last = |value: JsValue| {
        let last = step(None);
        Reflect::set(&last, &"value".into(), &value)?;
        Ok(last)
    };
    let iterator = Object::new();
    let of_itself = iterator.clone();
    let itself = move || of_itself.clone();
    let methods: [(JsValue, JsValue); 4] = [
        ("next".into(), Closure::<dyn FnMut() -> Promise>::new(next).into_js_value()),
        ("return".into(), end(last)),
        ("throw".into(), end(Err)),
        (
            Symbol::async_iterator().into(),
            Closure::<dyn FnMut() -> Object>::new(itself).into_js_value(),
        ),
    ];
    for (name, method) in methods {
        Reflect::set(&iterator, &name, &method).expect("a new object takes any property");
    }
    iterator.into()
}

/// `{done, value}`.
fn step(item: Option<JsValue>) -> JsValue {
    let step = Object::new();
    let set = |name: &str, value: &JsValue| {
        Reflect::set(&step, &name.into(), value).expect("a new object takes any property");
    };
    set("done", &JsValue::from_bool(item.is_none()));
    set("value", &item.unwrap_or(JsValue::UNDEFINED));
    step.into()
}
