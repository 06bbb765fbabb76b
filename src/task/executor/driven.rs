//! What only the driving thread touches: the queue, the berths, the registry.

use super::{Counts, Executor};
use crate::atomic::THREADS;
use crate::env::context;
use crate::env::rng::Rng;
use crate::task::berths::Berths;
use crate::task::cell::{NEW, Task};
use crate::task::queue::{Inbox, ReadyQueue};
use crate::task::registry::Registry;
use crate::task::state::Paused;

/// After how many turns the inbox is emptied although the queue is not.
const INBOX_INTERVAL: u32 = 32;

/// See the module.
pub(super) struct Core {
    pub(super) queue: ReadyQueue,
    /// Ends a task that comes when the queue is closed: left by whoever closes it, so that a program whose
    /// executors never end does not contain it.
    pub(super) refuse: Option<fn(&Executor, Task)>,
    /// Tasks that wait and are held all the same.
    pub(super) berths: Berths,
    pub(super) registry: Registry,
    /// How many tasks are bound to the thread in `home`, where there are others.
    pub(super) locals: usize,
    pub(super) home: usize,
    pub(super) turns: u32,
    /// The thread that drove it last.
    #[cfg(feature = "native")]
    pub(super) thread: Option<crate::env::thread_id::ThreadId>,
    /// The root future's waker was called on the driving thread.
    pub(super) root_woken: bool,
    /// The runtime's own randomness, if it was given a seed.
    pub(super) rng: Option<Rng>,
    /// A task that panics ends all others.
    pub(super) panic_is_fatal: bool,
}

impl Core {
    /// With room for so many tasks before the registry grows.
    pub(super) fn new(queue: ReadyQueue, rng: Option<Rng>, room: usize) -> Self {
        Self {
            queue,
            refuse: None,
            berths: Berths::new(),
            registry: Registry::new(room),
            locals: 0,
            home: 0,
            turns: 0,
            #[cfg(feature = "native")]
            thread: None,
            root_woken: false,
            rng,
            panic_is_fatal: false,
        }
    }

    #[inline]
    pub(super) fn register(&mut self, task: Task) {
        self.registry.insert(task);
        if THREADS && task.is_local() {
            self.locals += 1;
            self.home = context::thread();
        }
    }

    #[inline]
    pub(super) fn forget(&mut self, task: Task) {
        self.registry.remove(task);
        if THREADS && task.is_local() {
            self.locals -= 1;
        }
    }

    /// Moves what came from elsewhere into the queue.
    #[inline]
    pub(super) fn empty_inbox(&mut self, inbox: &Inbox, counts: &Counts) {
        inbox.take(|task| {
            counts.received.add(1);
            if task.slot() == NEW {
                self.register(task);
            }
            self.queue.push(task);
        });
    }

    /// Nothing runs any more, and what comes is refused.
    pub(super) fn close(&mut self) {
        self.queue = ReadyQueue::Closed;
        self.refuse = Some(Executor::cancel_unadopted);
    }

    /// Makes those in a berth idle, or queues them if they were woken or aborted from elsewhere.
    #[inline]
    pub(super) fn clear_berths(&mut self, counts: &Counts) {
        if let Some(first) = self.berths.empty_one() {
            self.clear_more(first, counts);
        }
    }

    #[inline(never)]
    fn clear_more(&mut self, first: Task, counts: &Counts) {
        self.rest(first, counts);
        while let Some(task) = self.berths.empty_one() {
            self.rest(task, counts);
        }
    }

    /// Makes a task that waits idle, or queues it if it was woken or aborted meanwhile.
    #[inline]
    fn rest(&mut self, task: Task, counts: &Counts) {
        if task.header().state.pause(0) != Paused::Idle {
            counts.tally.queued.add(1);
            self.queue.push(task);
        }
    }

    /// For a task whose poll was pending.
    #[inline]
    pub(super) fn wait(&mut self, task: Task, counts: &Counts) {
        if !THREADS {
            return self.rest(task, counts);
        }
        if self.berths.is_full() {
            self.clear_berths(counts);
        }
        self.berths.take(task);
    }

    #[inline]
    pub(super) fn next(&mut self, inbox: &Inbox, counts: &Counts) -> Option<Task> {
        if !THREADS {
            return self.queue.pop();
        }
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(INBOX_INTERVAL) {
            self.clear_berths(counts);
            self.empty_inbox(inbox, counts);
        }
        self.queue.pop().or_else(|| {
            if inbox.is_empty() {
                return None;
            }
            self.empty_inbox(inbox, counts);
            self.queue.pop()
        })
    }
}
