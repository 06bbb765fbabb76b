//! Numbered slots in linked blocks: many writers, one reader, no locks.
//!
//! The numbers are given out elsewhere: whoever uses [`Blocks`] keeps a *claim word*, an atomic
//! whose every change is a read-modify-write, and a writer gets the next number from it. So one
//! such operation can do more than give out a number, a channel's whole admission for instance.
//! Here each number has its slot, writers fill theirs in any order, and the reader empties them
//! in the order of the numbers.
//!
//! Numbers wrap at [`Wrap::MASK`]; fewer than half that many are ever under way at once.
//!
//! # The chain
//!
//! ```text
//!  reader.oldest      reader.block           tail (a hint)
//!       │                  │                    │
//!       ▼                  ▼                    ▼
//!    [ left ] ─next─▶ [ being read ] ─ ... ─▶ [ being written ] ─next─▶ [ started ] ─▶ null
//! ```
//!
//! A writer with number `n` follows `next` from `tail` to the block that holds `n`, and appends
//! the blocks that are missing. A block that it goes past and that is full it *leaves*:
//! it moves `tail` on, and notes in the block how many numbers had been given out by then
//! (`left_at`).
//!
//! # Invariants
//!
//! 1. `tail` is never beyond the block of a number that was given out but not written: a block is
//!    left only when all its slots are written.
//! 2. Who sees a block has a number below its `left_at`. For the claim acquires what the last
//!    change of the claim word before it released; so a claim after the reading of `left_at` sees
//!    the `tail` that was set before it.
//! 3. Hence when the reader has read everything below `left_at`, nobody looks at the block any
//!    more, and the reader reuses or frees it. One empty block is kept for the next writer.
//! 4. A slot's value is its writer's until `ready`, then the reader's.

use crate::atomic::{AtomicBool, AtomicPtr, Ordering, UnsafeCell};
use alloc::boxed::Box;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

/// How many slots a block has.
#[cfg(not(loom))]
pub(crate) const SLOTS: usize = 32;
/// Few, so that models come to the next block.
#[cfg(loom)]
pub(crate) const SLOTS: usize = 2;

/// Where numbers wrap: a type, because both users of the blocks know it at compile time.
pub trait Wrap {
    /// The largest number; all ones.
    const MASK: u64;
}

/// The chain of blocks, as writers see it.
#[derive(Debug)]
pub(crate) struct Blocks<T, W> {
    tail: AtomicPtr<Block<T>>,
    /// An empty block that nobody else knows, or null.
    spare: AtomicPtr<Block<T>>,
    _wrap: PhantomData<fn() -> W>,
}

/// The reader's place in the chain.
#[derive(Debug)]
pub(crate) struct Reader<T> {
    /// The number to be read next.
    next: u64,
    /// The number of the first slot of `block`.
    start: u64,
    block: NonNull<Block<T>>,
    /// The first block of the chain; those before `block` wait to be reused.
    oldest: NonNull<Block<T>>,
}

#[derive(Debug)]
struct Block<T> {
    /// The number of the first slot. Written while nobody else knows the block.
    start: UnsafeCell<u64>,
    next: AtomicPtr<Block<T>>,
    left: AtomicBool,
    /// Written once, before `left`.
    left_at: UnsafeCell<u64>,
    ready: [AtomicBool; SLOTS],
    values: [UnsafeCell<MaybeUninit<T>>; SLOTS],
}

impl<T, W: Wrap> Blocks<T, W> {
    /// A chain of one block, whose first slot has the number 0.
    pub(crate) fn new() -> (Self, Reader<T>) {
        let block = Block::allocate();
        let chain = Self {
            tail: AtomicPtr::new(block.as_ptr()),
            spare: AtomicPtr::new(ptr::null_mut()),
            _wrap: PhantomData,
        };
        (chain, Reader { next: 0, start: 0, block, oldest: block })
    }

    /// Writes the slot of `number`.
    ///
    /// # Safety
    /// `number` was given to this caller alone, by a read-modify-write of the claim word with
    /// Acquire, and `given` answers the number to be given out next by one with Release.
    #[inline]
    pub(crate) unsafe fn write(&self, number: u64, value: T, given: impl Fn() -> u64) {
        let slot = number as usize % SLOTS;
        // SAFETY: invariant 2: from `tail` to the block of a number not written all are alive.
        let block = unsafe { self.find(number, given).as_ref() };
        // SAFETY: invariant 4.
        block.values[slot].with_mut(|place| unsafe { (*place).write(value) });
        // Release hands the value to the reader's Acquire, and everything this writer did with
        // the blocks to the reader that reuses them.
        block.ready[slot].store(true, Ordering::Release);
    }

    /// Reads the slot of the next number, if it is written.
    ///
    /// # Safety
    /// `reader` is the one reader of this chain, and the caller has it alone.
    #[inline]
    pub(crate) unsafe fn read(&self, reader: &mut Reader<T>) -> Option<T> {
        // SAFETY: the caller's promise.
        let slot = unsafe { self.seek(reader) }?;
        reader.next = reader.next.wrapping_add(1) & W::MASK;
        // SAFETY: the reader's own block is alive.
        let block = unsafe { reader.block.as_ref() };
        // SAFETY: invariant 4; it is read once, because `next` moves on.
        Some(block.values[slot].with(|place| unsafe { (*place).assume_init_read() }))
    }

    /// Whether the slot of the next number is written.
    ///
    /// # Safety
    /// As for [`read`](Self::read).
    pub(crate) unsafe fn is_written(&self, reader: &mut Reader<T>) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.seek(reader) }.is_some()
    }

    /// The slot of the next number, in the reader's block, if it is written.
    ///
    /// # Safety
    /// As for [`read`](Self::read).
    #[inline]
    unsafe fn seek(&self, reader: &mut Reader<T>) -> Option<usize> {
        let mut slot = (reader.next.wrapping_sub(reader.start) & W::MASK) as usize;
        if slot >= SLOTS {
            if !self.step(reader) {
                return None;
            }
            slot = 0;
        }
        // SAFETY: the reader's own block is alive.
        let block = unsafe { reader.block.as_ref() };
        // Acquire pairs with the Release in `write`.
        block.ready[slot].load(Ordering::Acquire).then_some(slot)
    }

    /// Frees all blocks. Values that were not read are forgotten.
    ///
    /// # Safety
    /// Nobody reads or writes any more, and nobody will.
    pub(crate) unsafe fn free(&self, reader: &mut Reader<T>) {
        let mut block = reader.oldest.as_ptr();
        while let Some(this) = NonNull::new(block) {
            // SAFETY: the chain is ours alone, and each block is in it once.
            unsafe {
                block = this.as_ref().next.load(Ordering::Acquire);
                drop(Box::from_raw(this.as_ptr()));
            }
        }
        if let Some(spare) = NonNull::new(self.spare.load(Ordering::Acquire)) {
            // SAFETY: a spare block is in no chain.
            drop(unsafe { Box::from_raw(spare.as_ptr()) });
        }
    }

    /// The block of a number that is given out and not written.
    #[inline]
    fn find(&self, number: u64, given: impl Fn() -> u64) -> NonNull<Block<T>> {
        // Acquire pairs with the Release in `leave`: the block is initialised.
        let tail = self.tail.load(Ordering::Acquire);
        // SAFETY: `tail` is never null.
        let tail = unsafe { NonNull::new_unchecked(tail) };
        // SAFETY: invariant 2.
        let start = unsafe { tail.as_ref() }.start();
        // By invariant 1 this is a distance forwards.
        let distance = (number.wrapping_sub(start) & W::MASK) as usize / SLOTS;
        if distance == 0 { tail } else { self.walk(tail, distance, given) }
    }

    #[cold]
    fn walk(
        &self,
        mut block: NonNull<Block<T>>,
        distance: usize,
        given: impl Fn() -> u64,
    ) -> NonNull<Block<T>> {
        let mut leaving = true;
        for _ in 0..distance {
            // SAFETY: invariant 2.
            let this = unsafe { block.as_ref() };
            // Acquire pairs with the Release in `append`: the next block is initialised.
            let next = NonNull::new(this.next.load(Ordering::Acquire));
            let next = next.unwrap_or_else(|| self.append(this));
            leaving = leaving && this.is_full() && self.leave(block, next, &given);
            block = next;
        }
        block
    }

    /// Moves `tail` from a full block to the next one, unless somebody else has done it.
    fn leave(
        &self,
        block: NonNull<Block<T>>,
        next: NonNull<Block<T>>,
        given: &impl Fn() -> u64,
    ) -> bool {
        // Release hands on what makes `next` readable. No block comes back to `tail` while we
        // look at it: it would have been reused before.
        let moved = self.tail.compare_exchange(
            block.as_ptr(),
            next.as_ptr(),
            Ordering::Release,
            Ordering::Relaxed,
        );
        if moved.is_err() {
            return false;
        }
        // SAFETY: the block is alive until `left` is set.
        let block = unsafe { block.as_ref() };
        // SAFETY: only the one who moved `tail` writes it, before `left`.
        block.left_at.with_mut(|left_at| unsafe { *left_at = given() });
        // Release pairs with the Acquire in `reclaim`: the block is the reader's.
        block.left.store(true, Ordering::Release);
        true
    }

    /// The block behind `block`, which had none a moment ago.
    #[cold]
    fn append(&self, block: &Block<T>) -> NonNull<Block<T>> {
        // Acquire pairs with the Release in `keep`: the block's last use is over.
        let spare = NonNull::new(self.spare.swap(ptr::null_mut(), Ordering::Acquire));
        let fresh = spare.unwrap_or_else(Block::allocate);
        let start = block.start().wrapping_add(SLOTS as u64) & W::MASK;
        // SAFETY: nobody else knows the block.
        unsafe { fresh.as_ref() }.start.with_mut(|place| unsafe { *place = start });
        // Release hands the block to whoever follows the link; Acquire, on failure, receives it.
        match block.next.compare_exchange(
            ptr::null_mut(),
            fresh.as_ptr(),
            Ordering::Release,
            Ordering::Acquire,
        ) {
            Ok(_) => fresh,
            Err(next) => {
                self.keep(fresh);
                // SAFETY: a failed exchange with null answers something else.
                unsafe { NonNull::new_unchecked(next) }
            }
        }
    }

    /// Keeps an empty block that nobody else knows; frees the one kept before.
    fn keep(&self, block: NonNull<Block<T>>) {
        // AcqRel: Release hands our block over, Acquire receives the one that we free.
        let before = self.spare.swap(block.as_ptr(), Ordering::AcqRel);
        if !before.is_null() {
            // SAFETY: a spare block belongs to the one who swaps it out.
            drop(unsafe { Box::from_raw(before) });
        }
    }

    /// Takes the reader to the next block, if there is one.
    #[cold]
    fn step(&self, reader: &mut Reader<T>) -> bool {
        // SAFETY: the reader's own block is alive.
        let block = unsafe { reader.block.as_ref() };
        // Acquire pairs with the Release in `append`.
        let Some(next) = NonNull::new(block.next.load(Ordering::Acquire)) else { return false };
        reader.block = next;
        reader.start = reader.next;
        self.reclaim(reader);
        true
    }

    /// Reuses the blocks that nobody looks at any more.
    fn reclaim(&self, reader: &mut Reader<T>) {
        while reader.oldest != reader.block {
            // SAFETY: the chain from `oldest` on is alive: only this function ends a block.
            let block = unsafe { reader.oldest.as_ref() };
            // Acquire pairs with the Release in `leave`.
            if !block.left.load(Ordering::Acquire) {
                return;
            }
            // SAFETY: with `left` set nobody writes it.
            let left_at = block.left_at.with(|left_at| unsafe { *left_at });
            // Invariant 3: everything below `left_at` must have been read.
            if reader.next.wrapping_sub(left_at) & W::MASK > W::MASK / 2 {
                return;
            }
            let empty = reader.oldest;
            // SAFETY: a block before another one has a next.
            reader.oldest = unsafe { NonNull::new_unchecked(block.next.load(Ordering::Acquire)) };
            block.clear();
            self.keep(empty);
        }
    }
}

impl<T> Reader<T> {
    /// The number to be read next.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }
}

impl<T> Block<T> {
    /// An empty block, made in place: values may be large.
    fn allocate() -> NonNull<Self> {
        let block = Box::leak(Box::<Self>::new_uninit()).as_mut_ptr();
        // SAFETY: each field of the fresh allocation is written once.
        unsafe {
            (&raw mut (*block).start).write(UnsafeCell::new(0));
            (&raw mut (*block).next).write(AtomicPtr::new(ptr::null_mut()));
            (&raw mut (*block).left).write(AtomicBool::new(false));
            (&raw mut (*block).left_at).write(UnsafeCell::new(0));
            for slot in 0..SLOTS {
                (&raw mut (*block).ready[slot]).write(AtomicBool::new(false));
                (&raw mut (*block).values[slot]).write(UnsafeCell::new(MaybeUninit::uninit()));
            }
            NonNull::new_unchecked(block)
        }
    }

    #[inline]
    fn start(&self) -> u64 {
        // SAFETY: it changes only while nobody else knows the block.
        self.start.with(|start| unsafe { *start })
    }

    /// Whether all slots have been written.
    fn is_full(&self) -> bool {
        // Acquire: the writers looked at `tail` before they wrote, so they cannot see it moved.
        self.ready.iter().all(|ready| ready.load(Ordering::Acquire))
    }

    /// Makes a block that nobody else knows empty again.
    fn clear(&self) {
        // Relaxed: `keep` releases all of it.
        self.ready.iter().for_each(|ready| ready.store(false, Ordering::Relaxed));
        self.next.store(ptr::null_mut(), Ordering::Relaxed);
        self.left.store(false, Ordering::Relaxed);
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
