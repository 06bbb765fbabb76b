//! Promises and futures, both ways.

use super::js;
use super::slot::Awaited;
use js_sys::{Function, Promise};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasm_bindgen::{JsCast, JsValue};

/// Runs a future on this thread's runtime and hands JavaScript a promise of its result.
///
/// `Ok` fulfils the promise, `Err` rejects it. Nothing cancels the future: a promise cannot say
/// that nobody waits for it any more.
pub fn promise<F>(future: F) -> Promise
where
    F: Future<Output = Result<JsValue, JsValue>> + 'static,
{
    let mut future = Some(future);
    Promise::new(&mut |resolve: Function, reject: Function| {
        let Some(future) = future.take() else { return };
        super::spawn_local(async move {
            let (settle, value) = match future.await {
                Ok(value) => (resolve, value),
                Err(reason) => (reject, reason),
            };
            // Settling functions never throw.
            let _ = settle.call1(&JsValue::UNDEFINED, &value);
        });
    })
}

/// A promise as a future: `JsFuture::from(promise).await`.
///
/// No closure is made for an await: the two callbacks are bound to the number of a slot in a table
/// and used again with it, which makes it several times cheaper than the future of the same name
/// in `js-sys`.
///
/// # Cancel safety
/// Dropping it forgets the promise's value and nothing else; the promise goes on, as promises do.
#[derive(Debug)]
pub struct JsFuture(Awaited);

impl From<Promise> for JsFuture {
    fn from(promise: Promise) -> Self {
        let pending: &js::Pending = promise.unchecked_ref();
        Self(Awaited::new(|fulfilled, rejected| pending.then(fulfilled, rejected)))
    }
}

impl Future for JsFuture {
    type Output = Result<JsValue, JsValue>;

    /// # Panics
    /// When polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}
