//! The allocator: what was had goes back into a list of pieces of its size, and is had again from there.
//!
//! Nothing is split or joined. A program of this crate has a few sizes, most of them tasks, so that serves as well
//! as a large allocator does, in a tenth of its size. Sizes are rounded up to [`FINE`], and large ones
//! to powers of two.
//!
//! Tasks that run must be able to go on when memory ends, and new ones must be refused, for whoever starts one
//! can be told: [`Allocator::has`] says whether there is room for more.
//!
//! Why unsafe: an allocator.

use crate::ground::{self, PAGE};
use crate::single::Single;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr;

/// What small sizes are multiples of, and all places.
const FINE: usize = 16;
/// What the places of large pieces are multiples of; nothing asks for more.
const COARSE: usize = 128;
/// The largest of the small sizes.
const SMALL: usize = 512;
const SMALL_CLASSES: usize = SMALL / FINE;
/// One for each small size, and one for each power of two above.
const CLASSES: usize = SMALL_CLASSES + (usize::BITS - SMALL.ilog2()) as usize;

/// A piece that nobody has: it holds the next one of its size.
struct Piece(*mut Piece);

pub struct Allocator {
    free: [Single<Cell<*mut Piece>>; CLASSES],
    /// From here to `end` nobody has had anything yet.
    next: Single<Cell<usize>>,
    end: Single<Cell<usize>>,
}

/// Which list a piece belongs to, and how large it is.
fn class(layout: Layout) -> (usize, usize) {
    // Only large pieces are at multiples of more than `FINE`.
    let size = if layout.align() > FINE { layout.size().max(SMALL + 1) } else { layout.size() };
    if size <= SMALL {
        let class = size.saturating_sub(1) / FINE;
        return (class, (class + 1) * FINE);
    }
    let bits = usize::BITS - (size - 1).leading_zeros();
    (
        SMALL_CLASSES + (bits - SMALL.ilog2() - 1) as usize,
        1_usize.checked_shl(bits).unwrap_or(usize::MAX),
    )
}

impl Allocator {
    /// One that has nothing yet.
    pub const fn new() -> Self {
        Self {
            free: [const { Single(Cell::new(ptr::null_mut())) }; CLASSES],
            next: Single(Cell::new(0)),
            end: Single(Cell::new(0)),
        }
    }

    /// Whether there is room for so many bytes more, in one piece.
    pub fn has(&self, bytes: usize) -> bool {
        if self.end.get() - self.next.get() >= bytes {
            return true;
        }
        let before = ground::end();
        // Where somebody else has grown the memory, what is left before that is lost.
        if before != self.end.get() {
            self.next.set(before);
            self.end.set(before);
        }
        let missing = bytes - (self.end.get() - self.next.get());
        let Some(pages) = missing.checked_add(PAGE - 1).map(|bytes| bytes / PAGE) else {
            return false;
        };
        let has_grown = ground::grow(pages);
        if has_grown {
            self.end.set(before + pages * PAGE);
        }
        has_grown
    }
}

// SAFETY: a piece is in its list or somebody's, and belongs to the same list when it comes back, as the layout
// does; there is one thread.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (class, size) = class(layout);
        let free = &self.free[class];
        let piece = free.get();
        if !piece.is_null() {
            // SAFETY: it is in the list, so it holds the next one.
            free.set(unsafe { (*piece).0 });
            return piece.cast();
        }
        // Rounding a place up below leads nowhere outside: `end` is a multiple of `COARSE`, as large sizes are.
        if layout.align() > COARSE || !self.has(size) {
            return ptr::null_mut();
        }
        let next = self.next.get();
        let place = if size > SMALL { next.next_multiple_of(COARSE) } else { next };
        self.next.set(place + size);
        ptr::with_exposed_provenance_mut(place)
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        let free = &self.free[class(layout).0];
        let piece = place.cast::<Piece>();
        // SAFETY: it is ours again, and large enough for a pointer.
        unsafe { piece.write(Piece(free.get())) };
        free.set(piece);
    }
}
