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
use talc::TalckWasm;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator {
    // SAFETY: an instance has one thread.
    talc: unsafe { TalckWasm::new_global() },
    reserve: Single(Cell::new(None)),
};

struct Allocator {
    talc: TalckWasm,
    /// What is held back; none while it is given up.
    reserve: Single<Cell<Option<Reserve>>>,
}

#[derive(Clone, Copy)]
struct Reserve {
    place: *mut u8,
    layout: Layout,
}

/// Whether memory is so short that nothing shall be begun beside what `objects` are there.
pub fn is_scarce(objects: usize) -> bool {
    // What a task may need while it ends, and tables that have to double: two words in two of them.
    let size = 0x10000 + 64 * objects.next_power_of_two();
    let reserve = &ALLOCATOR.reserve;
    if reserve.get().is_some_and(|reserve| reserve.layout.size() >= size) {
        return false;
    }
    let Ok(layout) = Layout::from_size_align(size, 8) else { return true };
    // SAFETY: the size is not zero.
    let place = unsafe { ALLOCATOR.talc.alloc(layout) };
    if place.is_null() {
        return true;
    }
    if let Some(before) = reserve.replace(Some(Reserve { place, layout })) {
        // SAFETY: it came from there, and nobody uses it.
        unsafe { ALLOCATOR.talc.dealloc(before.place, before.layout) };
    }
    false
}

// SAFETY: all memory is that of `talc`, to which each piece goes back with the layout that it was had with.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let place = unsafe { self.talc.alloc(layout) };
        if !place.is_null() {
            return place;
        }
        let Some(reserve) = self.reserve.take() else { return place };
        // SAFETY: the reserve came from there, and nobody uses it; the second as the caller promises.
        unsafe {
            self.talc.dealloc(reserve.place, reserve.layout);
            self.talc.alloc(layout)
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises; it came from there.
        unsafe { self.talc.dealloc(place, layout) }
    }
}
