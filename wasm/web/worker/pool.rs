//! Several workers that do jobs as they come, each replaced when it traps.
//!
//! Each worker has a keeper, a task that takes orders from a channel that all share. It starts its
//! worker with the first order, drops it when it has trapped, be it between two jobs, or when nobody
//! waits for its job any more, and then starts another for the next. When the pool is dropped the
//! channel ends, the keepers end, and with them the workers.

use super::super::spawn_local;
use super::{Script, Worker, WorkerError};
use crate::sync::{mpmc, oneshot};
use crate::time::Instant;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

/// How a [`Pool`] is kept.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    /// How many workers there are, at most: two unless told.
    pub workers: NonZeroUsize,
    /// How many jobs wait for a worker, at most, before [`Pool::run`] waits to add one: 64 unless
    /// told.
    pub waiting: NonZeroUsize,
    /// The pool gives up when its workers have trapped more often than this: 5 times unless told,
    pub restarts: usize,
    /// within this time: 10 seconds unless told.
    pub within: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        let number = |number| NonZeroUsize::new(number).expect("it is not zero");
        Self {
            workers: number(2),
            waiting: number(64),
            restarts: 5,
            within: Duration::from_secs(10),
        }
    }
}

/// Workers that do jobs as they come. Dropped, its workers are terminated.
#[derive(Debug)]
pub struct Pool {
    orders: mpmc::Sender<Order>,
    traps: Rc<Traps>,
}

#[derive(Debug)]
struct Order {
    name: String,
    input: Vec<u8>,
    reply: oneshot::Sender<Result<Vec<u8>, WorkerError>>,
}

/// When workers have trapped of late.
#[derive(Debug)]
struct Traps {
    options: PoolOptions,
    times: RefCell<VecDeque<Instant>>,
}

impl Pool {
    /// A pool whose workers are started when they are needed first.
    pub fn new(script: Script, options: PoolOptions) -> Self {
        let (orders, queue) = mpmc::channel(options.waiting.get());
        let traps = Rc::new(Traps { options, times: RefCell::default() });
        for _ in 0..options.workers.get() {
            spawn_local(keep(script.clone(), queue.clone(), traps.clone()));
        }
        Self { orders, traps }
    }

    /// Has a worker do the job of this name, and waits for its output.
    ///
    /// # Errors
    /// [`WorkerError::Trapped`] if the worker trapped during this very job: it may have been done in
    /// part, so it is not tried again. Jobs that wait are not harmed. The other errors as their names
    /// say.
    ///
    /// # Cancel safety
    /// Dropping the future takes the job back, or terminates the worker that does it.
    pub async fn run(&self, name: &str, input: Vec<u8>) -> Result<Vec<u8>, WorkerError> {
        let (reply, answer) = oneshot::channel();
        let order = Order { name: name.into(), input, reply };
        // The keepers live as long as the pool.
        let _ = self.orders.send(order).await;
        answer.await.unwrap_or(Err(WorkerError::Exhausted))
    }

    /// How many workers have trapped within the time that counts.
    pub fn recent_traps(&self) -> usize {
        self.traps.recent()
    }
}

async fn keep(script: Script, queue: mpmc::Receiver<Order>, traps: Rc<Traps>) {
    let mut worker = None;
    loop {
        let order = crate::select! {
            biased;
            // By what a job has left behind.
            () = gone(&mut worker) => {
                worker = None;
                traps.note();
                continue;
            }
            order = queue.recv() => order,
        };
        let Some(Order { name, input, mut reply }) = order else { return };
        if reply.is_closed() {
            // It was taken back.
            continue;
        }
        if traps.are_too_many() {
            let _ = reply.send(Err(WorkerError::Exhausted));
            continue;
        }
        let job = async {
            let mut own = match worker.take() {
                Some(worker) => worker,
                None => Worker::start(&script).await?,
            };
            let outcome = own.run(&name, &input).await;
            if !matches!(outcome, Err(WorkerError::Trapped(_))) {
                worker = Some(own);
            }
            outcome
        };
        let outcome = crate::select! {
            biased;
            outcome = job => outcome,
            // Nobody waits for it: the worker ends with the future that has it.
            () = reply.closed() => continue,
        };
        if matches!(outcome, Err(WorkerError::Trapped(_) | WorkerError::NotStarted(_))) {
            traps.note();
        }
        let _ = reply.send(outcome);
    }
}

/// Waits until the worker has trapped, if there is one.
async fn gone(worker: &mut Option<Worker>) {
    match worker {
        Some(worker) => worker.gone().await,
        None => pending().await,
    }
}

impl Traps {
    fn note(&self) {
        self.times.borrow_mut().push_back(Instant::now());
    }

    fn recent(&self) -> usize {
        let mut times = self.times.borrow_mut();
        while times.front().is_some_and(|time| time.elapsed() > self.options.within) {
            times.pop_front();
        }
        times.len()
    }

    fn are_too_many(&self) -> bool {
        self.recent() > self.options.restarts
    }
}
