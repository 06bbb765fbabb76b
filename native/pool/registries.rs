//! All tasks of a pool that are not complete: where they are looked up by whoever wants all of them.
//!
//! Each worker has a shard for the tasks that it spawns, in which it works by plain stores. A task that
//! ends elsewhere leaves the number of its slot in a list beside the shard, under a lock of its own, and
//! the worker takes the slot back when it runs out of others. What is spawned outside of the workers goes
//! to shards with a lock.
//!
//! Whoever looks at all tasks holds the lock of the list as well, so that none ends meanwhile.

// Why unsafe: a worker promises that a shard is its own.

use super::biased::Biased;
use crate::env::context;
use crate::lock::Lock;
use crate::task::Task;
use crate::task::registry::Registry;
use std::boxed::Box;
use std::vec::Vec;

/// How many tasks a shard has room for at first.
const ROOM: usize = 64;

pub(super) struct Registries {
    workers: Box<[Shard]>,
    outside: Box<[Outside]>,
}

#[repr(align(128))]
struct Shard {
    tasks: Biased<Registry>,
    /// The slots of those that have ended on other threads.
    ended: Lock<Vec<u32>>,
}

#[repr(align(128))]
struct Outside(Lock<Registry>);

impl Registries {
    pub(super) fn new(workers: usize) -> Self {
        let shard =
            |_| Shard { tasks: Biased::new(Registry::new(ROOM)), ended: Lock::new(Vec::new()) };
        let outside = |_| Outside(Lock::new(Registry::new(ROOM)));
        Self {
            workers: (0..workers).map(shard).collect(),
            outside: (0..workers.next_power_of_two()).map(outside).collect(),
        }
    }

    /// Takes a new task in, unless `closed` says so under the lock; answers whether it did.
    ///
    /// # Safety
    /// This thread has the seat of `worker`, if it is given.
    #[inline]
    pub(super) unsafe fn insert(
        &self,
        worker: Option<usize>,
        task: Task,
        closed: impl FnOnce() -> bool,
    ) -> bool {
        let Some(worker) = worker else {
            let shard = context::thread() % self.outside.len();
            task.set_berth(self.workers.len() + shard);
            let mut tasks = self.outside[shard].0.lock();
            let open = !closed();
            if open {
                tasks.insert(task);
            }
            return open;
        };
        task.set_berth(worker);
        let shard = &self.workers[worker];
        let take_in = |tasks: &mut Registry| {
            let open = !closed();
            if open {
                if !tasks.has_room() {
                    shard.take_back(tasks);
                }
                tasks.insert(task);
            }
            open
        };
        // SAFETY: the seat's shard is the seat's own; who takes a seat has synchronised with who left it.
        unsafe { shard.tasks.own(take_in) }
    }

    /// Takes a task that is done out.
    ///
    /// # Safety
    /// This thread has the seat of `worker`, if it is given.
    #[inline]
    pub(super) unsafe fn remove(&self, worker: Option<usize>, task: Task) {
        let place = task.berth();
        let Some(shard) = self.workers.get(place) else {
            return self.outside[place - self.workers.len()].0.lock().remove(task);
        };
        if worker == Some(place) {
            // SAFETY: as in `insert`.
            unsafe { shard.tasks.own(|tasks| tasks.remove(task)) }
        } else {
            shard.ended.lock().push(task.slot());
        }
    }

    /// Calls `each` with every task; none is taken out meanwhile.
    pub(super) fn for_each(&self, mut each: impl FnMut(Task)) {
        for shard in &self.workers {
            shard.tasks.lock(|tasks| {
                let ended = shard.take_back(tasks);
                tasks.iter().for_each(&mut each);
                drop(ended);
            });
        }
        for shard in &self.outside {
            shard.0.lock().iter().for_each(&mut each);
        }
    }

    pub(super) fn len(&self) -> usize {
        let of = |shard: &Shard| {
            shard.tasks.lock(|tasks| {
                drop(shard.take_back(tasks));
                tasks.len()
            })
        };
        let by_workers: usize = self.workers.iter().map(of).sum();
        by_workers + self.outside.iter().map(|shard| shard.0.lock().len()).sum::<usize>()
    }
}

impl Shard {
    /// Makes the slots vacant of those that have ended elsewhere; as long as the answer is kept, no more
    /// do.
    fn take_back(&self, tasks: &mut Registry) -> impl Sized + '_ {
        let mut ended = self.ended.lock();
        ended.drain(..).for_each(|slot| tasks.vacate(slot));
        ended
    }
}
