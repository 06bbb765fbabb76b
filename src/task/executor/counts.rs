//! What an executor counts, for [`Reading`]s from any thread.

use crate::env::meter::{Count, Reading, SharedCount, Tally};

/// Beside the core, which only the driving thread may look at.
#[derive(Default)]
pub(super) struct Counts {
    /// By the driving thread, and so are the next two.
    pub(super) tally: Tally,
    /// Tasks that are complete.
    pub(super) ended: Count,
    /// Tasks taken out of the inbox.
    pub(super) received: Count,
    /// Tasks put into the inbox.
    pub(super) posted: SharedCount,
    /// Those of them that were new.
    pub(super) posted_new: SharedCount,
}

impl Counts {
    pub(super) fn read(&self, what: Reading) -> usize {
        let spawned = self.tally.spawned.get().wrapping_add(self.posted_new.get());
        let alive = difference(spawned, self.ended.get());
        let received = self.received.get();
        match what {
            Reading::Alive => alive,
            Reading::Spawned => spawned,
            // What was queued when the executor was closed never leaves the queue, but is not alive.
            Reading::Injected => difference(self.posted.get(), received).min(alive),
            Reading::RemoteSchedules => self.posted.get(),
            Reading::LocalQueue(_) => {
                let taken_in = self.tally.queued.get().wrapping_add(received);
                difference(taken_in, self.tally.polls.get()).min(alive)
            }
            Reading::Polls(_) => self.tally.polls.get(),
            Reading::LocalSchedules(_) => self.tally.queued.get(),
            Reading::Threads | Reading::IdleThreads | Reading::QueuedClosures => 0,
        }
    }
}

/// Of two counts, which may be from different moments, so that it may seem negative.
fn difference(more: usize, less: usize) -> usize {
    (more.wrapping_sub(less) as isize).max(0) as usize
}
