//! Who runs the tasks: creel, wasm-bindgen-futures, and a bare executor without a feature, which
//! shows what is the least.

use creel::runtime::Builder;
use creel::wasm::web::{EventLoop, FrameShare, Options};
use futures_util::future::LocalBoxFuture;
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);
}

/// A runtime of JavaScript's thread.
pub trait Executor: 'static {
    const NAME: &'static str;
    fn spawn(future: impl Future<Output = ()> + 'static);
    async fn await_promise(promise: Promise) -> JsValue;
    async fn sleep(ms: u32);
}

pub struct Creel;

impl Executor for Creel {
    const NAME: &'static str = "creel";

    fn spawn(future: impl Future<Output = ()> + 'static) {
        drop(creel::task::spawn_local(future));
    }

    async fn await_promise(promise: Promise) -> JsValue {
        creel::wasm::web::JsFuture::from(promise).await.expect("it is kept")
    }

    async fn sleep(ms: u32) {
        creel::time::sleep(Duration::from_millis(ms.into())).await;
    }
}

/// creel, with all there is of each frame.
pub struct Greedy;

std::thread_local! {
    static GREEDY: EventLoop = EventLoop::with(
        &mut Builder::new_current_thread(),
        Options { frame_share: FrameShare::All, ..Options::default() },
    );
}

impl Executor for Greedy {
    const NAME: &'static str = "creel with all of each frame";

    fn spawn(future: impl Future<Output = ()> + 'static) {
        GREEDY.with(|own| drop(own.spawn_local(future)));
    }

    async fn await_promise(promise: Promise) -> JsValue {
        Creel::await_promise(promise).await
    }

    async fn sleep(ms: u32) {
        Creel::sleep(ms).await;
    }
}

pub struct Bindgen;

impl Executor for Bindgen {
    const NAME: &'static str = "wasm-bindgen-futures";

    fn spawn(future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }

    async fn await_promise(promise: Promise) -> JsValue {
        wasm_bindgen_futures::JsFuture::from(promise).await.expect("it is kept")
    }

    async fn sleep(ms: u32) {
        gloo_timers::future::TimeoutFuture::new(ms).await;
    }
}

/// A queue of boxed futures and a microtask that empties it.
pub struct Bare;

struct Task {
    future: RefCell<Option<LocalBoxFuture<'static, ()>>>,
    queued: Cell<bool>,
}

/// A number that only its own thread looks at.
struct Handle(usize);

std::thread_local! {
    static QUEUE: RefCell<VecDeque<Rc<Task>>> = const { RefCell::new(VecDeque::new()) };
    static ASKED: Cell<bool> = const { Cell::new(false) };
    static DRAIN: Closure<dyn FnMut()> = Closure::new(drain);
}

fn push(task: Rc<Task>) {
    if task.queued.replace(true) {
        return;
    }
    QUEUE.with_borrow_mut(|queue| queue.push_back(task));
    if !ASKED.replace(true) {
        DRAIN.with(|drain| queue_microtask(drain.as_ref()));
    }
}

fn drain() {
    while let Some(task) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
        task.queued.set(false);
        let Some(mut future) = task.future.take() else { continue };
        let waker = Waker::from(Arc::new(Handle(Rc::into_raw(task.clone()).addr())));
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            task.future.replace(Some(future));
        }
    }
    ASKED.set(false);
}

impl Wake for Handle {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let task = std::mem::ManuallyDrop::new(self.task());
        push(Rc::clone(&task));
    }
}

impl Handle {
    fn task(&self) -> Rc<Task> {
        // SAFETY: the address came from `Rc::into_raw`, and the count it stood for is given up by
        // the drop alone; on this target all is one thread.
        unsafe { Rc::from_raw(std::ptr::with_exposed_provenance(self.0)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.task());
    }
}

impl Executor for Bare {
    const NAME: &'static str = "bare";

    fn spawn(future: impl Future<Output = ()> + 'static) {
        let future = RefCell::new(Some(Box::pin(future) as LocalBoxFuture<'static, ()>));
        push(Rc::new(Task { future, queued: Cell::new(false) }));
    }

    async fn await_promise(promise: Promise) -> JsValue {
        let (sender, receiver) = futures_channel::oneshot::channel();
        let mut sender = Some(sender);
        let kept = Closure::once_into_js(move |value: JsValue| {
            drop(sender.take().expect("it is kept once").send(value));
        });
        let then = promise.unchecked_ref::<Pending>();
        then.then(&kept);
        receiver.await.expect("it is kept")
    }

    async fn sleep(ms: u32) {
        gloo_timers::future::TimeoutFuture::new(ms).await;
    }
}

#[wasm_bindgen]
extern "C" {
    type Pending;
    #[wasm_bindgen(method)]
    fn then(this: &Pending, kept: &JsValue);
}
