//! The one owning handle of a pool: how it starts, and how it is shut down.

use super::super::driver::Driver;
use super::idle::Idle;
use super::injector::Injector;
use super::next::NextSlot;
use super::registries::Registries;
use super::thread::{self, JoinHandle};
use super::worker::{self, Worker};
use super::{BIAS, OPS, Remote, Shared, release};
use crate::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use crate::collections::run_queue::Ring;
use crate::env::Env;
use crate::env::context;
use crate::env::meter::SharedCount;
use crate::env::owner::{Owner, OwnerRef};
use crate::lock::Lock;
use crate::runtime::{Config, Deadline, ShutdownReport, Survivor, Threads};
use crate::task::observer::{Observer, Watch};
use core::ptr;
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::vec::Vec;

/// The one owning handle of a pool.
#[derive(Debug)]
pub(in super::super) struct Pool {
    shared: Arc<Shared>,
    threads: Lock<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts the workers.
    pub(in super::super) fn start(
        config: &Config,
        mut env: Env,
        driver: Arc<Driver>,
    ) -> io::Result<Self> {
        let count = match config.threads.workers {
            Some(count) => count,
            None => thread::available_parallelism().map_or(1, usize::from),
        };
        thread::prepare_fences();
        env.timers.split(count);
        env.meter.split(count, config.histogram());
        let remote = |_| Remote {
            ring: Ring::new(worker::RING),
            next: NextSlot::new(),
            parker: Lock::new(None),
            local: Lock::new(None),
            vacant: AtomicBool::new(false),
        };
        let shared = Arc::new(Shared {
            owner: Owner::new(&OPS),
            this: AtomicPtr::new(ptr::null_mut()),
            references: AtomicUsize::new(2 * BIAS),
            watch: Watch::of(&env),
            env,
            driver,
            remotes: (0..count).map(remote).collect(),
            injector: Injector::new(count),
            idle: Idle::new(count),
            registries: Registries::new(count),
            spawned_outside: SharedCount::default(),
            bound: Lock::default(),
            placed: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            retired: Lock::new(Vec::new()),
            away: Lock::default(),
            seats: AtomicUsize::new(count),
            running: AtomicUsize::new(count),
            all_ended: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            ended: Mutex::new(()),
            on_ended: Condvar::new(),
            has_next: config.lifo_slot,
            event_interval: config.event_interval,
            injector_interval: config.global_queue_interval,
            on_park: config.threads.on_park.clone(),
            on_unpark: config.threads.on_unpark.clone(),
        });
        // The references have an `Arc` of their own, which the last of them gives back.
        shared.this.store(Arc::into_raw(Arc::clone(&shared)).cast_mut(), Ordering::Relaxed);
        let pool = Self { shared: Arc::clone(&shared), threads: Lock::new(Vec::new()) };
        for index in 0..count {
            let seat = Seat { index, shared: Some(Arc::clone(&shared)) };
            let started = thread::spawn(&config.threads, move || seat.sit());
            let cores = &config.threads.cores;
            let core = (!cores.is_empty()).then(|| cores[index % cores.len()]);
            let result = started.and_then(|thread| {
                let pinned = core.map_or(Ok(()), |core| thread::pin(&thread, core));
                pool.threads.lock().push(thread);
                pinned
            });
            if let Err(error) = result {
                pool.shared.close();
                // Those that never started cannot end.
                (index + 1..count).for_each(|_| pool.shared.worker_ended(0, true));
                let threads = core::mem::take(&mut *pool.threads.lock());
                threads.into_iter().for_each(|thread| drop(thread.join()));
                return Err(error);
            }
        }
        Ok(pool)
    }

    pub(in super::super) fn owner(&self) -> OwnerRef {
        self.shared.owner()
    }

    /// Whoever looks at its tasks, if anybody does.
    pub(in super::super) fn observer(&self) -> Option<&Arc<Observer>> {
        self.shared.watch.observer()
    }
}

/// A seat on its way to the thread that shall take it. A pool where one never arrives ends: the tasks
/// that are given to that thread would wait for ever.
struct Seat {
    index: usize,
    /// None once it has arrived.
    shared: Option<Arc<Shared>>,
}

impl Seat {
    fn sit(mut self) {
        let shared = self.shared.take();
        shared.into_iter().for_each(|shared| Worker::new(self.index, shared).run());
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.close();
            shared.worker_ended(0, true);
        }
    }
}

impl Threads for Pool {
    fn are_waited_for(&self) -> bool {
        thread::MAY_WAIT
    }

    fn shut_down(&self, deadline: Deadline, report: &mut ShutdownReport) {
        let shared = &*self.shared;
        if shared.driver.is_inherited() {
            // The workers are the parent's.
            return;
        }
        if thread::MAY_WAIT && matches!(deadline, Deadline::Graceful(_)) {
            shared.wait(deadline, || shared.task_count() == 0);
        }
        shared.registries.for_each(|task| report.survivors.push(Survivor::of(task)));
        shared.close();
        if !thread::MAY_WAIT || context::with(|cx| cx.occupied.get()) {
            // A thread that tasks depend on does not wait: the workers end by themselves.
            return;
        }
        shared.wait(deadline, || shared.all_ended.load(Ordering::Acquire));
        if shared.all_ended.load(Ordering::Acquire) {
            // Each has done all but return.
            let threads = core::mem::take(&mut *self.threads.lock());
            threads.into_iter().for_each(|thread| drop(thread.join()));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.close();
        release(self.shared.as_owner(), BIAS);
    }
}
