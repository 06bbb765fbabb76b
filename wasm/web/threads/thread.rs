//! What the pool asks of the system, by dedicated workers, or worker threads of Node, with this module
//! and this memory.
//!
//! Why unsafe: what a thread shall run goes to it as an address.

use super::super::error::{Unsupported, io_error};
use super::super::js;
use super::super::listener::Listener;
use super::super::worker::{FAILED, Script, browser_worker, end, node_module, node_worker, on_end};
use crate::lock::Lock;
use crate::runtime::ThreadConfig;
use crate::task::guard;
use js_sys::{Array, ArrayBuffer, Function, JsString, Reflect, WebAssembly};
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::io;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicI32;
use wasm_bindgen::{JsCast, JsValue};

#[path = "../../../native/thread/fences_none.rs"]
mod fences;

pub(super) use fences::{fence_all, fence_one, prepare_fences};

/// Nothing waits here: the main thread may not, and a worker of a pool is occupied.
pub(super) const MAY_WAIT: bool = false;

/// A thread that ends by itself.
#[derive(Debug)]
pub(super) struct JoinHandle<T>(std::marker::PhantomData<T>);

impl<T> JoinHandle<T> {
    /// Does nothing: nobody waits here.
    pub(super) fn join(self) -> io::Result<()> {
        Ok(())
    }
}

/// Nobody says here where a thread runs.
pub(super) fn pin(_: &JoinHandle<()>, _: usize) -> io::Result<()> {
    let why = "a browser binds no thread to a processor: leave `worker_cores` out";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

/// Nobody says here how late a wait may end.
pub(super) fn wake_in_time() {}

/// What a thread shall run, until it has begun.
type Start = Lock<Option<Box<dyn FnOnce() + Send>>>;

std::thread_local! {
    /// From where the threads that are started now load the program.
    static SCRIPT: RefCell<Option<Script>> = const { RefCell::new(None) };
    /// Whether this thread belongs to a pool.
    static IS_OF_POOL: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`, whose threads load `script`.
pub(super) fn with_script<R>(script: &Script, f: impl FnOnce() -> R) -> R {
    SCRIPT.set(Some(script.clone()));
    let answer = f();
    SCRIPT.set(None);
    answer
}

/// The shared memory.
pub(in super::super) fn memory() -> ArrayBuffer {
    wasm_bindgen::memory().unchecked_into::<WebAssembly::Memory>().buffer().unchecked_into()
}

/// # Panics
/// On a thread of a pool, where nothing of JavaScript's is ever heard.
#[track_caller]
pub(in super::super) fn refuse_events() {
    assert!(
        !IS_OF_POOL.get(),
        "a worker of a multi-threaded runtime waits with its thread, so JavaScript cannot call it: \
         await promises, events and the like on the event loop of a page or worker, and send what \
         they bring by a channel"
    );
}

/// The beginning of a thread: a message brings the program, its memory, and what to run.
const BOOT: &str = "
addEventListener('message', ({ data: [place, module, memory, body, stack] }) => {
    import(place).then((program) => {
        const own = program.initSync({ module, memory, thread_stack_size: stack });
        own.__creel_thread(body);
        own.__wbindgen_thread_destroy?.();
        postMessage('ended');
        close();
    }).catch((error) => setTimeout(() => { throw error; }));
}, { once: true });
";

/// The same in Node, where the thread ends when it has nothing left to do. One thread at a time begins or
/// ends, by [`GATE`].
const NODE_BOOT: &str = "
const { workerData: [place, module, memory, body, stack, gate] } = require('node:worker_threads');
const word = new Int32Array(memory.buffer, gate, 1);
const alone = (act) => {
    while (Atomics.compareExchange(word, 0, 0, 1)) Atomics.wait(word, 0, 1);
    try { return act(); } finally { Atomics.store(word, 0, 0); Atomics.notify(word, 0, 1); }
};
const own = alone(() => require(place).initSync({ module, memory, thread_stack_size: stack }));
own.__creel_thread(body);
alone(() => own.__wbindgen_thread_destroy?.());
";

/// Zero, or one while a thread begins or ends. wasm-bindgen has a lock of its own in these, but in Node 20
/// whoever had to wait for it took itself for the first thread, and ran `main` once more: the engine
/// forgets a local variable there.
static GATE: AtomicI32 = AtomicI32::new(0);

/// Starts a thread of a runtime, between its callbacks. Where that turns out later not to work, as the
/// script does not load, `run` is dropped.
///
/// # Errors
/// Where the memory is not shared, or no worker can be started.
pub(super) fn spawn(
    config: &ThreadConfig,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    check()?;
    let script = SCRIPT.with_borrow(Clone::clone).expect("a pool is started with a script");
    let (on_start, on_stop) = (config.on_start.clone(), config.on_stop.clone());
    let body: Start = Lock::new(Some(Box::new(move || {
        IS_OF_POOL.set(true);
        on_start.iter().for_each(|call| guard(|| call()));
        run();
        on_stop.iter().for_each(|call| guard(|| call()));
    })));
    let kept = Arc::new(body);
    let body = Arc::into_raw(kept.clone());
    let stack = config.stack_size.map_or(JsValue::UNDEFINED, |bytes| {
        JsValue::from(bytes.next_multiple_of(64 * 1024) as u32)
    });
    let start = Array::of5(
        &JsValue::UNDEFINED,
        &wasm_bindgen::module(),
        &wasm_bindgen::memory(),
        &(body.addr() as u32).into(),
        &stack,
    );
    let started = match script.in_node() {
        Some(place) => {
            start.set(0, place.into());
            start.push(&(core::ptr::from_ref(&GATE).addr() as u32).into());
            node_worker(NODE_BOOT, &start, &Array::new())
        }
        None => browser_worker(&script, BOOT, &config.thread_name(), &start, &Array::new()),
    };
    match started {
        Ok(worker) => {
            report(&script, worker, kept);
            Ok(JoinHandle(std::marker::PhantomData))
        }
        Err(error) => {
            // SAFETY: nobody was given the address.
            drop(unsafe { Arc::from_raw(body) });
            Err(error)
        }
    }
}

/// Says on the console when a thread ended badly, and drops what it should have run if it never began.
fn report(script: &Script, worker: JsValue, body: Arc<Start>) {
    let is_event = script.in_node().is_none();
    // Heard of once, however it ends.
    let own: Rc<Cell<Option<Listener>>> = Rc::default();
    let (kept, ends) = (own.clone(), worker.clone());
    let listener = Listener::new(move |kind, error| {
        drop(kept.take());
        if kind != FAILED {
            return;
        }
        if is_event {
            error.unchecked_ref::<js::Event>().prevent_default();
        }
        let said = Reflect::get(&error, &"message".into()).unwrap_or(JsValue::UNDEFINED);
        let said = said.as_string().unwrap_or_else(|| "its script does not load".into());
        js::console_error(&std::format!("a worker of a multi-threaded runtime is gone: {said}"));
        end(&ends);
        let never_begun = body.lock().take();
        drop(never_begun);
    });
    on_end(script, &worker, &listener);
    own.set(Some(listener));
}

/// # Errors
/// What is missing here for threads.
fn check() -> io::Result<()> {
    let atomics = Reflect::get(&js_sys::global(), &"Atomics".into()).map_err(io_error)?;
    let has_wait = Reflect::get(&atomics, &"waitAsync".into()).is_ok_and(|it| it.is_function());
    if !has_wait {
        return Err(Unsupported::new(
            "Atomics.waitAsync",
            "without it other threads cannot wake this one; use `Pool` and its workers with memories \
             of their own",
        )
        .into());
    }
    let isolated = Reflect::get(&js_sys::global(), &"crossOriginIsolated".into());
    // Node does not know of it, and shares.
    if isolated.is_ok_and(|isolated| isolated == JsValue::FALSE) {
        return Err(Unsupported::new(
            "shared memory",
            "serve the page with `Cross-Origin-Opener-Policy: same-origin` and \
             `Cross-Origin-Embedder-Policy: require-corp`",
        )
        .into());
    }
    Ok(())
}

/// How many processors there are, as far as the browser or Node tells.
pub(super) fn available_parallelism() -> io::Result<NonZeroUsize> {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &JsString::from(name)).ok();
    let navigator = get(&js_sys::global(), "navigator");
    let count = navigator.and_then(|it| get(&it, "hardwareConcurrency")).and_then(|it| it.as_f64());
    let count = count.or_else(|| {
        let system = node_module("os").ok()?;
        let call: Function = get(&system, "availableParallelism")?.dyn_into().ok()?;
        call.call0(&system).ok()?.as_f64()
    });
    let count = count.and_then(|count| NonZeroUsize::new(count as usize));
    count.ok_or_else(|| {
        Unsupported::new("navigator.hardwareConcurrency", "say how many `worker_threads`").into()
    })
}

/// A hint: there is nothing to give way with.
pub(super) fn yield_now() {
    std::hint::spin_loop();
}

/// What a new thread runs, once.
// SAFETY: the name is this crate's own.
#[unsafe(no_mangle)]
extern "C" fn __creel_thread(body: *const Start) {
    // SAFETY: the address that `spawn` gave to this thread alone.
    let body = unsafe { Arc::from_raw(body) };
    let run = body.lock().take();
    run.into_iter().for_each(|run| run());
}
