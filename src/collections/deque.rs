//! A growing deque of one worker, which takes its newest value; others steal the oldest.
//!
//! David Chase and Yossi Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005); the choice of
//! orderings starts from Lê, Pop, Cohen and Zappa Nardelli, "Correct and Efficient Work-Stealing for
//! Weak Memory Models" (PPoPP 2013), with sequentially consistent accesses in the place of the
//! fences: an exchange is cheaper than a fence on x86, and so are an ordered store and load on Arm.
//!
//! # The protocol
//!
//! ```text
//!            top                    bottom
//!             │                       │
//!             ▼                       ▼
//!   ... gone [ oldest | ... | newest ] free ...
//!       thieves ─▶                   ◀─▶ worker
//! ```
//!
//! Values stand from `top` to `bottom`. `bottom` is the worker's. `top` moves forwards only, by
//! compare-and-swap, by whoever takes the oldest; the worker does so too when it is the last.
//!
//! To take the newest the worker first lowers `bottom`, then looks at `top`; a thief looks at `top`,
//! then at `bottom`, then moves `top`. All four are sequentially consistent, hence in one order. If a
//! thief still sees the old `bottom`, its looks come before the lowering, so the worker sees every
//! `top` that the thief saw, and goes for the compare-and-swap if the value is the same.
//!
//! A thief reads a slot before it moves `top`. If it is too late the worker may have written the
//! slot meanwhile: slots are atomics, see [`Word`], and the thief's word is void.
//!
//! # Growing
//!
//! A full buffer is copied into one of twice the size. Thieves may still read the old one, which is
//! never written again; so old buffers are kept until the deque is dropped. Together they are smaller
//! than the last one: that is cheaper than to find out when they can go.
//!
//! `top` and `bottom` count up for ever; on 64-bit targets they do not come round. On 32-bit ones a
//! thief would have to sleep between look and move for exactly a multiple of 2^32 values.

use super::{Padded, Word};
use crate::atomic::{AtomicPtr, AtomicUsize, Ordering, handshake};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::{self, NonNull};

/// How many slots the first buffer has.
const SMALLEST: usize = if cfg!(loom) { 2 } else { 32 };

/// A deque without a bound. One [`Worker`] has it, and [`Stealer`]s, which can be cloned, rob it.
///
/// *Progress:* lock-free, but for the allocation when it grows. `push` and `pop` are wait-free else;
/// whoever loses a race to steal lost it to one that took.
///
/// # Examples
/// ```
/// use creel::collections::deque::deque;
///
/// let (worker, stealer) = deque();
/// for number in 1..=3 {
///     worker.push(Box::new(number));
/// }
/// let stolen = std::thread::spawn(move || stealer.steal()).join().expect("it does not panic");
/// assert_eq!(stolen.as_deref(), Some(&1));
/// assert_eq!(worker.pop().as_deref(), Some(&3));
/// assert_eq!(worker.pop().as_deref(), Some(&2));
/// assert_eq!(worker.pop(), None);
/// ```
pub fn deque<T: Word>() -> (Worker<T>, Stealer<T>) {
    with_capacity(SMALLEST)
}

/// The same with room for `capacity` values before it must grow.
pub fn with_capacity<T: Word>(capacity: usize) -> (Worker<T>, Stealer<T>) {
    let buffer = Buffer::allocate(capacity.max(SMALLEST).next_power_of_two(), None);
    let shared = Arc::new(Shared {
        top: Padded(AtomicUsize::new(0)),
        bottom: Padded(AtomicUsize::new(0)),
        buffer: AtomicPtr::new(buffer.as_ptr()),
        _values: PhantomData,
    });
    let stealer = Stealer { shared: Arc::clone(&shared) };
    (Worker { shared, buffer: Cell::new(buffer), top: Cell::new(0) }, stealer)
}

struct Shared<T: Word> {
    top: Padded<AtomicUsize>,
    bottom: Padded<AtomicUsize>,
    buffer: AtomicPtr<Buffer>,
    _values: PhantomData<T>,
}

// SAFETY: each value goes from one thread to one other, which `T: Send` allows.
unsafe impl<T: Word + Send> Send for Shared<T> {}
// SAFETY: as above; nobody gets a reference to a value that is inside.
unsafe impl<T: Word + Send> Sync for Shared<T> {}

struct Buffer {
    /// A power of two of them.
    slots: Box<[AtomicPtr<()>]>,
    /// The buffer that this one replaced.
    before: Option<NonNull<Buffer>>,
}

impl Buffer {
    fn allocate(size: usize, before: Option<NonNull<Buffer>>) -> NonNull<Self> {
        let slots = (0..size).map(|_| AtomicPtr::new(ptr::null_mut())).collect();
        let buffer = Box::into_raw(Box::new(Self { slots, before }));
        // SAFETY: the address of a box is not null.
        unsafe { NonNull::new_unchecked(buffer) }
    }

    #[inline]
    fn slot(&self, position: usize) -> &AtomicPtr<()> {
        // SAFETY: there is at least one slot, and the mask is one less than their number.
        unsafe { self.slots.get_unchecked(position & (self.slots.len() - 1)) }
    }
}

/// The one end of a [`deque`] that puts in. It takes as well, the newest first.
pub struct Worker<T: Word> {
    shared: Arc<Shared<T>>,
    /// The same as `shared.buffer`. A cell also so that this is not `Sync`: one thread at a time
    /// is the worker.
    buffer: Cell<NonNull<Buffer>>,
    /// What `shared.top` was when we last looked.
    top: Cell<usize>,
}

// SAFETY: the buffer belongs to `shared`, which goes along.
unsafe impl<T: Word + Send> Send for Worker<T> {}

/// An end of a [`deque`] that only takes, the oldest first, from any thread.
pub struct Stealer<T: Word> {
    shared: Arc<Shared<T>>,
}

impl<T: Word> UnwindSafe for Worker<T> {}
impl<T: Word> RefUnwindSafe for Worker<T> {}
impl<T: Word> UnwindSafe for Stealer<T> {}
impl<T: Word> RefUnwindSafe for Stealer<T> {}

impl<T: Word> Worker<T> {
    /// Puts a value in, as the newest.
    #[inline]
    pub fn push(&self, value: T) {
        // Relaxed: only the worker writes it.
        let bottom = self.shared.bottom.0.load(Ordering::Relaxed);
        // SAFETY: the current buffer lives as long as `shared`.
        let mut buffer = unsafe { self.buffer.get().as_ref() };
        if bottom.wrapping_sub(self.top.get()) >= buffer.slots.len() {
            buffer = self.make_room(bottom);
        }
        buffer.slot(bottom).store(value.into_word(), Ordering::Relaxed);
        // Release hands slot and value to the Acquire in `Stealer::steal`.
        self.shared.bottom.0.store(bottom.wrapping_add(1), Ordering::Release);
    }

    /// Takes the newest value.
    #[inline]
    pub fn pop(&self) -> Option<T> {
        let shared = &*self.shared;
        let bottom = shared.bottom.0.load(Ordering::Relaxed);
        // Saves an exchange when it is empty. Relaxed: `top` is at least this.
        if shared.top.0.load(Ordering::Relaxed) == bottom {
            return None;
        }
        let newest = bottom.wrapping_sub(1);
        // SeqCst: see the module. It releases as well: thieves see the slots through it.
        shared.bottom.0.swap(newest, Ordering::SeqCst);
        handshake();
        let top = shared.top.0.load(Ordering::SeqCst);
        let others = newest.wrapping_sub(top) as isize;
        // SAFETY: the current buffer lives as long as `shared`.
        let buffer = unsafe { self.buffer.get().as_ref() };
        let word = buffer.slot(newest).load(Ordering::Relaxed);
        if others > 0 {
            // SAFETY: no thief gets past `bottom`, and each sees it lowered or was seen by us.
            return Some(unsafe { T::from_word(word) });
        }
        let won = others == 0 && shared.advance(top);
        // The deque is empty, whoever won. Release: thieves read slots by what they see here.
        shared.bottom.0.store(bottom, Ordering::Release);
        // SAFETY: who moved `top` has the value.
        won.then(|| unsafe { T::from_word(word) })
    }

    /// How many values are in it; thieves may take some meanwhile.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether it is empty; it stays so until this end puts something in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more end that takes.
    pub fn stealer(&self) -> Stealer<T> {
        Stealer { shared: Arc::clone(&self.shared) }
    }

    /// A buffer with a free slot at `bottom`.
    #[cold]
    fn make_room(&self, bottom: usize) -> &Buffer {
        // SAFETY: the current buffer lives as long as `shared`.
        let old = unsafe { self.buffer.get().as_ref() };
        // Acquire: thieves are done with the slots before `top`, or their words are void.
        let top = self.shared.top.0.load(Ordering::Acquire);
        self.top.set(top);
        if bottom.wrapping_sub(top) < old.slots.len() {
            return old;
        }
        let new = Buffer::allocate(2 * old.slots.len(), Some(self.buffer.get()));
        // SAFETY: it was allocated just now, and `shared` will keep it.
        let buffer = unsafe { new.as_ref() };
        let mut position = top;
        while position != bottom {
            let word = old.slot(position).load(Ordering::Relaxed);
            buffer.slot(position).store(word, Ordering::Relaxed);
            position = position.wrapping_add(1);
        }
        self.buffer.set(new);
        // Release hands the copies to the Acquire in `Stealer::steal`.
        self.shared.buffer.store(new.as_ptr(), Ordering::Release);
        buffer
    }
}

impl<T: Word> Stealer<T> {
    /// Takes the oldest value.
    pub fn steal(&self) -> Option<T> {
        let shared = &*self.shared;
        loop {
            // SeqCst, twice: see the module. Acquire is part of it and pairs with the Release in
            // `push` and `pop`: slots before `bottom` are written.
            let top = shared.top.0.load(Ordering::SeqCst);
            handshake();
            let bottom = shared.bottom.0.load(Ordering::SeqCst);
            if bottom.wrapping_sub(top) as isize <= 0 {
                return None;
            }
            // Acquire pairs with the Release in `make_room`. The buffer is at least as new as
            // `bottom`, so it has the value, or `top` has moved on.
            let buffer = shared.buffer.load(Ordering::Acquire);
            // SAFETY: buffers live as long as `shared`.
            let word = unsafe { (*buffer).slot(top).load(Ordering::Relaxed) };
            if shared.advance(top) {
                // SAFETY: who moved `top` has the value.
                return Some(unsafe { T::from_word(word) });
            }
        }
    }

    /// Takes half of the values, the larger half, one by one, or fewer if others take too: answers
    /// the oldest, the others are in `to`, as its newest. From the deque of `to` itself it takes
    /// one.
    pub fn steal_into(&self, to: &Worker<T>) -> Option<T> {
        if Arc::ptr_eq(&self.shared, &to.shared) {
            return to.pop();
        }
        let first = self.steal()?;
        let more = self.len() / 2;
        (0..more).map_while(|_| self.steal()).for_each(|value| to.push(value));
        Some(first)
    }

    /// How many values there are to take, at some moment of the call.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether there is nothing to take, at some moment of the call.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Word> Shared<T> {
    /// Takes the oldest value away from everybody else; its word was read before.
    #[inline]
    fn advance(&self, top: usize) -> bool {
        let next = top.wrapping_add(1);
        // SeqCst: see the module. It releases: the worker that sees it may write the slot.
        self.top.0.compare_exchange(top, next, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    fn len(&self) -> usize {
        // Acquire: `top` first, so that it does not pass the `bottom` that is read.
        let top = self.top.0.load(Ordering::Acquire);
        // Lowered below `top` for a moment when the worker finds it empty.
        (self.bottom.0.load(Ordering::Acquire).wrapping_sub(top) as isize).max(0) as usize
    }
}

impl<T: Word> Drop for Shared<T> {
    fn drop(&mut self) {
        struct Free(Option<NonNull<Buffer>>);
        impl Drop for Free {
            fn drop(&mut self) {
                while let Some(buffer) = self.0 {
                    // SAFETY: nobody else is there, and each buffer is in the chain once.
                    self.0 = unsafe { Box::from_raw(buffer.as_ptr()) }.before;
                }
            }
        }
        // Relaxed: nobody else is there.
        let buffer = NonNull::new(self.buffer.load(Ordering::Relaxed));
        let _free = Free(buffer);
        let bottom = self.bottom.0.load(Ordering::Relaxed);
        let mut top = self.top.0.load(Ordering::Relaxed);
        let Some(buffer) = buffer.filter(|_| core::mem::needs_drop::<T>()) else { return };
        super::drop_each(|| {
            (top != bottom).then(|| {
                // SAFETY: it is freed after this.
                let word = unsafe { buffer.as_ref() }.slot(top).load(Ordering::Relaxed);
                top = top.wrapping_add(1);
                // SAFETY: values stand from `top` to `bottom`, and `top` moves on.
                unsafe { T::from_word(word) }
            })
        });
    }
}

impl<T: Word> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Word> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("len", &self.len()).finish()
    }
}

impl<T: Word> fmt::Debug for Stealer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stealer").field("len", &self.len()).finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
