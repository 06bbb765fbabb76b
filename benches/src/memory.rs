//! What a parked task costs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes that are allocated now, by what was asked for.
pub static BYTES: AtomicUsize = AtomicUsize::new(0);

/// Whether allocations are counted: what is timed shall not pay for it.
static COUNTS: AtomicBool = AtomicBool::new(false);

/// The system's allocator, counting while [`counted`] runs.
pub struct Counting;

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTS.load(Ordering::Relaxed) {
            BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Counts allocations while `measure` runs.
pub fn counted<R>(measure: impl FnOnce() -> R) -> R {
    COUNTS.store(true, Ordering::Relaxed);
    let measured = measure();
    COUNTS.store(false, Ordering::Relaxed);
    measured
}

/// Heap bytes a task, of `count` parked ones, by peer. All are polled once and wait.
pub fn parked_tasks(count: usize) -> Vec<(&'static str, usize)> {
    counted(|| bytes_of_parked_tasks(count))
}

fn bytes_of_parked_tasks(count: usize) -> Vec<(&'static str, usize)> {
    let per_task = |before: usize| BYTES.load(Ordering::Relaxed).wrapping_sub(before) / count;
    let creel = {
        let runtime = creel::runtime::Builder::new_current_thread().build().unwrap();
        let before = BYTES.load(Ordering::Relaxed);
        runtime.block_on(async {
            (0..count).for_each(|_| drop(creel::spawn(pending::<()>())));
            creel::task::yield_now().await;
        });
        per_task(before)
    };
    let tokio = {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let before = BYTES.load(Ordering::Relaxed);
        runtime.block_on(async {
            (0..count).for_each(|_| drop(tokio::spawn(pending::<()>())));
            tokio::task::yield_now().await;
        });
        per_task(before)
    };
    let smol = {
        let executor = async_executor::LocalExecutor::new();
        let before = BYTES.load(Ordering::Relaxed);
        (0..count).for_each(|_| executor.spawn(pending::<()>()).detach());
        while executor.try_tick() {}
        per_task(before)
    };
    vec![("creel", creel), ("tokio", tokio), ("smol", smol)]
}
