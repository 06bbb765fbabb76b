//! Lock-free queues, deques and stacks: the data structures under the channels and the scheduler,
//! for use without a runtime. None of them knows of futures, and none waits for a value.
//!
//! | who puts in, who takes | type | bound | source |
//! |---|---|---|---|
//! | many, many | [`mpmc::Queue`] | fixed | Vyukov's bounded queue |
//! | many, one | [`mpsc::queue`] | none | numbered slots in linked blocks, ours |
//! | one, one; in batches too | [`spsc::ring`] | fixed | Lamport's ring with cached indices |
//! | one, it and thieves; newest first | [`deque::deque`] | none | Chase and Lev's deque |
//! | one, it and thieves; oldest first, half at a time | [`run_queue::run_queue`] | fixed | the run queue of Go |
//! | many, many; newest first | [`Stack`] | none | Treiber's stack |
//!
//! [`hazard`] is the reclamation of memory that [`Stack`] needs: hazard pointers.
//!
//! # What holds for all
//!
//! - They are there with the feature `alloc`, and use no atomic wider than a pointer. (The queue
//!   under [`sync::mpsc`](crate::sync::mpsc) is the one behind [`mpsc::queue`], the scheduler's
//!   local queue the one behind [`run_queue::run_queue`].)
//! - A fixed capacity is at least one; asking for none is a panic that says so.
//! - What is left in one when it is dropped is dropped with it, also if the drop of one value
//!   panics; a second panic aborts, as for a `Vec`.
//! - Values of no size are counted like any other.
//! - A value that finds no room is given back.
//! - Each Release names its Acquire where it stands. Loom has checked each in all interleavings
//!   of small models, Miri under strict provenance.

#[cfg(feature = "alloc")]
pub(crate) mod blocks;
#[cfg(feature = "alloc")]
pub mod deque;
#[cfg(feature = "alloc")]
pub mod hazard;
pub(crate) mod list;
#[cfg(feature = "alloc")]
pub mod mpmc;
#[cfg(feature = "alloc")]
pub mod mpsc;
#[cfg(feature = "alloc")]
pub(crate) mod pinned;
#[cfg(feature = "alloc")]
pub mod run_queue;
#[cfg(feature = "alloc")]
pub mod spsc;
#[cfg(feature = "alloc")]
mod stack;
#[cfg(feature = "alloc")]
pub(crate) mod wide;
#[cfg(all(test, loom))]
mod witness;
#[cfg(feature = "alloc")]
mod word;

#[cfg(feature = "alloc")]
pub use stack::{Stack, TakeAll};
#[cfg(feature = "alloc")]
pub use word::Word;

/// A value on cache lines of its own, so that who writes it does not slow down who reads its
/// neighbours. Two lines: some processors fetch them in pairs. Where there is
/// no pool there are no neighbours of the kind.
#[derive(Debug, Default)]
#[cfg_attr(feature = "native", repr(align(128)))]
pub(crate) struct Padded<T>(pub(crate) T);

/// One turn of waiting for another thread that is a few instructions away from what is needed.
#[cfg(feature = "alloc")]
#[cold]
pub(crate) fn pause(turn: usize) {
    #[cfg(all(feature = "std", not(loom)))]
    if turn > 64 {
        // It may have been put to sleep there.
        return std::thread::yield_now();
    }
    // Longer each time: who looks too often takes the line from who is to write it.
    let times = if cfg!(loom) { 1 } else { 1 << turn.min(6) };
    (0..times).for_each(|_| crate::atomic::spin());
}

/// The element at an index that is known to be there. Not by `[]`, whose panic links the code that
/// writes numbers: a kilobyte of a page's download.
#[inline]
pub(crate) fn at_mut<T>(elements: &mut [T], index: usize) -> &mut T {
    let Some(element) = elements.get_mut(index) else { panic!("an index is out of bounds") };
    element
}

/// Drops all that `next` answers, also if the drop of one panics.
#[cfg(feature = "alloc")]
pub(crate) fn drop_each<T, F: FnMut() -> Option<T>>(next: F) {
    struct Rest<T, F: FnMut() -> Option<T>>(F);
    impl<T, F: FnMut() -> Option<T>> Rest<T, F> {
        fn run(&mut self) {
            while let Some(value) = (self.0)() {
                drop(value);
            }
        }
    }
    impl<T, F: FnMut() -> Option<T>> Drop for Rest<T, F> {
        fn drop(&mut self) {
            self.run();
        }
    }
    Rest(next).run();
}
