//! The allocator, and what is kept for the case that there is no more.
//!
//! Tasks that run must be able to go on when memory ends, and new ones must be refused, for whoever
//! starts one can be told. So a reserve is held back: when nothing else is left the allocator gives it
//! up, and until it can be had again [`is_scarce`] says so.
//!
//! Why unsafe: an allocator.

use crate::single::Single;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr;
use talc::TalckWasm;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator {
    // SAFETY: an instance has one thread.
    talc: unsafe { TalckWasm::new_global() },
    reserve: Single(Cell::new(ptr::null_mut())),
};

/// What a thousand waiting tasks may need to end.
const RESERVE: Layout = match Layout::from_size_align(64 * 1024, 8) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

struct Allocator {
    talc: TalckWasm,
    /// Null while it is given up.
    reserve: Single<Cell<*mut u8>>,
}

/// Whether memory is so short that nothing new shall be begun.
pub fn is_scarce() -> bool {
    let reserve = &ALLOCATOR.reserve;
    if reserve.get().is_null() {
        // SAFETY: the size is not zero.
        reserve.set(unsafe { ALLOCATOR.talc.alloc(RESERVE) });
    }
    reserve.get().is_null()
}

// SAFETY: all memory is that of `talc`, to which each piece goes back with the layout that it was had with.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let place = unsafe { self.talc.alloc(layout) };
        let reserve = self.reserve.get();
        if !place.is_null() || reserve.is_null() {
            return place;
        }
        self.reserve.set(ptr::null_mut());
        // SAFETY: the reserve came from there, and nobody uses it; the second as the caller promises.
        unsafe {
            self.talc.dealloc(reserve, RESERVE);
            self.talc.alloc(layout)
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises; it came from there.
        unsafe { self.talc.dealloc(place, layout) }
    }
}
