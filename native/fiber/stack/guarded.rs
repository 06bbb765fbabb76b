//! Mapped stacks with a guard page each.
//!
//! Where the kernel has guard markers (Linux 6.13) the guard is one of those: it lives in the page
//! table, so that neighbouring stacks stay one mapping. With `mprotect` each stack takes two of the
//! 65,530 mappings that a process may have.

use core::num::NonZeroUsize;
use core::ops::Range;
use core::ptr;
use corosensei::stack::StackPointer;
use corosensei::stack::valgrind::ValgrindStackRegistration;
use std::io;

/// Marks pages that fault when touched, without a mapping of their own; not in `libc` yet.
#[cfg(target_os = "linux")]
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// No huge pages, and no memory set aside for what is never used.
#[cfg(target_os = "linux")]
const MAP_KIND: libc::c_int = libc::MAP_STACK | libc::MAP_NORESERVE;
/// Stacks must be told from other memory there.
#[cfg(target_os = "openbsd")]
const MAP_KIND: libc::c_int = libc::MAP_STACK;
#[cfg(not(any(target_os = "linux", target_os = "openbsd")))]
const MAP_KIND: libc::c_int = 0;

/// A range of addresses from `start` to `end`: one guard page, then what grows downwards from the
/// end.
pub(in crate::native::fiber) struct Stack {
    start: NonZeroUsize,
    end: NonZeroUsize,
    /// Tells valgrind, if it watches, that this is a stack.
    _registered: ValgrindStackRegistration,
}

impl Stack {
    /// The sizes there are: whole pages.
    pub(super) fn rounded(size: usize) -> usize {
        size.max(corosensei::stack::MIN_STACK_SIZE).next_multiple_of(page())
    }

    /// A new stack of `size` bytes, a size that is rounded.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        let length = size.checked_add(page()).ok_or(io::ErrorKind::OutOfMemory)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | MAP_KIND;
        // SAFETY: a new mapping where the kernel finds room harms nobody.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, access, kind, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let address = NonZeroUsize::new(start.addr()).expect("nothing is mapped at zero");
        let stack = Self {
            start: address,
            end: address.checked_add(length).expect("the mapping lies there"),
            _registered: ValgrindStackRegistration::new(start.cast(), length),
        };
        // From here on the mapping goes with `stack`.
        set_guard(start)?;
        super::super::overflow::watch();
        Ok(stack)
    }

    pub(in crate::native::fiber) fn size(&self) -> usize {
        self.length() - page()
    }

    fn length(&self) -> usize {
        self.end.get() - self.start.get()
    }

    /// The addresses that an overflow touches.
    pub(in crate::native::fiber) fn guard(&self) -> Range<usize> {
        self.start.get()..self.start.get() + page()
    }
}

/// Makes the page at `start` one that faults.
fn set_guard(start: *mut libc::c_void) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: the page belongs to a mapping of the caller's, where nothing is kept yet.
    if unsafe { libc::madvise(start, page(), MADV_GUARD_INSTALL) } == 0 {
        return Ok(());
    }
    // SAFETY: as above.
    if unsafe { libc::mprotect(start, page(), libc::PROT_NONE) } == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}

/// The size of a page.
fn page() -> usize {
    use core::sync::atomic::{AtomicUsize, Ordering};
    static PAGE: AtomicUsize = AtomicUsize::new(0);
    match PAGE.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: asks for a number.
            let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
            PAGE.store(page, Ordering::Relaxed);
            page
        }
        page => page,
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let start = ptr::with_exposed_provenance_mut(self.start.get());
        // SAFETY: the mapping is this stack's, and nobody runs on it any more. It fails only where
        // a hole would be one mapping too many; then the memory goes and the addresses stay.
        unsafe {
            if libc::munmap(start, self.length()) != 0 {
                libc::madvise(start, self.length(), libc::MADV_DONTNEED);
            }
        }
    }
}

// SAFETY: `new` makes the guard page that must be there, and at least a page to use.
unsafe impl corosensei::stack::Stack for Stack {
    #[inline]
    fn base(&self) -> StackPointer {
        self.end
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.start
    }
}
