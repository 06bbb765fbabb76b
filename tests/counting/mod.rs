//! The system's allocator, counting what each thread asks of it: allocation counts are tests.
#![allow(dead_code)] // each test counts what it needs

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + layout.size());
        LIVE.set(LIVE.get() + layout.size() as isize);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations this thread has made.
pub fn count() -> usize {
    COUNT.get()
}

/// How many bytes more this thread has allocated than freed.
pub fn live() -> isize {
    LIVE.get()
}

/// How many allocations `f` makes.
pub fn allocations(f: impl FnOnce()) -> usize {
    counted(f).0
}

/// How many allocations, and of how many bytes, `f` makes.
pub fn counted<R>(f: impl FnOnce() -> R) -> (usize, usize, R) {
    let before = (COUNT.get(), BYTES.get());
    let result = f();
    (COUNT.get() - before.0, BYTES.get() - before.1, result)
}
