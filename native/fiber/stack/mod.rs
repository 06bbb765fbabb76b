//! Stacks for fibers, and their reuse.
//!
//! A thread keeps the stacks of its ended fibers, the warmest first, and gives them to the next
//! fibers that want the same size. A stack is a range of addresses: memory comes to it page by
//! page as it is used, and stays with it while it is kept.

#[cfg(unix)]
mod guarded;
#[cfg(unix)]
pub(super) use guarded::{Lent, Stack};
#[cfg(not(unix))]
mod system;
#[cfg(not(unix))]
pub(super) use system::{Lent, Stack};

use core::cell::RefCell;
use std::io;
use std::vec::Vec;

/// How much a fiber may use unless its builder says otherwise, in bytes.
pub(super) const DEFAULT_SIZE: usize = 256 * 1024;

/// How many stacks a thread keeps for later.
const KEPT: usize = 256;

std::thread_local! {
    static FREE: RefCell<Vec<Stack>> = const { RefCell::new(Vec::new()) };
}

/// A stack of at least `size` bytes, used before or new.
#[inline]
pub(super) fn take(size: usize) -> io::Result<Stack> {
    let size = Stack::rounded(size);
    let used = FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        // Mostly all have the same size.
        if let Some(warmest) = free.pop_if(|stack| stack.size() == size) {
            return Some(warmest);
        }
        let warmest = free.iter().rposition(|stack| stack.size() == size)?;
        Some(free.swap_remove(warmest))
    });
    match used {
        Ok(Some(stack)) => Ok(stack),
        _ => Stack::new(size),
    }
}

/// Keeps a stack that nobody runs on any more, or gives it back to the system.
#[inline]
pub(super) fn put(stack: Stack) {
    let mut stack = Some(stack);
    // While the thread ends there is nothing to keep it in.
    let _ = FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        if free.len() < KEPT {
            free.extend(stack.take());
        }
    });
}
