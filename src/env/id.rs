//! Task ids.

use core::fmt;
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The id of a task: unique among the tasks that are alive.
///
/// On targets with 64-bit words an id is never used twice; with 32-bit words the numbers start
/// again after four thousand million tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of task it is, as spans tell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Task,
    Local,
    Blocking,
}

/// How many ids are taken from the global counter at once.
const BLOCK: usize = 64;

/// A thread's block of ids: it meets the global counter once in [`BLOCK`] ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    next: usize,
    left: usize,
}

impl Ids {
    pub(crate) const fn new() -> Self {
        Self { next: 0, left: 0 }
    }
}

impl Id {
    /// The number, which every word has room for.
    #[cfg(feature = "dump")]
    pub(super) fn number(self) -> usize {
        self.0.get() as usize
    }

    #[cfg(feature = "dump")]
    pub(super) fn from_number(number: usize) -> Self {
        Self(NonZeroU64::new(number as u64).unwrap_or(NonZeroU64::MIN))
    }

    /// An id that no living task has.
    #[inline]
    pub(crate) fn fresh() -> Self {
        super::context::with(|context| {
            let mut ids = context.ids.get();
            if ids.left == 0 {
                ids = Ids { next: take_block(), left: BLOCK };
            }
            let number = ids.next;
            context.ids.set(Ids { next: number.wrapping_add(1), left: ids.left - 1 });
            // Zero comes up once, when a 32-bit counter starts again; it shares the id of one.
            Self(NonZeroU64::new(number as u64).unwrap_or(NonZeroU64::MIN))
        })
    }
}

/// The first number of a block of ids.
fn take_block() -> usize {
    // Not loom's: the counter is a static and guards nothing.
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: only the uniqueness of the number matters.
    TAKEN.fetch_add(BLOCK, Ordering::Relaxed).wrapping_add(1)
}
