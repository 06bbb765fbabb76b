//! Tasks that wait, and are still held.
//!
//! A wait costs two atomic writes: the task becomes idle after its poll, and held by the wake. A
//! task whose own executor wakes it soon needs neither. After its poll it lies in a berth, held as
//! before, and a wake on the driving thread moves it to the queue by plain stores.
//!
//! Everybody else finds a held task and only marks it, as during a poll, and tells nobody. So the
//! driver makes those in the berths idle, which shows it the marks, before it waits or stops driving,
//! and as often as it looks at its inbox, where such a wake would have waited as long.

use super::cell::Task;
use crate::atomic::THREADS;
use core::mem::MaybeUninit;

/// How many tasks may lie here.
const BERTHS: usize = if cfg!(loom) { 2 } else { u32::BITS as usize };

pub(super) struct Berths {
    /// Those of the set bits of `taken` are initialised.
    tasks: [MaybeUninit<Task>; BERTHS],
    taken: u32,
}

impl Berths {
    pub(super) fn new() -> Self {
        Self { tasks: [const { MaybeUninit::uninit() }; BERTHS], taken: 0 }
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.taken.count_ones() as usize == BERTHS
    }

    /// Gives a held task a berth. There must be one.
    #[inline]
    pub(super) fn take(&mut self, task: Task) {
        let berth = self.taken.trailing_ones() as usize;
        self.tasks[berth].write(task);
        self.taken |= 1 << berth;
        task.set_berth(berth + 1);
    }

    /// Whether the task had a berth, which it has no longer: the caller holds it.
    #[inline]
    pub(super) fn leave(&mut self, task: Task) -> bool {
        let berth = task.berth();
        if !THREADS || berth == 0 {
            return false;
        }
        self.taken &= !(1 << (berth - 1));
        task.set_berth(0);
        true
    }

    /// Empties a berth, if one is taken; the caller holds the task that lay there.
    #[inline]
    pub(super) fn empty_one(&mut self) -> Option<Task> {
        if !THREADS || self.taken == 0 {
            return None;
        }
        let berth = self.taken.trailing_zeros() as usize;
        self.taken &= self.taken - 1;
        // SAFETY: the bit was set, so `take` has written this place.
        let task = unsafe { self.tasks[berth].assume_init() };
        task.set_berth(0);
        Some(task)
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use crate::runtime::{Builder, Next};
    use crate::sync::Notify;
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use std::sync::Mutex;

    /// More than there are berths.
    const TASKS: usize = 100;

    #[test]
    fn tasks_wake_in_the_order_in_which_they_are_woken_with_a_berth_or_without() {
        let runtime = Builder::new_current_thread().build_passive(|| {});
        let bells: Arc<[Notify]> = (0..TASKS).map(|_| Notify::new()).collect();
        let order = Arc::new(Mutex::new(Vec::new()));
        for number in 0..TASKS {
            let (bells, order) = (bells.clone(), order.clone());
            drop(runtime.spawn(async move {
                bells[number].notified().await;
                order.lock().unwrap().push(number);
            }));
        }
        drop(runtime.spawn(async move { bells.iter().rev().for_each(Notify::notify_one) }));
        // All in one tick: nobody becomes idle but those without a berth.
        assert_eq!(runtime.tick(3 * TASKS), Next::Idle);
        assert!(order.lock().unwrap().iter().rev().copied().eq(0..TASKS));
    }

    #[test]
    fn a_task_in_a_berth_ends_in_its_turn_when_it_is_aborted() {
        let runtime = Builder::new_current_thread().build_passive(|| {});
        let held = Arc::new(());
        let seen = held.clone();
        let waits = runtime.spawn(async move {
            let _held = held;
            core::future::pending::<()>().await;
        });
        let aborts = runtime.spawn(async move {
            waits.abort();
            crate::task::yield_now().await;
            assert_eq!(Arc::strong_count(&seen), 1);
        });
        runtime.tick(4);
        assert!(aborts.is_finished());
    }
}
