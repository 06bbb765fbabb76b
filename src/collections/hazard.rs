//! Hazard pointers: memory that several threads read goes back when nobody reads it any more.
//!
//! Maged Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects" (2004). Whoever
//! reads through a shared pointer first publishes, in a *record*, which object that is
//! ([`Domain::protect`]); whoever has taken an object out of reach gives it to the domain
//! ([`Domain::retire`]), which frees it unless a record names it, and else tries again later.
//!
//! # Why hazard pointers, why ours
//!
//! Epochs (crossbeam-epoch, seize) read faster in long walks, but one reader that is put to sleep
//! keeps everything from being freed, and they want a thread-local, which `no_std` does not have.
//! What is here reads one object at a time, and holds back at most as many objects as there are
//! readers. Generations (a tag beside the pointer) need a wider atomic than some targets have. The
//! libraries for hazard pointers (haphazard) have a global domain and 64-bit atomics; and this file
//! is short.
//!
//! # The protocol
//!
//! A record is null while it is free. A reader claims one *by* publishing the object, with a
//! compare-and-swap, then looks whether the pointer still leads there. Who retires first takes the
//! object out of reach, then looks at the records. All four are sequentially consistent: either
//! the reader sees that the object is gone from the pointer, or the other sees the record.
//!
//! An object that is found in a record goes to the list of retired objects, which the next who
//! retires goes through again. There are a few records in the domain itself; when all are taken,
//! more are allocated, and kept as long as the domain.

use crate::atomic::{AtomicPtr, Ordering, fence, handshake};
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::{self, NonNull};

/// How many records a block has.
const RECORDS: usize = if cfg!(loom) { 1 } else { 8 };

/// Who reads what of a group of objects, and what of it waits to be freed.
///
/// *Progress:* lock-free, but for the allocator.
///
/// # Examples
/// A configuration that is replaced while others read it:
/// ```
/// use creel::collections::hazard::Domain;
/// use std::ptr::NonNull;
/// use std::sync::atomic::{AtomicPtr, Ordering};
///
/// struct Config {
///     current: AtomicPtr<String>,
///     domain: Domain,
/// }
///
/// impl Config {
///     fn read(&self) -> usize {
///         // SAFETY: `current` holds boxes only, which are retired after they were replaced.
///         let guard = unsafe { self.domain.protect(&self.current) };
///         guard.map_or(0, |text| text.len())
///     }
///
///     fn replace(&self, text: &str) {
///         let new = Box::into_raw(Box::new(text.to_owned()));
///         let old = self.current.swap(new, Ordering::AcqRel);
///         // SAFETY: a box that nobody can reach any more, and that is retired once.
///         NonNull::new(old).into_iter().for_each(|old| unsafe { self.domain.retire(old) });
///     }
/// }
///
/// impl Drop for Config {
///     fn drop(&mut self) {
///         let last = *self.current.get_mut();
///         // SAFETY: as in `replace`.
///         NonNull::new(last).into_iter().for_each(|last| unsafe { self.domain.retire(last) });
///     }
/// }
///
/// let config = Config { current: AtomicPtr::default(), domain: Domain::new() };
/// config.replace("short");
/// std::thread::scope(|scope| {
///     scope.spawn(|| config.replace("a bit longer"));
///     scope.spawn(|| assert!([5, 12].contains(&config.read())));
/// });
/// ```
pub struct Domain {
    records: Block,
    retired: AtomicPtr<Retired>,
}

struct Block {
    /// What each reader reads; null if the record is free.
    records: [AtomicPtr<()>; RECORDS],
    more: AtomicPtr<Block>,
}

/// An object that somebody still read when it was retired.
struct Retired {
    object: NonNull<()>,
    /// Frees it.
    free: unsafe fn(NonNull<()>),
    next: *mut Retired,
}

// SAFETY: objects are sent to the domain by `retire`, which asks for `Send`; records are atomics.
unsafe impl Send for Domain {}
// SAFETY: as above.
unsafe impl Sync for Domain {}

impl Domain {
    /// A domain in which nobody reads anything.
    pub fn new() -> Self {
        Self { records: Block::new(), retired: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Reads what `source` points to; `None` if that is null. The object is not freed before the
    /// guard is dropped.
    ///
    /// # Safety
    /// As long as the domain lives, whatever is in `source` is null or a box turned into a pointer,
    /// published by Release or stronger, and goes to [`retire`](Self::retire) of this domain when it
    /// was taken out, or stays.
    #[inline]
    pub unsafe fn protect<T>(&self, source: &AtomicPtr<T>) -> Option<Guard<'_, T>> {
        // Relaxed: it is looked at again below.
        let mut object = NonNull::new(source.load(Ordering::Relaxed))?;
        let record = self.claim(object.cast());
        let guard = |object| Guard { record, object, _shared: PhantomData };
        loop {
            handshake();
            // SeqCst: see the module. Acquire is part of it: the object is initialised.
            let Some(now) = NonNull::new(source.load(Ordering::SeqCst)) else {
                drop(guard(object));
                return None;
            };
            if now == object {
                // The newer one of the two: what was at this address before may be gone, and with
                // it the right to read by the older.
                return Some(guard(now));
            }
            object = now;
            // SeqCst: as the claim.
            record.swap(object.as_ptr().cast(), Ordering::SeqCst);
        }
    }

    /// Drops an object, in a box, as soon as nobody reads it.
    ///
    /// # Safety
    /// `object` is a box turned into a pointer, which no source has any more from which somebody
    /// might [`protect`](Self::protect) it, and which is retired once.
    pub unsafe fn retire<T: Send>(&self, object: NonNull<T>) {
        // The caller may have used any ordering; see `retire_ordered`.
        fence(Ordering::SeqCst);
        // SAFETY: the caller's promise.
        unsafe { self.retire_ordered(object) }
    }

    /// As [`retire`](Self::retire), for what was taken out by a SeqCst operation of this thread.
    ///
    /// # Safety
    /// That, and as for `retire`; it may be dropped on any thread.
    #[inline]
    pub(super) unsafe fn retire_ordered<T>(&self, object: NonNull<T>) {
        handshake();
        if !self.is_protected(object.cast()) {
            // SAFETY: nobody reads it, and nobody can begin to.
            drop(unsafe { Box::from_raw(object.as_ptr()) });
        } else {
            // SAFETY: the object is of the type that `free` is for.
            let free = |object: NonNull<()>| unsafe {
                drop(Box::from_raw(object.cast::<T>().as_ptr()));
            };
            let next = ptr::null_mut();
            self.keep(Box::new(Retired { object: object.cast(), free, next }));
        }
        // Relaxed: who misses an object leaves it to the next.
        if !self.retired.load(Ordering::Relaxed).is_null() {
            self.free_retired();
        }
    }

    /// Frees what was retired while somebody read it, and is read by nobody any more. Each
    /// [`retire`](Self::retire) does that too.
    #[cold]
    pub fn free_retired(&self) {
        // Acquire pairs with the Release in `keep`. SeqCst orders it before the looks at records.
        let mut next = self.retired.swap(ptr::null_mut(), Ordering::SeqCst);
        handshake();
        super::drop_each(|| {
            let first = NonNull::new(next)?;
            // SAFETY: `keep` made it of a box, and the list is ours alone.
            let mut retired = unsafe { Box::from_raw(first.as_ptr()) };
            next = core::mem::replace(&mut retired.next, ptr::null_mut());
            if self.is_protected(retired.object) {
                self.keep(retired);
            } else {
                // SAFETY: nobody reads it, nobody can begin to, and it is in one list, once.
                unsafe { (retired.free)(retired.object) };
            }
            Some(())
        });
    }

    /// Puts an entry whose `next` is null into the list, which is only ever exchanged as a whole: so
    /// nobody links to an entry that may be gone.
    fn keep(&self, retired: Box<Retired>) {
        let first = Box::into_raw(retired);
        let mut last = first;
        // Release hands the entries to the Acquire of whoever takes the list.
        while self
            .retired
            .compare_exchange(ptr::null_mut(), first, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            // Acquire pairs with that Release.
            let mut others = self.retired.swap(ptr::null_mut(), Ordering::Acquire);
            while !others.is_null() {
                // SAFETY: both lists are ours alone.
                unsafe {
                    (*last).next = others;
                    (last, others) = (others, (*others).next);
                }
            }
        }
    }

    /// A record that was free, and now names `object`.
    #[inline]
    fn claim(&self, object: NonNull<()>) -> &AtomicPtr<()> {
        let block = &self.records;
        // Threads begin at different records: stacks are far from each other.
        let start = if cfg!(loom) { 0 } else { (&raw const object).addr() >> 16 };
        for offset in 0..RECORDS {
            let record = &block.records[start.wrapping_add(offset) % RECORDS];
            if Block::try_claim(record, object) {
                return record;
            }
        }
        self.claim_more(object)
    }

    #[cold]
    fn claim_more(&self, object: NonNull<()>) -> &AtomicPtr<()> {
        let mut block = &self.records;
        loop {
            block = block.next_or_new();
            if let Some(record) = block.records.iter().find(|it| Block::try_claim(it, object)) {
                return record;
            }
        }
    }

    #[inline]
    fn is_protected(&self, object: NonNull<()>) -> bool {
        let mut block = Some(&self.records);
        while let Some(this) = block {
            for record in &this.records {
                // SeqCst: see the module. Acquire is part of it and pairs with the Release in
                // `Guard::drop`: the reader has done with what it read.
                if record.load(Ordering::SeqCst) == object.as_ptr() {
                    return true;
                }
            }
            block = this.next();
        }
        false
    }
}

impl Default for Domain {
    fn default() -> Self {
        Self::new()
    }
}

impl Block {
    fn new() -> Self {
        Self {
            records: core::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            more: AtomicPtr::new(ptr::null_mut()),
        }
    }

    #[inline]
    fn try_claim(record: &AtomicPtr<()>, object: NonNull<()>) -> bool {
        // SeqCst: see the module. Acquire and Release are part of it, so that who reads this
        // record has what the last who had it gave up.
        record.load(Ordering::Relaxed).is_null()
            && record
                .compare_exchange(
                    ptr::null_mut(),
                    object.as_ptr(),
                    Ordering::SeqCst,
                    Ordering::Relaxed,
                )
                .is_ok()
    }

    fn next(&self) -> Option<&Block> {
        // SeqCst: a block that a reader claimed a record of is there for who looks after that.
        let more = self.more.load(Ordering::SeqCst);
        // SAFETY: blocks live as long as the domain.
        unsafe { more.as_ref() }
    }

    fn next_or_new(&self) -> &Block {
        if let Some(next) = self.next() {
            return next;
        }
        let new = Box::into_raw(Box::new(Self::new()));
        // SeqCst: as in `next`.
        let won =
            self.more.compare_exchange(ptr::null_mut(), new, Ordering::SeqCst, Ordering::SeqCst);
        match won {
            // SAFETY: blocks live as long as the domain.
            Ok(_) => unsafe { &*new },
            Err(other) => {
                // SAFETY: nobody else knows ours; the other one lives as long as the domain.
                unsafe {
                    drop(Box::from_raw(new));
                    &*other
                }
            }
        }
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        /// Also if an object panics.
        struct FreeBlocks(*mut Block);
        impl Drop for FreeBlocks {
            fn drop(&mut self) {
                while let Some(block) = NonNull::new(self.0) {
                    // SAFETY: nobody else is there, and each block is in the chain once.
                    let block = unsafe { Box::from_raw(block.as_ptr()) };
                    self.0 = block.more.load(Ordering::Relaxed);
                }
            }
        }
        let _blocks = FreeBlocks(self.records.more.load(Ordering::Relaxed));
        let mut next = self.retired.load(Ordering::Relaxed);
        super::drop_each(|| {
            let first = NonNull::new(next)?;
            // SAFETY: `keep` made it of a box, and nobody else is there.
            let retired = unsafe { Box::from_raw(first.as_ptr()) };
            next = retired.next;
            // SAFETY: guards borrow the domain, so nobody reads it.
            unsafe { (retired.free)(retired.object) };
            Some(())
        });
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain").finish_non_exhaustive()
    }
}

/// Keeps an object from being freed, and reads it.
pub struct Guard<'a, T> {
    record: &'a AtomicPtr<()>,
    object: NonNull<T>,
    /// A guard is a shared reference.
    _shared: PhantomData<&'a T>,
}

// SAFETY: a guard is a shared reference, and a record that any thread may free.
unsafe impl<T: Sync> Send for Guard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Guard<'_, T> {
    /// The address of the object, for compare-and-swap.
    #[inline]
    pub fn as_ptr(this: &Self) -> *mut T {
        this.object.as_ptr()
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the record keeps the object alive, and what is shared is not written.
        unsafe { self.object.as_ref() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release pairs with the Acquire in `Domain::is_protected`.
        self.record.store(ptr::null_mut(), Ordering::Release);
    }
}

impl<T: fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&**self).finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
