//! Stacks as the system wants them: it grows them itself and knows their guard pages.

use corosensei::stack::{DefaultStack, StackPointer, StackTebFields};
use std::io;

/// A stack from corosensei, which knows what Windows keeps about a thread's stack.
pub(in crate::native::fiber) struct Stack {
    memory: DefaultStack,
    size: usize,
}

impl Stack {
    /// The sizes there are.
    pub(super) fn rounded(size: usize) -> usize {
        size.next_multiple_of(64 * 1024)
    }

    /// A new stack of `size` bytes, a size that is rounded.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        Ok(Self { memory: DefaultStack::new(size)?, size })
    }

    pub(in crate::native::fiber) fn size(&self) -> usize {
        self.size
    }

    /// The system tells of an overflow itself.
    pub(in crate::native::fiber) fn guard(&self) -> core::ops::Range<usize> {
        0..0
    }
}

// SAFETY: all is left to the stack inside.
unsafe impl corosensei::stack::Stack for Stack {
    fn base(&self) -> StackPointer {
        self.memory.base()
    }

    fn limit(&self) -> StackPointer {
        self.memory.limit()
    }

    fn teb_fields(&self) -> StackTebFields {
        self.memory.teb_fields()
    }

    fn update_teb_fields(&mut self, stack_limit: usize, guaranteed_stack_bytes: usize) {
        self.memory.update_teb_fields(stack_limit, guaranteed_stack_bytes);
    }
}
