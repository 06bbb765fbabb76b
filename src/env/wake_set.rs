//! A waker for each child of a combinator, so that it polls only the children that were woken.
//!
//! # States of a child
//!
//! ```text
//!          wake: `queued` was false                     take: the owner polls
//!   IDLE ───────────────────────────▶ QUEUED (in stack) ─────────────────────▶ IDLE
//!                                        │                     ▲
//!                                        └─▶ QUEUED (in batch) ┘
//! ```
//!
//! 1. `wake`, from any thread: sets `queued`; who finds it unset pushes the child on the stack;
//!    who pushes on an empty stack wakes the parent. Nobody waits, so an interrupt handler may.
//! 2. The owner, once a round and only after its waker is registered, takes the whole stack,
//!    turns it round (first woken, first polled) and keeps it as its batch.
//! 3. `next`: the owner takes a child off the batch, clears `queued`, and polls it. Wakes from now
//!    on queue it anew.
//!
//! `next` of a slot belongs to whoever set `queued` until it is on the stack, then to the owner.
//! Nothing is ever popped off the stack but all of it, so there is no ABA problem.
//!
//! Two allocations, whatever the number of children: the counted head, which every waker keeps
//! alive, and the slots. Deliberately absent: growth, for wakers hold the addresses of slots.
//!
//! Why unsafe: a `RawWaker` is a bare pointer, here to the slot of a child.

use super::atomic_waker::AtomicWaker;
use crate::atomic::{AtomicBool, AtomicU32, Ordering};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::task::{RawWaker, RawWakerVTable, Waker};

/// The end of a chain.
const END: u32 = u32::MAX;

/// The owner's side.
pub(crate) struct WakeSet {
    shared: Arc<Shared>,
    /// The chain of children that are still to be handed out.
    batch: u32,
    /// Whether the stack was taken in this round.
    taken: bool,
}

struct Shared {
    /// The child that was pushed last.
    stack: AtomicU32,
    parent: AtomicWaker,
    slots: Box<[Slot]>,
}

struct Slot {
    shared: *const Shared,
    queued: AtomicBool,
    next: AtomicU32,
}

// SAFETY: all that changes is atomic, and `Slot::shared` only names what it is part of.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl WakeSet {
    /// A set of `len` children, none of them woken.
    ///
    /// # Panics
    /// If `len` is not below `u32::MAX`.
    pub(crate) fn new(len: usize) -> Self {
        assert!(len < END as usize, "more children than a wake set can number");
        let shared = Arc::new_cyclic(|shared| {
            let slot = |_| Slot {
                shared: shared.as_ptr(),
                queued: AtomicBool::new(false),
                next: AtomicU32::new(END),
            };
            Shared {
                stack: AtomicU32::new(END),
                parent: AtomicWaker::new(),
                slots: (0..len).map(slot).collect(),
            }
        });
        Self { shared, batch: END, taken: false }
    }

    /// Wakes a child in the owner's name.
    #[inline]
    pub(crate) fn wake(&self, index: usize) {
        self.shared.slots[index].wake();
    }

    /// The waker of a child.
    #[inline]
    pub(crate) fn waker(&self, index: usize) -> ChildWaker<'_> {
        let slot: *const Slot = &self.shared.slots[index];
        // SAFETY: the slot is valid while `self` is borrowed; the count that the waker would give
        // back on drop is not given back, because it never is dropped.
        let waker = unsafe { Waker::from_raw(RawWaker::new(slot.cast(), &VTABLE)) };
        ChildWaker { waker: ManuallyDrop::new(waker), _set: self }
    }

    /// Queues every child without waking the parent, which is about to begin a round.
    pub(crate) fn wake_all_quietly(&mut self) {
        self.shared.parent.clear();
        (0..self.shared.slots.len()).for_each(|index| self.wake(index));
    }

    /// Begins a round: `parent` is woken by whatever this round's [`next`](Self::next) misses.
    #[inline]
    pub(crate) fn begin(&mut self, parent: &Waker) {
        self.shared.parent.register(parent);
        self.taken = false;
    }

    /// The next child that was woken, until the round is over. A round that was left early goes on
    /// in the next; only after `None` may the owner sleep.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        if self.batch == END && !self.taken {
            self.taken = true;
            self.batch = self.shared.take();
        }
        let slot = self.shared.slots.get(self.batch as usize)?;
        let index = self.batch as usize;
        // Before `queued` is cleared: then it is the next waker's to write.
        self.batch = slot.next.load(Ordering::Relaxed);
        // Acquire pairs with the Release of every `wake` that found the child queued already: the
        // poll that follows sees what was done before it.
        slot.queued.swap(false, Ordering::AcqRel);
        Some(index)
    }
}

impl Shared {
    /// Takes the stack and turns it round.
    fn take(&self) -> u32 {
        // Acquire pairs with the Release of the pushes, which wrote the `next` of the chain. The
        // owner alone takes, so an empty stack need not be written.
        if self.stack.load(Ordering::Relaxed) == END {
            return END;
        }
        let mut rest = self.stack.swap(END, Ordering::Acquire);
        let mut turned = END;
        while let Some(slot) = self.slots.get(rest as usize) {
            let index = rest;
            rest = slot.next.load(Ordering::Relaxed);
            slot.next.store(turned, Ordering::Relaxed);
            turned = index;
        }
        turned
    }

    fn push(&self, slot: &Slot) {
        let offset = core::ptr::from_ref(slot).addr() - self.slots.as_ptr().addr();
        let index = (offset / size_of::<Slot>()) as u32;
        let mut top = self.stack.load(Ordering::Relaxed);
        loop {
            slot.next.store(top, Ordering::Relaxed);
            // Release publishes `next`, and what the waking side did, to the Acquire in `take`.
            match self.stack.compare_exchange_weak(top, index, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(newer) => top = newer,
            }
        }
        if top == END {
            self.parent.wake();
        }
    }
}

impl Slot {
    #[inline]
    fn wake(&self) {
        // Release pairs with the Acquire in `WakeSet::next`, for the case that the child is queued
        // already; Acquire, so that whoever queues it comes after the owner let it go.
        if !self.queued.swap(true, Ordering::AcqRel) {
            // SAFETY: whoever reaches a slot keeps its head alive.
            unsafe { &*self.shared }.push(self);
        }
    }
}

impl Drop for WakeSet {
    fn drop(&mut self) {
        // A child's waker that outlives the set must not keep the parent's task alive.
        self.shared.parent.clear();
    }
}

impl fmt::Debug for WakeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeSet").field("len", &self.shared.slots.len()).finish()
    }
}

/// The waker of a child, without a count of its own.
pub(crate) struct ChildWaker<'a> {
    waker: ManuallyDrop<Waker>,
    _set: &'a WakeSet,
}

impl Deref for ChildWaker<'_> {
    type Target = Waker;
    #[inline]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// The data of a waker is the address of a [`Slot`]; a waker that may be dropped owns one count of
/// the head around it.
static VTABLE: RawWakerVTable = RawWakerVTable::new(
    |slot| {
        // SAFETY: a waker's slot is valid, and its head is counted.
        unsafe { Arc::increment_strong_count((*slot.cast::<Slot>()).shared) };
        RawWaker::new(slot, &VTABLE)
    },
    |slot| {
        // SAFETY: as above; the count is given back last.
        unsafe {
            (*slot.cast::<Slot>()).wake();
            Arc::decrement_strong_count((*slot.cast::<Slot>()).shared);
        }
    },
    // SAFETY: as above.
    |slot| unsafe { (*slot.cast::<Slot>()).wake() },
    // SAFETY: as above.
    |slot| unsafe { Arc::decrement_strong_count((*slot.cast::<Slot>()).shared) },
);

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicUsize;
    use std::task::Wake;
    use std::vec::Vec;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    fn round(set: &mut WakeSet, parent: &Waker) -> Vec<usize> {
        set.begin(parent);
        core::iter::from_fn(|| set.next()).collect()
    }

    #[test]
    fn the_first_wake_of_a_round_wakes_the_parent() {
        let count = Arc::new(Count::default());
        let parent = Waker::from(count.clone());
        let mut set = WakeSet::new(3);
        assert_eq!(round(&mut set, &parent), []);
        for index in [2, 0, 2, 1] {
            set.waker(index).wake_by_ref();
        }
        assert_eq!(count.take(), 1);
        assert_eq!(round(&mut set, &parent), [2, 0, 1]);
        assert_eq!(round(&mut set, &parent), []);
        let owned = set.waker(1).clone();
        owned.wake();
        assert_eq!(count.take(), 1);
        assert_eq!(round(&mut set, &parent), [1]);
    }

    #[test]
    fn a_child_that_wakes_itself_waits_for_the_next_round() {
        let count = Arc::new(Count::default());
        let parent = Waker::from(count.clone());
        let mut set = WakeSet::new(2);
        set.wake(0);
        set.begin(&parent);
        assert_eq!(set.next(), Some(0));
        set.wake(0);
        assert_eq!((set.next(), count.take()), (None, 1));
        assert_eq!(round(&mut set, &parent), [0]);
    }

    #[test]
    fn a_round_that_was_left_early_goes_on_and_takes_what_came_since() {
        let parent = Waker::noop();
        let mut set = WakeSet::new(3);
        set.wake(0);
        set.wake(1);
        set.begin(parent);
        assert_eq!(set.next(), Some(0));
        set.wake(2);
        set.wake(0);
        assert_eq!(round(&mut set, parent), [1, 2, 0]);
    }

    #[test]
    fn a_waker_outlives_the_set_and_lets_the_parent_go() {
        let count = Arc::new(Count::default());
        let parent = Waker::from(count.clone());
        let mut set = WakeSet::new(2);
        set.begin(&parent);
        let waker = set.waker(1).clone();
        drop((parent, set));
        assert_eq!(Arc::strong_count(&count), 1);
        waker.wake_by_ref();
        let owned = waker.clone();
        owned.wake();
        assert_eq!(count.take(), 0);
    }

    #[test]
    fn wakes_from_threads_are_never_lost() {
        const CHILDREN: usize = 4;
        const WAKES: usize = if cfg!(miri) { 20 } else { 2_000 };
        let done: [AtomicUsize; CHILDREN] = Default::default();
        let mut set = WakeSet::new(CHILDREN);
        std::thread::scope(|scope| {
            let parent = Waker::from(Arc::new(Unpark(std::thread::current())));
            for (index, done) in done.iter().enumerate() {
                let waker = set.waker(index).clone();
                scope.spawn(move || {
                    for _ in 0..WAKES {
                        done.fetch_add(1, Ordering::Relaxed);
                        waker.wake_by_ref();
                    }
                });
            }
            let mut seen = [0; CHILDREN];
            while seen.iter().sum::<usize>() < CHILDREN * WAKES {
                let woken = round(&mut set, &parent);
                woken.iter().for_each(|&index| seen[index] = done[index].load(Ordering::Relaxed));
                if woken.is_empty() {
                    std::thread::park();
                }
            }
        });
    }

    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::future::block_on;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    /// Two children finish on two threads; the owner sleeps in between and must see both.
    #[test]
    fn loom_wake_set_loses_no_wake() {
        loom::model(|| {
            let mut set = WakeSet::new(2);
            let done = loom::sync::Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
            for index in 0..2 {
                let (waker, done) = (set.waker(index).clone(), done.clone());
                thread::spawn(move || {
                    done[index].store(1, Ordering::Relaxed);
                    waker.wake();
                });
            }
            let mut seen = [false; 2];
            block_on(core::future::poll_fn(|cx| {
                set.begin(cx.waker());
                while let Some(index) = set.next() {
                    assert_eq!(done[index].load(Ordering::Relaxed), 1);
                    seen[index] = true;
                }
                match seen {
                    [true, true] => core::task::Poll::Ready(()),
                    _ => {
                        thread::yield_now();
                        core::task::Poll::Pending
                    }
                }
            }));
        });
    }

    /// Two wakes of one child at once: what both did before is seen, by one poll or by two.
    #[test]
    fn loom_wake_set_joins_wakes_of_one_child() {
        loom::model(|| {
            let mut set = WakeSet::new(1);
            let done = loom::sync::Arc::new(AtomicUsize::new(0));
            for _ in 0..2 {
                let (waker, done) = (set.waker(0).clone(), done.clone());
                thread::spawn(move || {
                    done.fetch_add(1, Ordering::Relaxed);
                    waker.wake();
                });
            }
            block_on(core::future::poll_fn(|cx| {
                set.begin(cx.waker());
                while let Some(index) = set.next() {
                    assert_eq!(index, 0);
                }
                match done.load(Ordering::Relaxed) {
                    2 => core::task::Poll::Ready(()),
                    _ => {
                        thread::yield_now();
                        core::task::Poll::Pending
                    }
                }
            }));
        });
    }

    /// A child is woken while it is handed out: the one behind it in the batch is not lost.
    #[test]
    fn loom_wake_set_keeps_its_batch() {
        loom::model(|| {
            let mut set = WakeSet::new(2);
            set.wake(0);
            set.wake(1);
            let waker = set.waker(0).clone();
            let thread = thread::spawn(move || waker.wake());
            let mut handed = [0; 2];
            for _ in 0..2 {
                set.begin(Waker::noop());
                while let Some(index) = set.next() {
                    handed[index] += 1;
                }
            }
            thread.join().unwrap();
            assert_eq!(handed[1], 1);
            set.begin(Waker::noop());
            handed[0] += set.next().map_or(0, |index| 1 - index);
            assert!((1..=2).contains(&handed[0]));
        });
    }
}
