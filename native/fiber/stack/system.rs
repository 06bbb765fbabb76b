//! Stacks as the system wants them: it grows them itself and knows their guard pages.

use core::ptr::NonNull;
use corosensei::stack::{DefaultStack, StackPointer, StackTebFields};
use std::boxed::Box;
use std::io;

/// A stack from corosensei, which knows what Windows keeps about a thread's stack.
pub(in crate::native::fiber) struct Stack {
    /// A box, which is this stack's.
    memory: NonNull<DefaultStack>,
    size: usize,
}

impl Stack {
    /// The sizes there are.
    pub(super) fn rounded(size: usize) -> usize {
        size.next_multiple_of(64 * 1024)
    }

    /// A new stack of `size` bytes, a size that is rounded.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        let memory = Box::into_raw(Box::new(DefaultStack::new(size)?));
        // SAFETY: a box is somewhere.
        Ok(Self { memory: unsafe { NonNull::new_unchecked(memory) }, size })
    }

    /// The stack for who runs on it.
    ///
    /// # Safety
    /// It is used only as long as the stack is there.
    pub(in crate::native::fiber) unsafe fn lend(&self) -> Lent {
        Lent(self.memory)
    }

    pub(in crate::native::fiber) fn size(&self) -> usize {
        self.size
    }

    /// The system tells of an overflow itself.
    pub(in crate::native::fiber) fn guard(&self) -> core::ops::Range<usize> {
        0..0
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the box was made by `new`, and nobody runs on it any more.
        drop(unsafe { Box::from_raw(self.memory.as_ptr()) });
    }
}

/// See [`Stack::lend`].
pub(in crate::native::fiber) struct Lent(NonNull<DefaultStack>);

impl Lent {
    fn memory(&self) -> &DefaultStack {
        // SAFETY: whoever lent it keeps it, and changes nothing meanwhile.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: all is left to the stack inside.
unsafe impl corosensei::stack::Stack for Lent {
    fn base(&self) -> StackPointer {
        self.memory().base()
    }

    fn limit(&self) -> StackPointer {
        self.memory().limit()
    }

    fn teb_fields(&self) -> StackTebFields {
        self.memory().teb_fields()
    }

    fn update_teb_fields(&mut self, stack_limit: usize, guaranteed_stack_bytes: usize) {
        // SAFETY: as above, and only who runs on the stack reads it.
        unsafe { self.0.as_mut() }.update_teb_fields(stack_limit, guaranteed_stack_bytes);
    }
}
