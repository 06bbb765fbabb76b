//! An order by a seed.

use crate::env::rng::Rng;
use crate::task::Task;
use alloc::vec::Vec;

/// Tasks of which any may be next.
#[derive(Debug)]
pub(crate) struct Shuffled {
    tasks: Vec<Task>,
    rng: Rng,
    /// A hash of all choices so far.
    trace: u64,
}

impl Shuffled {
    pub(crate) fn new(seed: u64) -> Self {
        Self { tasks: Vec::new(), rng: Rng::new(seed), trace: seed }
    }

    pub(crate) fn trace(&self) -> u64 {
        self.trace
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(crate) fn push(&mut self, task: Task) {
        self.tasks.push(task);
    }

    pub(crate) fn pop(&mut self) -> Option<Task> {
        if self.tasks.is_empty() {
            return None;
        }
        let chosen = self.rng.below(self.tasks.len() as u32) as usize;
        let task = self.tasks.swap_remove(chosen);
        // FNV-1a over the registry's slots, which the same seed fills alike everywhere.
        self.trace = (self.trace ^ u64::from(task.slot())).wrapping_mul(0x0100_0000_01b3);
        Some(task)
    }
}
