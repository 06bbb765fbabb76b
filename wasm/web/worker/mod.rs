//! Rust functions in workers: memories of their own, so what goes in and comes out is bytes.
//!
//! A worker loads the same program again ([`Script`] says from where). There [`Jobs::serve`] finds
//! the port that `start.rs` has left, and runs what is asked for by name; on the other side
//! [`Worker`] asks, and [`Pool`] keeps several.
//!
//! A worker that traps is done for: whoever waits for it is told, and a pool starts another. So it is with
//! one that ends by itself (`self.close()`), except where a browser has no Web Locks: outside of secure
//! contexts.

mod inside;
mod pool;
mod start;

pub use inside::Jobs;
pub use pool::{Pool, PoolOptions};
pub use start::Script;
#[cfg(target_feature = "atomics")]
pub(super) use start::{FAILED, browser_worker, end, node_module, node_worker, on_end};

use super::port::Port;
use super::spawn_local;
use crate::task::JoinHandle;
use crate::time::timeout;
use js_sys::{Array, Uint8Array};
use std::fmt;
use std::io;
use std::string::{String, ToString};
use std::time::Duration;
use std::vec::Vec;
use wasm_bindgen::{JsCast, JsValue};

/// What a worker says first in a message; the id of a job, its outcome, and what belongs to that
/// follow.
const READY: f64 = 0.0;
const ANSWER: f64 = 1.0;
const UNKNOWN: f64 = 2.0;
const TRAP: f64 = 3.0;
const LOADED: f64 = 4.0;
/// The name of the lock that it holds follows.
const ALIVE: f64 = 5.0;

/// How long a program that was loaded may take until it serves.
const UNTIL_READY: Duration = Duration::from_secs(5);

/// Why a worker did not do a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerError {
    /// The worker trapped, by a panic, an overflow of its stack, no memory, or something thrown that nobody
    /// caught; or it ended by itself. The job may have been done in part.
    Trapped(String),
    /// No job of this name is served: add it to the [`Jobs`].
    Unknown(String),
    /// The worker could not be started.
    NotStarted(String),
    /// The pool has given up, because its workers trapped too often.
    Exhausted,
}

impl fmt::Display for WorkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trapped(why) => write!(f, "the worker trapped: {why}"),
            Self::Unknown(name) => {
                write!(f, "the worker serves no job `{name}`: add it to its `Jobs`")
            }
            Self::NotStarted(why) => write!(f, "the worker did not start: {why}"),
            Self::Exhausted => f.write_str("the workers of the pool trapped too often"),
        }
    }
}

impl std::error::Error for WorkerError {}

/// A worker that does jobs for this thread, one after another. Dropped, it is terminated.
///
/// ```ignore
/// let mut worker = Worker::start(&Script::module("/pkg/program.js")).await?;
/// let sum = worker.run("sum", bytes).await?;
/// ```
#[derive(Debug)]
pub struct Worker {
    port: Port,
    last_id: f64,
    thread: start::Thread,
}

/// A job that a worker is asked to do.
struct Order<'a> {
    id: f64,
    name: &'a str,
    input: &'a [u8],
}

impl Worker {
    /// Starts a worker and waits until it serves.
    ///
    /// # Errors
    /// [`WorkerError::NotStarted`] if there are no workers here, or the script does not load, or
    /// does not call [`Jobs::serve`] and ends.
    ///
    /// # Cancel safety
    /// Dropping the future terminates the worker.
    pub async fn start(script: &Script) -> Result<Self, WorkerError> {
        let (port, far) = Port::pair();
        let thread = start::Thread::start(script, far.into_js(), &port).map_err(not_started)?;
        let mut worker = Self { port, last_id: 0.0, thread };
        let mut first = worker.hear().await.map_err(not_started)?;
        if tag(&first) == ALIVE {
            worker.thread.watch(&said(&first));
            first = worker.hear().await.map_err(not_started)?;
        }
        if tag(&first) == LOADED {
            let next = timeout(UNTIL_READY, worker.hear()).await;
            let silent = || WorkerError::NotStarted("it does not call `Jobs::serve`".into());
            first = next.map_err(|_| silent())?.map_err(not_started)?;
        }
        match tag(&first) {
            READY => Ok(worker),
            _ => Err(WorkerError::NotStarted(said(&first))),
        }
    }

    /// Has the worker do the job of this name, and waits for its output.
    ///
    /// # Errors
    /// [`WorkerError::Trapped`], after which the worker is of no more use, and
    /// [`WorkerError::Unknown`].
    ///
    /// # Cancel safety
    /// Dropping the future forgets the output; the worker goes on. Drop the worker to end the job.
    pub async fn run(&mut self, name: &str, input: &[u8]) -> Result<Vec<u8>, WorkerError> {
        self.last_id += 1.0;
        let order = Order { id: self.last_id, name, input };
        self.port.send_bytes(&order).map_err(|error| WorkerError::Trapped(error.to_string()))?;
        loop {
            let message = match self.hear().await {
                Ok(message) => message,
                Err(error) => return Err(WorkerError::Trapped(error.to_string())),
            };
            let is_ours = message.get(1).as_f64() == Some(order.id);
            match tag(&message) {
                TRAP => return Err(WorkerError::Trapped(said(&message))),
                UNKNOWN if is_ours => return Err(WorkerError::Unknown(name.into())),
                ANSWER if is_ours => return Ok(Uint8Array::new(&message.get(2)).to_vec()),
                // The output of a job that nobody waits for any more.
                _ => {}
            }
        }
    }

    async fn hear(&mut self) -> io::Result<Array> {
        Ok(self.port.recv().await?.unchecked_into())
    }

    /// Waits until it has trapped, between two jobs.
    async fn gone(&mut self) {
        // The output of a job that nobody waits for any more may come first.
        while self.hear().await.is_ok_and(|message| tag(&message) != TRAP) {}
    }
}

/// Runs the job of this name in a worker of its own, which is terminated afterwards. Aborting the
/// task terminates it at once.
///
/// ```ignore
/// let thumbnail = web::spawn_worker(&script, "thumbnail", image).await??;
/// ```
pub fn spawn_worker(
    script: &Script,
    name: &str,
    input: Vec<u8>,
) -> JoinHandle<Result<Vec<u8>, WorkerError>> {
    let (script, name) = (script.clone(), String::from(name));
    spawn_local(async move { Worker::start(&script).await?.run(&name, &input).await })
}

impl Port {
    fn send_bytes(&self, order: &Order<'_>) -> io::Result<()> {
        let input = Uint8Array::from(order.input);
        let message = Array::of3(&order.id.into(), &order.name.into(), &input);
        self.send_and_transfer(&message, &Array::of1(&input.buffer()))
    }
}

fn tag(message: &Array) -> f64 {
    message.get(0).as_f64().unwrap_or(TRAP)
}

/// What a worker said when it trapped.
fn said(message: &Array) -> String {
    message.get(1).as_string().unwrap_or_else(|| "it does not say why".into())
}

fn not_started(error: io::Error) -> WorkerError {
    WorkerError::NotStarted(error.to_string())
}

/// A message of a worker.
fn message(tag: f64, second: impl Into<JsValue>, third: &JsValue) -> Array {
    Array::of3(&tag.into(), &second.into(), third)
}
