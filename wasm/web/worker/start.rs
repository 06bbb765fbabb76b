//! Starting the thread of a worker, in browsers and in Node.

use super::super::error::{Unsupported, io_error};
use super::super::js;
use super::super::listener::Listener;
use super::super::port::Port;
use super::super::spawn_local;
use super::{TRAP, message};
use crate::time::sleep;
use js_sys::{Array, Function, Object, Reflect};
use std::cell::RefCell;
use std::fmt;
use std::format;
use std::io;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    /// What `BROWSER` and `NODE` leave for the program.
    #[wasm_bindgen(thread_local_v2, js_name = creelWorkerPort)]
    static OWN_PORT: Option<Object>;

    #[wasm_bindgen(thread_local_v2, js_name = Worker)]
    static WORKER: Option<Function>;
    #[wasm_bindgen(js_name = Worker)]
    type JsWorker;
    #[wasm_bindgen(constructor, js_class = Worker, catch)]
    fn new(url: &str, options: &Object) -> Result<JsWorker, JsValue>;
    #[wasm_bindgen(method, js_name = postMessage, catch)]
    fn post_message(this: &JsWorker, message: &JsValue, transfer: &Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn terminate(this: &JsWorker) -> JsValue;
    /// Node's workers are no event targets.
    #[wasm_bindgen(method)]
    fn on(this: &JsWorker, name: &str, callback: &JsValue);

    type Navigator;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<Navigator>;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &Navigator) -> Option<Locks>;
    type Locks;
    #[wasm_bindgen(method)]
    fn request(this: &Locks, name: &str, granted: &js::Callback) -> JsValue;

    type Process;
    #[wasm_bindgen(thread_local_v2, js_name = process)]
    static PROCESS: Option<Process>;
    #[wasm_bindgen(method, js_name = getBuiltinModule, catch)]
    fn builtin_module(this: &Process, name: &str) -> Result<JsValue, JsValue>;

    type Blob;
    #[wasm_bindgen(constructor)]
    fn new(parts: &Array, options: &Object) -> Blob;
    type URL;
    #[wasm_bindgen(static_method_of = URL, js_name = createObjectURL)]
    fn create_object_url(blob: &Blob) -> String;
}

/// From where a worker loads this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    place: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Module,
    Node,
}

impl Script {
    /// The module that `wasm-bindgen --target web` has made, by its URL. A relative one is meant as
    /// the page means it.
    pub fn module(url: &str) -> Self {
        Self { place: url.into(), kind: Kind::Module }
    }

    /// The file that `wasm-bindgen --target nodejs` has made, by its absolute path.
    pub fn node(path: &str) -> Self {
        Self { place: path.into(), kind: Kind::Node }
    }

    /// The path, if it is for Node.
    #[cfg(target_feature = "atomics")]
    pub(in super::super) fn in_node(&self) -> Option<&str> {
        (self.kind == Kind::Node).then_some(&self.place)
    }
}

/// The port to whoever started this worker; `None` on any other thread.
pub(super) fn own_port() -> Option<JsValue> {
    OWN_PORT.with(|port| port.as_ref().map(|port| port.clone().into()))
}

/// What both beginnings do: report what nobody catches, or the panic behind it in its own words, which
/// `panics.rs` has the console tell. Whatever else the console is told is none of that.
const REPORT: &str = "
let panic = '';
const toConsole = console.error;
console.error = (...what) => {
    if (what[0] === 'panicked:') panic = what.join(' ');
    toConsole(...what);
};
const trap = (error) => globalThis.creelWorkerPort.postMessage([3, panic || String(error)]);
const loaded = () => globalThis.creelWorkerPort.postMessage([4]);
";

/// How a worker of a browser is found out that ends by itself, which fires no event: it holds a lock as
/// long as it lives, and says which before it does anything else. Where there are no locks, it goes on.
const ALIVE: &str = "
const alive = (then) => {
    if (!globalThis.navigator?.locks) return then();
    const name = `creel worker ${Math.random()} ${performance.now()}`;
    navigator.locks.request(name, () => {
        globalThis.creelWorkerPort.postMessage([5, name]);
        then();
        return new Promise(() => {});
    }).catch(then);
};
";

/// The beginning of a worker in a browser: a message brings the place of the program, and the port.
const BROWSER: &str = "
addEventListener('error', (event) => { event.preventDefault(); trap(event.message); });
addEventListener('unhandledrejection', (event) => { event.preventDefault(); trap(event.reason); });
addEventListener('message', ({ data }) => {
    globalThis.creelWorkerPort = data[1];
    alive(() => import(data[0]).then((program) => program.default()).then(loaded, trap));
}, { once: true });
";

/// The same in Node.
const NODE: &str = "
const { workerData } = require('node:worker_threads');
globalThis.creelWorkerPort = workerData[1];
process.on('uncaughtException', trap);
process.on('unhandledRejection', trap);
try { require(workerData[0]).initSync?.(); loaded() } catch (error) { trap(error) }
";

/// The thread of a worker, terminated when dropped.
pub(super) struct Thread {
    worker: JsWorker,
    listener: Listener,
}

impl Thread {
    /// Starts a thread that loads `script` and gives it one end of the port whose other end is
    /// `near`. What goes wrong is told there, as if the worker did.
    pub(super) fn start(script: &Script, far: JsValue, near: &Port) -> io::Result<Self> {
        let start = Array::of2(&script.place.as_str().into(), &far);
        let transfer = Array::of1(&far);
        let worker: JsWorker = match script.kind {
            Kind::Module => {
                let code = format!("{REPORT}{ALIVE}{BROWSER}");
                browser_worker(script, &code, "", &start, &transfer)?.unchecked_into()
            }
            Kind::Node => {
                node_worker(&format!("{REPORT}{NODE}"), &start, &transfer)?.unchecked_into()
            }
        };
        let report = near.injector();
        let is_module = script.kind == Kind::Module;
        let listener = Listener::new(move |kind, error| {
            if kind == ENDED {
                let report = report.clone();
                return drop(spawn_local(async move {
                    // What it has said before its end may come later.
                    sleep(LAST_WORDS).await;
                    report(message(TRAP, ENDED_ITSELF, &JsValue::UNDEFINED).into());
                }));
            }
            if is_module {
                // Else the page would hear of it as of an error of its own.
                error.unchecked_ref::<js::Event>().prevent_default();
            }
            let said = Reflect::get(&error, &"message".into()).unwrap_or(JsValue::UNDEFINED);
            let said = said.as_string().unwrap_or_else(|| "its script does not load".into());
            report(message(TRAP, said, &JsValue::UNDEFINED).into());
        });
        match script.kind {
            Kind::Module => listener.listen(&worker, "error", FAILED).map_err(io_error)?,
            Kind::Node => {
                worker.on("error", &listener.callback(FAILED));
                worker.on("exit", &listener.callback(ENDED));
            }
        }
        Ok(Self { worker, listener })
    }

    /// Has the end of the worker told that holds the lock of this name.
    pub(super) fn watch(&self, name: &str) {
        let locks = NAVIGATOR.with(|navigator| navigator.as_ref().and_then(Navigator::locks));
        let Some(locks) = locks else { return };
        // Granted when the worker is gone, and given back at once. A page that ends is told nothing.
        super::super::iter::ignore(&locks.request(name, &self.listener.callback(ENDED)));
    }
}

/// What a listener to a worker hears.
pub(in super::super) const FAILED: u32 = 0;
const ENDED: u32 = 1;

const ENDED_ITSELF: &str = "it ended by itself";
const LAST_WORDS: Duration = Duration::from_millis(20);

/// Starts a worker of a browser that runs `code` and is sent `start`, whose first value becomes the
/// place of `script`.
pub(in super::super) fn browser_worker(
    script: &Script,
    code: &str,
    name: &str,
    start: &Array,
    transfer: &Array,
) -> io::Result<JsValue> {
    if WORKER.with(Option::is_none) || script.kind == Kind::Node {
        return Err(Unsupported::new(
            "Worker",
            "start workers from the page or a dedicated worker; in Node use `Script::node`",
        )
        .into());
    }
    // Relative to where this program is, for the blob has no place of its own.
    start.set(0, absolute(&script.place).into());
    let worker = JsWorker::new(&address_of(code), &object(&[("type", "module"), ("name", name)]));
    let sent = worker.and_then(|worker| {
        worker.post_message(start, transfer)?;
        Ok(worker.into())
    });
    sent.map_err(io_error)
}

/// A URL with this code behind it. Each of the few codes has one, as long as the thread lives: when a
/// worker fetches it, it does not say.
fn address_of(code: &str) -> String {
    std::thread_local! {
        static ADDRESSES: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
    }
    ADDRESSES.with_borrow_mut(|addresses| {
        if let Some((_, address)) = addresses.iter().find(|(of, _)| of == code) {
            return address.clone();
        }
        let options = object(&[("type", "text/javascript")]);
        let address = URL::create_object_url(&Blob::new(&Array::of1(&code.into()), &options));
        addresses.push((code.into(), address.clone()));
        address
    })
}

/// A URL as the global scope understands it.
fn absolute(place: &str) -> String {
    #[wasm_bindgen]
    extern "C" {
        type Location;
        #[wasm_bindgen(thread_local_v2, js_name = location)]
        static LOCATION: Option<Location>;
        #[wasm_bindgen(method, getter)]
        fn href(this: &Location) -> String;

        #[wasm_bindgen(js_name = URL)]
        type Address;
        #[wasm_bindgen(constructor, js_class = URL, catch)]
        fn new(place: &str, base: &str) -> Result<Address, JsValue>;
        #[wasm_bindgen(method, getter, js_name = href)]
        fn whole(this: &Address) -> String;
    }
    let base = LOCATION.with(|location| location.as_ref().map(Location::href));
    let whole = base.and_then(|base| Address::new(place, &base).ok());
    whole.map_or_else(|| place.into(), |address| address.whole())
}

/// Starts a worker of Node's that runs `code`, whose `workerData` is `start`.
pub(in super::super) fn node_worker(
    code: &str,
    start: &Array,
    transfer: &Array,
) -> io::Result<JsValue> {
    let threads = node_module("worker_threads")?;
    let class = Reflect::get(&threads, &"Worker".into()).map_err(io_error)?;
    let options = object(&[]);
    for (name, value) in [
        ("eval", JsValue::TRUE),
        ("workerData", start.into()),
        ("transferList", transfer.into()),
        // Not what the program was started with.
        ("execArgv", Array::new().into()),
    ] {
        set(&options, name, &value);
    }
    let arguments = Array::of2(&code.into(), &options);
    Reflect::construct(class.unchecked_ref::<Function>(), &arguments).map_err(io_error)
}

/// What Node brings along.
pub(in super::super) fn node_module(name: &str) -> io::Result<JsValue> {
    let unsupported = || {
        Unsupported::new(
            "worker of Node's",
            "`Script::node` is for Node 20.16 and later; elsewhere use `Script::module`",
        )
    };
    PROCESS.with(|process| {
        let process = process.as_ref().ok_or_else(unsupported)?;
        Ok(process.builtin_module(name).map_err(|_| unsupported())?)
    })
}

/// Calls `call` when a worker fails, and when it ends, of which one in a browser tells by a message.
#[cfg(target_feature = "atomics")]
pub(in super::super) fn on_end(script: &Script, worker: &JsValue, call: &Listener) {
    let ended = if script.kind == Kind::Module { "message" } else { "exit" };
    for (name, kind) in [("error", FAILED), (ended, ENDED)] {
        match script.kind {
            // What cannot listen has no worker either.
            Kind::Module => drop(call.listen(worker, name, kind)),
            Kind::Node => worker.unchecked_ref::<JsWorker>().on(name, &call.callback(kind)),
        }
    }
}

/// Ends a worker, whatever it does.
#[cfg(target_feature = "atomics")]
pub(in super::super) fn end(worker: &JsValue) {
    super::super::iter::ignore(&worker.unchecked_ref::<JsWorker>().terminate());
}

fn object(texts: &[(&str, &str)]) -> Object {
    let object = Object::new();
    texts.iter().for_each(|(name, text)| set(&object, name, &JsValue::from_str(text)));
    object
}

fn set(object: &Object, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).expect("a new object takes any property");
}

impl Drop for Thread {
    fn drop(&mut self) {
        super::super::iter::ignore(&self.worker.terminate());
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thread")
    }
}
