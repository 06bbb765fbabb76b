//! Cancellation across the border: `AbortSignal` and [`CancellationToken`], both ways.

use super::listener::Listener;
use super::promise::JsFuture;
use super::spawn_local;
use crate::sync::CancellationToken;
use crate::task::JoinHandle;
use js_sys::Promise;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    type AbortSignal;
    /// Whatever else may be asked has none.
    #[wasm_bindgen(method, getter)]
    fn aborted(this: &AbortSignal) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &AbortSignal) -> JsValue;
}

/// An `AbortSignal` for JavaScript that aborts when a token is cancelled; made by [`signal_of`].
///
/// When this is dropped the signal stays as it is.
#[derive(Debug)]
pub struct Signal {
    signal: JsValue,
    watch: JoinHandle<()>,
}

/// An `AbortSignal` that aborts when `token` is cancelled, as long as the answer lives.
///
/// ```ignore
/// let signal = web::signal_of(&token);
/// let options = RequestInit::new();
/// options.set_signal(Some(signal.as_js().unchecked_ref()));
/// ```
pub fn signal_of(token: &CancellationToken) -> Signal {
    let controller = AbortController::new();
    let signal = controller.signal();
    let token = token.clone();
    if token.is_cancelled() {
        controller.abort();
    }
    let watch = spawn_local(async move {
        token.cancelled().await;
        controller.abort();
    });
    Signal { signal, watch }
}

impl Signal {
    /// The signal.
    pub fn as_js(&self) -> &JsValue {
        &self.signal
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// A token that is cancelled when an `AbortSignal` aborts; made by [`token_of`].
#[derive(Debug)]
pub struct SignalToken {
    token: CancellationToken,
    signal: JsValue,
    _listener: Listener,
}

/// A token that is cancelled when `signal` aborts, as long as the answer lives. Its clones stay as
/// they are afterwards.
///
/// # Errors
/// What JavaScript throws if `signal` is no `AbortSignal`.
///
/// ```ignore
/// let token = web::token_of(&signal)?;
/// token.run_until_cancelled(work()).await;
/// ```
pub fn token_of(signal: &JsValue) -> Result<SignalToken, JsValue> {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    let listener = Listener::new(move |_, _| cancelled.cancel());
    listener.listen(signal, "abort", 0)?;
    match signal.unchecked_ref::<AbortSignal>().aborted() {
        Some(true) => token.cancel(),
        Some(false) => {}
        None => return Err(js_sys::TypeError::new("this is no AbortSignal").into()),
    }
    Ok(SignalToken { token, signal: signal.clone(), _listener: listener })
}

impl SignalToken {
    /// Why the signal was aborted; `undefined` if it is not.
    pub fn reason(&self) -> JsValue {
        self.signal.unchecked_ref::<AbortSignal>().reason()
    }
}

impl Deref for SignalToken {
    type Target = CancellationToken;

    fn deref(&self) -> &CancellationToken {
        &self.token
    }
}

/// [`promise`](super::promise) that can be cancelled: when `signal` aborts, the future is dropped
/// and the promise rejected with the signal's reason.
///
/// # Errors
/// What JavaScript throws if `signal` is no `AbortSignal`.
pub fn promise_until<F>(signal: &JsValue, future: F) -> Result<Promise, JsValue>
where
    F: Future<Output = Result<JsValue, JsValue>> + 'static,
{
    let token = token_of(signal)?;
    Ok(super::promise(async move {
        match token.run_until_cancelled(future).await {
            Some(outcome) => outcome,
            None => Err(token.reason()),
        }
    }))
}

/// Starts something that takes an `AbortSignal` and answers a promise; dropping the future aborts
/// the signal.
///
/// # Errors
/// When the promise is rejected, with the reason.
///
/// # Cancel safety
/// Dropping the future cancels what `start` has begun; its value is lost.
///
/// ```ignore
/// let answer = web::abortable(|signal| window.fetch_with_signal(url, signal)).await?;
/// ```
pub fn abortable(start: impl FnOnce(&JsValue) -> Promise) -> Abortable {
    let abort = AbortOnDrop::new();
    let promise = start(&abort.signal());
    Abortable { promise: JsFuture::from(promise), abort: Some(abort) }
}

/// The future of [`abortable`].
#[derive(Debug)]
#[must_use = "dropped, it aborts what was started"]
pub struct Abortable {
    promise: JsFuture,
    /// None once it was handed on.
    abort: Option<AbortOnDrop>,
}

impl Abortable {
    /// Hands what aborts over to something that lives longer.
    pub(super) fn take_abort(&mut self) -> Option<AbortOnDrop> {
        self.abort.take()
    }
}

impl Future for Abortable {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.promise).poll(cx)
    }
}

/// Aborts its signal when dropped. What has ended already does not care.
pub(super) struct AbortOnDrop(AbortController);

impl AbortOnDrop {
    pub(super) fn new() -> Self {
        Self(AbortController::new())
    }

    pub(super) fn signal(&self) -> JsValue {
        self.0.signal()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for AbortOnDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AbortOnDrop")
    }
}
