//! The state word of a task: seven flags and a reference count in one atomic.
//!
//! | flag | meaning | excludes |
//! |---|---|---|
//! | `HELD` | a run queue or a worker has the task; that party alone may poll or drop the future | `COMPLETE` |
//! | `WOKEN` | a wake came while the task was held: it must be polled once more | |
//! | `COMPLETE` | the future is gone for good; the outcome, if wanted, is in the cell | `HELD` |
//! | `ABORT` | cancellation was asked for; the holder drops the future instead of polling it | |
//! | `JOIN` | a `JoinHandle` exists, so the outcome is wanted | |
//! | `JOIN_WAKER` | the join waker slot is filled and shared (see below) | |
//! | `REFILLED` | the join waker slot was filled more than once | |
//!
//! Transitions, and the function that makes each:
//!
//! 1. new → held: [`State::new`]; the first poll needs no atomic write at all.
//! 2. idle → held, or held → held and woken: [`State::wake`]; idle → held by a dump, which gives the
//!    task a turn by itself: `State::claim`.
//! 3. held and woken → held: [`State::start`], before a poll.
//! 4. held → idle: [`State::pause`], after a poll; fails when a wake or an abort came meanwhile,
//!    and then the holder keeps the task. A task that yields keeps `HELD` and costs no atomic.
//!    A task of an executor stays held for a while when it waits, too (see `berths`).
//! 5. held → complete: [`State::complete`], [`State::complete_and_release`].
//!
//! References: the owner of the task has one until the task is complete, the `JoinHandle` one,
//! each waker and `AbortHandle` one. A run queue has none: what is in a queue is held, so it is
//! not complete, so its owner's reference stands. Until then the count here is biased, so that it
//! is never zero: the thread that alone drives the owner, or else whoever polls the task, counts what it
//! makes and drops in a plain cell, and completing merges the two ([`Merge`]).
//!
//! Who finds that nobody else has a reference needs no atomic write, for nobody can change the word. So
//! the handle of a task that was never sent anywhere goes by a store (`State::drop_join_alone`), and a
//! task whose owner alone is left is freed without being completed ([`Snapshot::is_owners`]).
//!
//! The join waker slot belongs to the `JoinHandle` while neither `JOIN_WAKER` nor `COMPLETE` is
//! set. `JOIN_WAKER` says that it is filled; while it is set nobody writes the slot. Whoever clears
//! it takes the waker: the handle, as long as the task is not complete; else the completing side.
//! As long as `REFILLED` is not set the slot was filled once, so the completing side may read it
//! before it completes the task: that step fails if the handle takes the waker meanwhile.
//!
//! Every successful change that hands the future, the outcome or the slot to somebody else is
//! `AcqRel`, so each one releases to, and acquires from, the next on the same word.

use crate::atomic::{AtomicUsize, Ordering};
use core::fmt;

const HELD: usize = 1;
const WOKEN: usize = 1 << 1;
const COMPLETE: usize = 1 << 2;
const ABORT: usize = 1 << 3;
const JOIN: usize = 1 << 4;
const JOIN_WAKER: usize = 1 << 5;
const REFILLED: usize = 1 << 6;
const REF: usize = 1 << 7;

/// More references than are ever given back here and were counted in a plain cell: an `i8`.
const BIAS: usize = 256;

pub(super) struct State(AtomicUsize);

/// One reading of the word.
#[derive(Clone, Copy)]
pub(super) struct Snapshot(usize);

impl Snapshot {
    pub(super) fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }
    pub(super) fn is_woken(self) -> bool {
        self.0 & WOKEN != 0
    }
    pub(super) fn is_aborted(self) -> bool {
        self.0 & ABORT != 0
    }
    pub(super) fn has_join(self) -> bool {
        self.0 & JOIN != 0
    }
    pub(super) fn has_join_waker(self) -> bool {
        self.0 & JOIN_WAKER != 0
    }
    /// Whether the reader has the only reference, so that nothing can change any more.
    #[inline]
    pub(super) fn is_sole(self) -> bool {
        self.refs() == 1
    }
    /// Whether nobody but the owner has a reference, to a task that is not complete.
    #[inline]
    pub(super) fn is_owners(self, merge: Merge) -> bool {
        self.0 & !(REF - 1) == merge.0
    }
    /// Whether nobody but the owner and the `JoinHandle` has a reference that is counted here.
    #[inline]
    pub(super) fn is_pair(self) -> bool {
        self.refs() == BIAS + 2
    }
    fn refs(self) -> usize {
        self.0 / REF
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("held", &(self.0 & HELD != 0))
            .field("woken", &(self.0 & WOKEN != 0))
            .field("complete", &self.is_complete())
            .field("aborted", &self.is_aborted())
            .field("join", &self.has_join())
            .field("join_waker", &self.has_join_waker())
            .field("refs", &self.refs())
            .finish()
    }
}

/// What completing a task takes off the count: the bias and the owner's reference, less those that
/// were counted beside it.
#[derive(Clone, Copy)]
pub(super) struct Merge(usize);

impl Merge {
    #[inline]
    pub(super) fn new(counted: i8) -> Self {
        Self((BIAS + 1).wrapping_sub(counted as usize).wrapping_mul(REF))
    }
}

/// What [`State::pause`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Paused {
    /// The task is idle; a wake will queue it.
    Idle,
    /// A wake came during the poll: still held, queue it again.
    Again,
    /// An abort came during the poll: still held, drop the future.
    Aborted,
}

impl State {
    /// A held task with two references, the owner's and the `JoinHandle`'s.
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(HELD | JOIN | ((BIAS + 2) * REF)))
    }

    #[inline]
    pub(super) fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// Marks the task ready. `true`: it was idle and the caller now holds it and must queue it.
    ///
    /// Writes the word even where that changes nothing: the write releases what the waker did
    /// before to the poll that the earlier wake will cause, which may have begun already.
    #[inline]
    pub(super) fn wake(&self) -> bool {
        self.update(|now| match now & (HELD | COMPLETE) {
            0 => Some(now | HELD),
            HELD => Some(now | WOKEN),
            _ => None,
        })
        .is_ok_and(|before| before & HELD == 0)
    }

    /// [`wake`](Self::wake) that gives up one reference in the same step.
    ///
    /// Only on the thread that drives the owner: nobody else can complete the task before it is
    /// queued. `None`: the task is complete and nothing was done.
    #[inline]
    pub(super) fn wake_and_release(&self) -> Option<bool> {
        self.update(|now| match now & (HELD | COMPLETE) {
            0 => Some((now | HELD) - REF),
            HELD => Some((now | WOKEN) - REF),
            _ => None,
        })
        .ok()
        .map(|before| before & HELD == 0)
    }

    /// Takes an idle task without queueing it: the caller holds it now.
    #[cfg(feature = "dump")]
    pub(super) fn claim(&self) -> bool {
        self.update(|now| (now & (HELD | COMPLETE) == 0).then_some(now | HELD)).is_ok()
    }

    /// Asks for cancellation. `true`: the task was idle and the caller must queue it.
    pub(super) fn abort(&self) -> bool {
        self.update(
            |now| {
                if now & (COMPLETE | ABORT) != 0 { None } else { Some(now | ABORT | HELD) }
            },
        )
        .is_ok_and(|before| before & HELD == 0)
    }

    /// Begins a poll of a held task, so that wakes from now on count for the next one.
    #[inline]
    pub(super) fn start(&self) -> Snapshot {
        let now = self.0.load(Ordering::Acquire);
        debug_assert!(now & (HELD | COMPLETE) == HELD, "{:?}", Snapshot(now));
        if now & WOKEN == 0 {
            return Snapshot(now);
        }
        // Acquire pairs with the AcqRel of the wake that set the flag.
        Snapshot(self.0.fetch_and(!WOKEN, Ordering::AcqRel))
    }

    /// Ends a poll that was pending; counts as many references more as the holder has made, less
    /// those that it gave back.
    #[inline]
    pub(super) fn pause(&self, counted: i8) -> Paused {
        let more = (counted as usize).wrapping_mul(REF);
        let done = self
            .update(|now| (now & (WOKEN | ABORT) == 0).then_some((now & !HELD).wrapping_add(more)));
        match done {
            Ok(_) => Paused::Idle,
            Err(now) if now & ABORT != 0 => Paused::Aborted,
            Err(_) => Paused::Again,
        }
    }

    /// Completes a held task and gives up the owner's reference in one step, where the outcome is
    /// wanted and the slot was not filled twice. The answer is what `peek` found in it, if anything.
    /// `Err`: nothing was done, use [`complete`](Self::complete).
    #[inline]
    pub(super) fn complete_and_release<W>(
        &self,
        merge: Merge,
        peek: impl Fn() -> W,
    ) -> Result<Option<W>, ()> {
        // Acquire, here and on failure, pairs with the Release in `set_join_waker`.
        let mut now = self.0.load(Ordering::Acquire);
        while now & (JOIN | REFILLED) == JOIN {
            let waker = (now & JOIN_WAKER != 0).then(&peek);
            let new = ((now & !(HELD | WOKEN | JOIN_WAKER)) | COMPLETE).wrapping_sub(merge.0);
            match self.0.compare_exchange_weak(now, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(waker),
                Err(actual) => now = actual,
            }
        }
        Err(())
    }

    /// Completes a held task; answers the state before. The owner's reference still stands.
    pub(super) fn complete(&self) -> Snapshot {
        // Release hands the outcome to the join handle, Acquire takes its waker.
        let before = self.0.fetch_xor(HELD | COMPLETE, Ordering::AcqRel);
        debug_assert!(before & (HELD | COMPLETE) == HELD, "{:?}", Snapshot(before));
        Snapshot(before)
    }

    /// After [`complete`](Self::complete): gives the emptied join waker slot back, if the task was
    /// completed with a filled one, and the owner's reference. `true`: it was the last, the caller
    /// frees the cell.
    pub(super) fn release_completed(&self, merge: Merge, with_waker: bool) -> bool {
        let slot = if with_waker { JOIN_WAKER } else { 0 };
        // Release publishes our use of the slot and the cell.
        let before = self.0.fetch_sub(slot.wrapping_add(merge.0), Ordering::AcqRel);
        debug_assert!(before & (COMPLETE | slot) == COMPLETE | slot);
        Snapshot(before.wrapping_sub(merge.0)).refs() == 0
    }

    /// Publishes the join waker. `false`: the task is complete, the slot stays the handle's.
    ///
    /// `alone`: nobody else can change the word now, so no atomic write is needed.
    #[inline]
    pub(super) fn set_join_waker(&self, alone: bool) -> bool {
        if alone {
            // Acquire: those who gave their references up are done with the cell. The store passes
            // that on, as an atomic write would.
            let now = self.0.load(Ordering::Acquire);
            debug_assert!(now & (COMPLETE | JOIN_WAKER) == 0, "{:?}", Snapshot(now));
            self.0.store(now | JOIN_WAKER, Ordering::Release);
            return true;
        }
        self.update(|now| (now & COMPLETE == 0).then_some(now | JOIN_WAKER)).is_ok()
    }

    /// Takes the join waker back to change it. `false`: the task is complete.
    pub(super) fn unset_join_waker(&self) -> bool {
        let emptied = |now| (now & COMPLETE == 0).then_some(now & !JOIN_WAKER | REFILLED);
        self.update(emptied).is_ok()
    }

    /// The handle goes. Answers the state before; the caller still has its reference.
    ///
    /// When the task is not complete the waker slot becomes the caller's too.
    pub(super) fn drop_join(&self) -> Snapshot {
        let before = self.update(|now| {
            let waker = if now & COMPLETE == 0 { JOIN_WAKER } else { 0 };
            Some(now & !(JOIN | waker))
        });
        let (Ok(before) | Err(before)) = before;
        Snapshot(before)
    }

    /// [`drop_join`](Self::drop_join) and [`drop_ref`](Self::drop_ref) where the task is not complete,
    /// the slot not filled, and nobody else can change the word now, so no atomic write is needed.
    #[inline]
    pub(super) fn drop_join_alone(&self) {
        // Acquire: those who gave their references up are done with the cell. The store passes
        // that on, as an atomic write would.
        let now = self.0.load(Ordering::Acquire);
        debug_assert!(now & (COMPLETE | JOIN | JOIN_WAKER) == JOIN, "{:?}", Snapshot(now));
        self.0.store((now & !JOIN) - REF, Ordering::Release);
    }

    /// Counts `count` more references.
    #[inline]
    pub(super) fn add_refs(&self, count: usize) {
        // Relaxed: a new reference is made from an old one, which keeps the cell alive.
        let before = self.0.fetch_add(count.wrapping_mul(REF), Ordering::Relaxed);
        assert!(before <= usize::MAX / 2, "too many references to one task");
    }

    /// Gives up a reference. `true`: it was the last, the caller frees the cell.
    #[inline]
    pub(super) fn drop_ref(&self) -> bool {
        // The only reference needs no atomic write: nobody is left to make another.
        if Snapshot(self.0.load(Ordering::Acquire)).refs() == 1 {
            return true;
        }
        // Release publishes our use of the cell to the Acquire of whoever frees it.
        let before = self.0.fetch_sub(REF, Ordering::AcqRel);
        Snapshot(before).refs() == 1
    }

    /// Changes the word by `next` until it holds; `Err` with the word where `next` declines.
    #[inline]
    fn update(&self, next: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            let Some(new) = next(now) else { return Err(now) };
            match self.0.compare_exchange_weak(now, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(before) => return Ok(before),
                Err(actual) => now = actual,
            }
        }
    }
}
