//! The queue that all workers share: for tasks from outside, and for what overflows a ring.
//!
//! Sharded, so that threads which submit at the same time rarely meet; each shard is a list
//! through the cells behind a short lock, so pushing allocates nothing and costs the same however
//! deep the queue is. A worker takes a batch at a time.

use crate::atomic::{AtomicUsize, Ordering};
use crate::env::context;
use crate::env::meter::Count;
use crate::lock::Lock;
use crate::task::Task;
use crate::task::queue::ReadyQueue;
use std::boxed::Box;

#[derive(Debug)]
pub(super) struct Injector {
    shards: Box<[Shard]>,
}

/// On a cache line of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Shard {
    /// How many tasks the list holds; written under the lock, read without.
    len: AtomicUsize,
    /// How many were put into it from outside; written under the lock.
    pushed: Count,
    tasks: Lock<ReadyQueue>,
}

impl Injector {
    /// At least `shards` shards.
    pub(super) fn new(shards: usize) -> Self {
        let shard = |_| Shard {
            len: AtomicUsize::new(0),
            pushed: Count::default(),
            tasks: Lock::new(ReadyQueue::default()),
        };
        Self { shards: (0..shards.next_power_of_two()).map(shard).collect() }
    }

    pub(super) fn len(&self) -> usize {
        // Acquire: who reads "empty" before it waits pairs with the fence of its own hand-over.
        self.shards.iter().map(|shard| shard.len.load(Ordering::Acquire)).sum()
    }

    /// How many tasks came from outside.
    pub(super) fn pushed(&self) -> usize {
        self.shards.iter().map(|shard| shard.pushed.get()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.len.load(Ordering::Acquire) == 0)
    }

    /// The shard that this thread pushes to: its context's address, scrambled.
    fn here(&self) -> &Shard {
        let scrambled = context::thread().wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize);
        &self.shards[(scrambled >> (usize::BITS - 16)) & (self.shards.len() - 1)]
    }

    pub(super) fn push(&self, task: Task) {
        let shard = self.here();
        let mut tasks = shard.tasks.lock();
        shard.pushed.add(1);
        tasks.push(task);
        shard.len.store(tasks.len(), Ordering::Release);
    }

    /// Appends several tasks of a worker under one lock.
    pub(super) fn push_all(&self, all: impl Iterator<Item = Task>) {
        let shard = self.here();
        let mut tasks = shard.tasks.lock();
        all.for_each(|task| tasks.push(task));
        shard.len.store(tasks.len(), Ordering::Release);
    }

    /// Forgets what is queued and what will be: its owner cancels all tasks.
    pub(super) fn close(&self) {
        for shard in &self.shards {
            *shard.tasks.lock() = ReadyQueue::Closed;
            shard.len.store(0, Ordering::Release);
        }
    }

    /// Takes one task, and up to `more` others from the same shard, which `each` gets. Starts to
    /// look at shard `from`.
    pub(super) fn pop(&self, from: usize, more: usize, mut each: impl FnMut(Task)) -> Option<Task> {
        for offset in 0..self.shards.len() {
            let shard = &self.shards[(from + offset) & (self.shards.len() - 1)];
            if shard.len.load(Ordering::Acquire) == 0 {
                continue;
            }
            let mut tasks = shard.tasks.lock();
            let first = tasks.pop();
            for _ in 0..more.min(tasks.len()) {
                tasks.pop().into_iter().for_each(&mut each);
            }
            shard.len.store(tasks.len(), Ordering::Release);
            if first.is_some() {
                return first;
            }
        }
        None
    }
}
