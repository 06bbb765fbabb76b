//! What is on record about a task beside its state, for those who look at it: with the feature
//! `dump`. `record_none.rs` is the same without, and empty.

use crate::env::dump;
use crate::env::instant::Instant;
use crate::env::owner::OwnerRef;
use crate::env::site::Site;
use crate::env::spans::TaskSpan;
// Not loom's: the count orders nothing.
use core::sync::atomic::{AtomicUsize, Ordering};

/// In the cell of each task.
#[derive(Debug)]
pub(super) struct Record {
    spawned_at: Site,
    born: Instant,
    /// How many polls began, and how many ended: odd while the task is polled. Written by whoever
    /// holds the task.
    polls: AtomicUsize,
    pub(super) span: TaskSpan,
}

impl Record {
    /// That of a task that `owner` is about to get.
    pub(super) fn new(owner: &OwnerRef, spawned_at: Site, span: TaskSpan) -> Self {
        let born = owner.try_env().map_or_else(crate::env::now, |env| env.clock.now());
        Self { spawned_at, born, polls: AtomicUsize::new(0), span }
    }

    /// Where the task was spawned.
    pub(super) fn spawned_at(&self) -> Site {
        self.spawned_at
    }

    /// When it was spawned, by the clock of its runtime.
    pub(super) fn born(&self) -> Instant {
        self.born
    }

    /// The holder begins to poll, or ends it.
    #[inline]
    pub(super) fn note_poll(&self) {
        if dump::is_asked() {
            // By a dump: not the program's.
            return;
        }
        // Relaxed: a number to look at. One at a time writes.
        let now = self.polls.load(Ordering::Relaxed);
        self.polls.store(now.wrapping_add(1), Ordering::Relaxed);
    }

    /// Whether somebody polls the task now.
    pub(super) fn is_polled(&self) -> bool {
        self.polls.load(Ordering::Relaxed) % 2 == 1
    }

    /// How often the task was polled, the poll that has begun included.
    pub(super) fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed).div_ceil(2)
    }
}
