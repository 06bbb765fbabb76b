//! The memory of the instance.

use core::arch::wasm32::{memory_grow, memory_size};

pub const PAGE: usize = 0x10000;

/// Where it ends.
pub fn end() -> usize {
    memory_size::<0>() * PAGE
}

/// Makes it larger by so many pages; `false` where that cannot be.
pub fn grow(pages: usize) -> bool {
    memory_grow::<0>(pages) != usize::MAX
}
