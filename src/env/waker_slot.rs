//! Where a waker waits that another side may read before it knows that it may: as two words, each
//! atomic.
//!
//! Who may write and who owns the waker is decided by a state word, that of a task for its
//! `JoinHandle`, that of a oneshot channel for its receiver, that of a bounded channel for its own. Being atomic, the words can be read
//! without a data race by a side that learns only afterwards whether they were its own: its change
//! of the state fails if they were not.
//!
//! Why unsafe: whether two words are a waker of one's own no type can say.

use crate::atomic::{AtomicPtr, Ordering};
use core::mem::ManuallyDrop;
use core::ptr;
use core::task::{RawWakerVTable, Waker};

/// The two words of a waker, or nothing. Atomic, so that the completing side may read them while
/// the handle exchanges them, and then throw away what it read.
#[derive(Debug)]
pub(crate) struct WakerSlot {
    data: AtomicPtr<()>,
    vtable: AtomicPtr<RawWakerVTable>,
}

impl WakerSlot {
    pub(crate) fn new() -> Self {
        Self { data: AtomicPtr::new(ptr::null_mut()), vtable: AtomicPtr::new(ptr::null_mut()) }
    }

    // Relaxed in both: the state word orders them.

    /// Writes the words of `waker`, whatever was there.
    #[inline]
    pub(crate) fn write(&self, waker: Waker) {
        let waker = ManuallyDrop::new(waker);
        self.data.store(waker.data().cast_mut(), Ordering::Relaxed);
        self.vtable.store(ptr::from_ref(waker.vtable()).cast_mut(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn read(&self) -> WakerWords {
        let data = self.data.load(Ordering::Relaxed);
        WakerWords { data, vtable: self.vtable.load(Ordering::Relaxed) }
    }

    // For who owns the words until they are there, and again when they are gone.

    /// Whether there are words, or whoever has read them is about to say otherwise.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        // Acquire pairs with the Release in `empty`: the words may be written again.
        !self.vtable.load(Ordering::Acquire).is_null()
    }

    /// Throws the words away, which were read.
    #[inline]
    pub(crate) fn empty(&self) {
        // Release: the words were read before.
        self.vtable.store(ptr::null_mut(), Ordering::Release);
    }
}

/// What was read from a [`WakerSlot`].
pub(crate) struct WakerWords {
    data: *const (),
    vtable: *const RawWakerVTable,
}

impl WakerWords {
    /// # Safety
    /// The words are those of one waker, which nobody else uses any more.
    #[inline]
    pub(crate) unsafe fn into_waker(self) -> Waker {
        // SAFETY: by contract; the table of a waker is static.
        unsafe { Waker::new(self.data, &*self.vtable) }
    }

    #[inline]
    pub(crate) fn are_of(&self, waker: &Waker) -> bool {
        ptr::eq(self.data, waker.data()) && ptr::eq(self.vtable, waker.vtable())
    }
}
