//! The side of the worker: serving what the other side asks for.

use super::super::port::Port;
use super::{ANSWER, READY, UNKNOWN, message, start};
use crate::wasm::web::spawn_local;
use js_sys::{Array, Uint8Array};
use std::boxed::Box;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::vec::Vec;
use wasm_bindgen::{JsCast, JsValue};

type Output = Pin<Box<dyn Future<Output = Vec<u8>>>>;
type Job = Box<dyn Fn(Vec<u8>) -> Output>;

/// The functions that workers of this program can run, by name.
///
/// ```ignore
/// async fn sum(input: Vec<u8>) -> Vec<u8> {
///     vec![input.iter().sum()]
/// }
///
/// #[creel::main]
/// async fn main() {
///     if Jobs::new().with("sum", sum).serve() {
///         return; // this is a worker
///     }
///     let pool = Pool::new(Script::module("/pkg/program.js"), PoolOptions::default());
///     assert_eq!(pool.run("sum", vec![1, 2, 3]).await.unwrap(), [6]);
/// }
/// ```
#[derive(Default)]
pub struct Jobs {
    jobs: Vec<(&'static str, Job)>,
}

impl Jobs {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function under a name.
    pub fn with<F, R>(mut self, name: &'static str, job: F) -> Self
    where
        F: Fn(Vec<u8>) -> R + 'static,
        R: Future<Output = Vec<u8>> + 'static,
    {
        self.jobs.push((name, Box::new(move |input| Box::pin(job(input)))));
        self
    }

    /// In a worker that a [`Worker`](super::Worker) or a [`Pool`](super::Pool) has started, serves
    /// from now on and answers `true`: `main` is done. Anywhere else it answers `false`.
    pub fn serve(self) -> bool {
        let Some(port) = start::own_port() else { return false };
        // The other side takes the words of a `Trapped` from the console.
        super::super::report_panics();
        let port = Port::new(port);
        let jobs = Rc::new(self);
        spawn_local(async move {
            let ready = message(READY, JsValue::UNDEFINED, &JsValue::UNDEFINED);
            port.send(&ready).expect("a plain array can be sent");
            let port = Rc::new(port);
            while let Ok(order) = port.recv_shared().await {
                jobs.start(order.unchecked_into(), &port);
            }
        });
        true
    }

    fn start(&self, order: Array, port: &Rc<Port>) {
        let (id, name) = (order.get(0), order.get(1).as_string().unwrap_or_default());
        let Some(job) = self.find(&name) else {
            let unknown = message(UNKNOWN, id, &JsValue::UNDEFINED);
            return port.send(&unknown).expect("a plain array can be sent");
        };
        let output = job(Uint8Array::new(&order.get(2)).to_vec());
        let port = port.clone();
        spawn_local(async move {
            let output = Uint8Array::from(&output.await[..]);
            let answer = message(ANSWER, id, &output);
            port.send_and_transfer(&answer, &Array::of1(&output.buffer()))
                .expect("a new array can be handed over");
        });
    }

    fn find(&self, name: &str) -> Option<&Job> {
        self.jobs.iter().find(|(own, _)| *own == name).map(|(_, job)| job)
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.jobs.iter().map(|(name, _)| name)).finish()
    }
}
