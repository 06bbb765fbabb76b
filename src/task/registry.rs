//! All tasks of one owner that are not complete: a slab of uncounted pointers, eight bytes a task.

use super::cell::{NEW, Task};
use alloc::vec::Vec;

/// The tasks of one owner. The owner's reference to each stands until it is removed.
#[derive(Debug)]
pub(crate) struct Registry {
    slots: Vec<Slot>,
    /// The first vacant slot; vacant ones form a chain.
    vacant: u32,
    len: usize,
}

#[derive(Debug)]
enum Slot {
    Taken(Task),
    Vacant(u32),
}

/// The end of the chain of vacant slots.
const END: u32 = u32::MAX;

impl Registry {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::with_capacity(64), vacant: END, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn insert(&mut self, task: Task) {
        self.len += 1;
        if let Some(slot) = self.slots.get_mut(self.vacant as usize) {
            task.set_slot(self.vacant);
            let Slot::Vacant(next) = *slot else { unreachable!("the chain holds vacant slots") };
            self.vacant = next;
            *slot = Slot::Taken(task);
        } else {
            assert!(self.slots.len() < NEW as usize, "too many tasks in one runtime");
            task.set_slot(self.slots.len() as u32);
            self.slots.push(Slot::Taken(task));
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, task: Task) {
        let index = task.slot();
        let slot = &mut self.slots[index as usize];
        debug_assert!(matches!(slot, Slot::Taken(found) if *found == task));
        *slot = Slot::Vacant(self.vacant);
        self.vacant = index;
        self.len -= 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Task> + '_ {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(task) => Some(*task),
            Slot::Vacant(_) => None,
        })
    }
}
