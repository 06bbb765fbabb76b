//! One place of the ring.
//!
//! A message is cloned for each receiver, and `T::clone` is foreign code: it may be slow, panic, or
//! use this very channel, and it must not run twice at once on one value, because `T` need not be
//! `Sync`. So a receiver *borrows* the value: it moves it out of the slot, clones its own, and moves
//! it back. Nobody is locked out meanwhile; a sender that comes round writes its message into the
//! slot, and the borrower finds that out and drops what it has.
//!
//! # States
//!
//! ```text
//!            put                       take, not the last
//!   EMPTY ──────────▶ FULL ─────────────────────────────────────▶ LENT
//!     ▲ take, the last │  ◀─────────────────────────────────────── │
//!     ├────────────────┘               give_back                   │
//!     └────────────────────────────────────────────────────────────┘
//!                       give_back, when nobody is left to see it
//! ```
//!
//! FULL and LENT also go to FULL at another position: the sender has come round (`put`). `forget`
//! is what a receiver that is dropped does instead of `take`.
//!
//! The word holds the state and the position of the message. It is changed in two steps: by
//! compare-and-swap to MOVING, which gives the content to whoever did it for a few moves, and by a
//! store to what comes next. Only EMPTY to FULL is one store: a slot that is EMPTY is left alone by
//! receivers, and senders come one at a time, under the lock of the tail.
//!
//! Positions count all messages ever sent. Where a word is small, its position is cut off, and a
//! receiver that lags by an exact multiple of 2^30 messages may be handed one in the wrong place;
//! nothing worse.
//!
//! Why unsafe: the word decides who may touch the content, which no type can say.

use crate::atomic::{AtomicUsize, Ordering, UnsafeCell, spin};
use crate::env::context;
use core::mem::MaybeUninit;
use core::ptr;

const EMPTY: usize = 0;
const FULL: usize = 1;
const LENT: usize = 2;
const MOVING: usize = 3;

pub(super) struct Slot<T> {
    word: AtomicUsize,
    content: UnsafeCell<Content<T>>,
}

struct Content<T> {
    /// How many receivers have yet to take or forget the message.
    unseen: usize,
    /// While LENT: the thread that has the value.
    borrower: usize,
    /// Whether a receiver sleeps until the value is given back.
    awaited: bool,
    /// Initialised while FULL.
    value: MaybeUninit<T>,
}

// SAFETY: at any time one thread has the value, so it moves between threads and is never shared.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Slot<T> {}

/// What [`Slot::take`] found.
pub(super) enum Taken<T> {
    /// The value; no other receiver will ask for it.
    Last(T),
    /// The value, to be given back.
    Lent(T),
    /// Another receiver has it just now.
    Busy,
    /// The message is not here: not yet, or no longer.
    Absent,
}

impl<T> Slot<T> {
    pub(super) fn new() -> Self {
        let value = MaybeUninit::uninit();
        let content = Content { unseen: 0, borrower: 0, awaited: false, value };
        Self { word: AtomicUsize::new(EMPTY), content: UnsafeCell::new(content) }
    }

    /// Whether every receiver has seen what was here. A hint, unless nothing goes on.
    pub(super) fn is_consumed(&self) -> bool {
        state(self.word.load(Ordering::Relaxed)) == EMPTY
    }

    /// Puts a message here for `unseen` receivers, under the lock of the tail. Answers the one
    /// before, if it is still here.
    pub(super) fn put(&self, position: u64, unseen: usize, value: T) -> Option<T> {
        // Acquire pairs with the Release of whoever left the slot EMPTY: its moves are over.
        let mut before = self.word.load(Ordering::Acquire);
        if state(before) != EMPTY {
            let (Ok(now) | Err(now)) = self.seize(|_| true);
            before = now;
        }
        let old = self.content.with_mut(|content| {
            // SAFETY: the slot is EMPTY and this the only sender, or it is MOVING by this thread.
            let content = unsafe { &mut *content };
            // SAFETY: a FULL slot has a value, which is overwritten below.
            let old = (state(before) == FULL).then(|| unsafe { content.value.assume_init_read() });
            content.unseen = unseen;
            content.awaited = false;
            content.value.write(value);
            old
        });
        self.release(word(position, FULL));
        old
    }

    /// Takes the message at `position` for a receiver that has not seen it.
    #[inline]
    pub(super) fn take(&self, position: u64) -> Taken<T> {
        match self.seize(|now| now == word(position, FULL)) {
            Ok(_) => {}
            Err(now) if now == word(position, LENT) => return Taken::Busy,
            Err(_) => return Taken::Absent,
        }
        let (value, last) = self.content.with_mut(|content| {
            // SAFETY: the slot is MOVING by this thread.
            let content = unsafe { &mut *content };
            content.unseen -= 1;
            let last = content.unseen == 0;
            if !last {
                content.borrower = this_thread();
            }
            // SAFETY: it was FULL, and is EMPTY or LENT when it is released.
            (unsafe { content.value.assume_init_read() }, last)
        });
        self.release(word(position, if last { EMPTY } else { LENT }));
        if last { Taken::Last(value) } else { Taken::Lent(value) }
    }

    /// Gives back what was lent at `position`. Answers the value, if nobody wants it any more, and
    /// whether a receiver sleeps until it is back.
    #[inline]
    pub(super) fn give_back(&self, position: u64, value: T) -> (Option<T>, bool) {
        if self.seize(|now| now == word(position, LENT)).is_err() {
            return (Some(value), false);
        }
        let (left, awaited) = self.content.with_mut(|content| {
            // SAFETY: the slot is MOVING by this thread.
            let content = unsafe { &mut *content };
            let left = if content.unseen == 0 {
                Some(value)
            } else {
                content.value.write(value);
                None
            };
            (left, core::mem::take(&mut content.awaited))
        });
        self.release(word(position, if left.is_some() { EMPTY } else { FULL }));
        (left, awaited)
    }

    /// One receiver less will ask for the message at `position`. Answers the value, if it was the
    /// last.
    pub(super) fn forget(&self, position: u64) -> Option<T> {
        let at_position = |now| now == word(position, FULL) || now == word(position, LENT);
        let before = self.seize(at_position).ok()?;
        let value = self.content.with_mut(|content| {
            // SAFETY: the slot is MOVING by this thread.
            let content = unsafe { &mut *content };
            content.unseen -= 1;
            let unwanted = content.unseen == 0 && state(before) == FULL;
            // SAFETY: it was FULL, and is EMPTY when it is released.
            unwanted.then(|| unsafe { content.value.assume_init_read() })
        });
        self.release(if value.is_some() { word(position, EMPTY) } else { before });
        value
    }

    /// Has the borrower of the message at `position` wake the receivers when it gives it back.
    /// Answers false if it is not lent any more.
    pub(super) fn await_return(&self, position: u64) -> bool {
        let lent = word(position, LENT);
        if self.seize(|now| now == lent).is_err() {
            return false;
        }
        // SAFETY: the slot is MOVING by this thread.
        self.content.with_mut(|content| unsafe { (*content).awaited = true });
        self.release(lent);
        true
    }

    /// Whether this very thread has borrowed the message at `position`, further up its stack.
    pub(super) fn is_lent_to_this_thread(&self, position: u64) -> bool {
        let lent = word(position, LENT);
        if self.seize(|now| now == lent).is_err() {
            return false;
        }
        // SAFETY: the slot is MOVING by this thread.
        let borrower = self.content.with(|content| unsafe { (*content).borrower });
        self.release(lent);
        borrower == this_thread()
    }

    /// Makes the slot MOVING, if its word is `meant`; else answers the word.
    #[inline]
    fn seize(&self, meant: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mut now = self.word.load(Ordering::Relaxed);
        loop {
            if state(now) == MOVING {
                // A few moves by another thread, none of them foreign code.
                spin();
                now = self.word.load(Ordering::Relaxed);
            } else if !meant(now) {
                return Err(now);
            } else {
                // Acquire pairs with the Release in `release`.
                let moving = now | MOVING;
                match self.word.compare_exchange(now, moving, Ordering::Acquire, Ordering::Relaxed)
                {
                    Ok(_) => return Ok(now),
                    Err(other) => now = other,
                }
            }
        }
    }

    #[inline]
    fn release(&self, word: usize) {
        // Release publishes the content to the next `seize`, and to `put` if EMPTY.
        self.word.store(word, Ordering::Release);
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        if state(self.word.load(Ordering::Relaxed)) == FULL {
            // SAFETY: a FULL slot has a value, and the slot is not used again.
            self.content.with_mut(|content| unsafe { (*content).value.assume_init_drop() });
        }
    }
}

const fn word(position: u64, state: usize) -> usize {
    (position as usize) << 2 | state
}

const fn state(word: usize) -> usize {
    word & MOVING
}

/// A number that no other living thread has: where its context lies.
fn this_thread() -> usize {
    context::with(|context| ptr::from_ref(context).addr())
}
