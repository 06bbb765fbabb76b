//! What a pool of two workers is asked to do: creel's, tokio's, and the executor of smol on two
//! threads. Each peer has one pool for the whole process, which sleeps while the others are at it.
//!
//! Two workers on a busy machine share its cores with everybody else, so the processor's time is
//! told beside the time that passed.

mod latency;
mod talk;
mod tasks;
mod timers;

pub use latency::{Latency, latencies};

use crate::{Operation, Run, operation};
use std::future::{Future, pending};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

/// What the pools have in common.
trait Pool: 'static {
    /// Starts a task from outside; its outcome.
    fn submit<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output>;
    /// Waits for a future with this thread, as the runtime itself does it.
    fn block_on<T>(future: impl Future<Output = T>) -> T;
    /// Starts a task from inside of another; its outcome.
    fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output>;
    /// Starts a task from inside of another, or from outside, whose outcome nobody wants.
    fn detach<F: Future<Output = ()> + Send + 'static>(future: F);
    fn yield_now() -> impl Future<Output = ()> + Send;
    fn spawn_blocking<F: FnOnce() + Send + 'static>(function: F) -> impl Outcome<()>;
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
}

/// What the handle of a task is.
trait Outcome<T>: Future<Output = T> + Send + 'static {}
impl<T, F: Future<Output = T> + Send + 'static> Outcome<T> for F {}

/// How many threads each pool has.
const WORKERS: usize = 2;

struct Creel;
struct Tokio;
struct Smol;

fn creel() -> &'static creel::runtime::Runtime {
    static POOL: OnceLock<creel::runtime::Runtime> = OnceLock::new();
    let start = || creel::runtime::Builder::new_multi_thread().worker_threads(WORKERS).build();
    POOL.get_or_init(|| start().expect("two threads"))
}

fn tokio() -> &'static tokio::runtime::Runtime {
    static POOL: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let mut start = || builder.worker_threads(WORKERS).enable_time().build();
    POOL.get_or_init(|| start().expect("two threads"))
}

fn smol() -> &'static async_executor::Executor<'static> {
    static POOL: async_executor::Executor<'static> = async_executor::Executor::new();
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        for _ in 0..WORKERS {
            thread::spawn(|| async_io::block_on(POOL.run(pending::<()>())));
        }
    });
    &POOL
}

impl Pool for Creel {
    fn submit<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output> {
        let task = creel().spawn(future);
        async { task.await.unwrap() }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        creel().block_on(future)
    }

    fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output> {
        let task = creel::spawn(future);
        async { task.await.unwrap() }
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        drop(creel().spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        creel::task::yield_now()
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(function: F) -> impl Outcome<()> {
        let task = creel::task::spawn_blocking(function);
        async { task.await.unwrap() }
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        creel::time::sleep(time)
    }
}

impl Pool for Tokio {
    fn submit<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output> {
        let task = tokio().spawn(future);
        async { task.await.unwrap() }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio().block_on(future)
    }

    fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output> {
        let task = tokio::spawn(future);
        async { task.await.unwrap() }
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        drop(tokio().spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(function: F) -> impl Outcome<()> {
        let task = tokio::task::spawn_blocking(function);
        async { task.await.unwrap() }
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

impl Pool for Smol {
    fn submit<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output> {
        smol().spawn(future)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        async_io::block_on(future)
    }

    fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> impl Outcome<F::Output> {
        smol().spawn(future)
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        smol().spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        futures_lite::future::yield_now()
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(function: F) -> impl Outcome<()> {
        blocking::unblock(function)
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        let timer = async_io::Timer::after(time);
        async { _ = timer.await }
    }
}

/// A program that does its operation so many times, as a task of a pool.
fn inside<P: Pool, F: Future<Output = ()> + Send + 'static>(program: fn(u64) -> F) -> Run {
    Box::new(move |count| futures_lite::future::block_on(P::submit(program(count))))
}

/// One program for every peer, generic over the pool.
macro_rules! on_each {
    ($name:literal, $count:expr, $program:ident) => {
        $crate::operation(
            concat!("pool: ", $name),
            $count,
            &[
                ("creel", || $crate::pool::inside::<Creel, _>($program::<Creel>)),
                ("tokio", || $crate::pool::inside::<Tokio, _>($program::<Tokio>)),
                ("smol", || $crate::pool::inside::<Smol, _>($program::<Smol>)),
            ],
        )
    };
}
use on_each;

/// All operations of pools, in the order of the table.
pub fn operations() -> Vec<Operation> {
    let mut all = tasks::operations();
    all.extend(talk::operations());
    all.extend(timers::operations());
    all
}
