//! All tasks of one owner that are not complete: a slab of uncounted pointers, eight bytes a task.

use super::cell::Task;
use crate::collections::at_mut;
use alloc::vec::Vec;
use core::ptr::{self, NonNull};

/// The tasks of one owner. The owner's reference to each stands until it is removed.
#[derive(Debug)]
pub(crate) struct Registry {
    slots: Vec<Slot>,
    /// The first vacant slot; vacant ones form a chain.
    vacant: u32,
    len: usize,
}

/// The address of a task's cell, or the number of the next vacant slot: cells are aligned, so the
/// lowest bit tells which.
#[derive(Clone, Copy, Debug)]
struct Slot(*mut ());

impl Slot {
    fn taken(task: Task) -> Self {
        Self(task.as_raw().as_ptr())
    }

    fn vacant(next: u32) -> Self {
        Self(ptr::without_provenance_mut((next as usize) << 1 | 1))
    }

    fn task(self) -> Option<Task> {
        NonNull::new(self.0).filter(|task| task.addr().get() & 1 == 0).map(Task::from_raw)
    }

    /// The next vacant slot, if this one is vacant.
    fn next(self) -> u32 {
        (self.0.addr() >> 1) as u32
    }
}

/// The end of the chain of vacant slots.
const END: u32 = u32::MAX >> 1;

impl Registry {
    /// With room for so many tasks before it grows.
    pub(crate) fn new(room: usize) -> Self {
        Self { slots: Vec::with_capacity(room), vacant: END, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn insert(&mut self, task: Task) {
        self.len += 1;
        if let Some(slot) = self.slots.get_mut(self.vacant as usize) {
            task.set_slot(self.vacant);
            self.vacant = slot.next();
            *slot = Slot::taken(task);
        } else {
            assert!(self.slots.len() < END as usize, "too many tasks in one runtime");
            task.set_slot(self.slots.len() as u32);
            self.slots.push(Slot::taken(task));
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, task: Task) {
        let index = task.slot();
        debug_assert_eq!(self.slots[index as usize].task(), Some(task));
        self.vacate(index);
    }

    /// [`remove`](Self::remove) for a task that is gone, by its slot.
    #[inline]
    pub(crate) fn vacate(&mut self, index: u32) {
        let slot = at_mut(&mut self.slots, index as usize);
        debug_assert!(slot.task().is_some());
        *slot = Slot::vacant(self.vacant);
        self.vacant = index;
        self.len -= 1;
    }

    /// Whether a slot is vacant.
    #[inline]
    #[allow(dead_code)] // only a pool asks
    pub(crate) fn has_room(&self) -> bool {
        self.vacant != END
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Task> + '_ {
        self.slots.iter().filter_map(|slot| slot.task())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::env::rng::Rng;
    use crate::runtime::Builder;

    #[test]
    fn a_registry_holds_what_was_put_in_and_not_taken_out() {
        let runtime = Builder::new_current_thread().build_passive(|| {});
        // They wait in the inbox still, so their slots are free to use here.
        let handles: Vec<_> =
            (0..200).map(|_| runtime.spawn(core::future::pending::<()>())).collect();
        let all: Vec<Task> = handles.iter().map(|handle| handle.task()).collect();
        let (mut registry, mut model, mut next) =
            (Registry::new(0), Vec::new(), all.iter().copied());
        let mut rng = Rng::new(7);
        for _ in 0..600 {
            if rng.below(3) == 0 && !model.is_empty() {
                let task: Task = model.swap_remove(rng.below(model.len() as u32) as usize);
                registry.remove(task);
            } else if let Some(task) = next.next() {
                registry.insert(task);
                model.push(task);
            }
            let mut held: Vec<_> = registry.iter().map(Task::id).collect();
            let mut expected: Vec<_> = model.iter().map(|task| task.id()).collect();
            held.sort();
            expected.sort();
            assert_eq!((held, registry.len()), (expected, model.len()));
        }
        all.iter().for_each(|task| task.set_slot(crate::task::cell::NEW));
    }
}
