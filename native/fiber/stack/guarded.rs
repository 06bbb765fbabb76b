//! Mapped stacks with a guard page each.
//!
//! Where the kernel has guard markers (Linux 6.13) the guard is one of those: it lives in the page
//! table, so that neighbouring stacks stay one mapping. With `mprotect` each stack takes two of the
//! 65,530 mappings that a process may have.

use core::num::NonZeroUsize;
use core::ops::Range;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};
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

/// A range of addresses: one guard page, then what grows downwards from [`Top`], which is at its end.
/// One word, so that it is handed around in a register.
pub(in crate::native::fiber) struct Stack {
    top: NonNull<Top>,
}

/// What a stack knows of itself.
#[repr(align(16))]
struct Top {
    /// Of all of it, this and the guard page included.
    length: usize,
    /// Tells valgrind, if it watches, that this is a stack.
    _registered: ValgrindStackRegistration,
}

impl Stack {
    /// The sizes there are: whole pages.
    #[inline]
    pub(super) fn rounded(size: usize) -> usize {
        // Not by a division, which takes longer than all else on the way to a stack.
        size.max(corosensei::stack::MIN_STACK_SIZE).saturating_add(page() - 1) & !(page() - 1)
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
        let start: *mut u8 = start.cast();
        let _registered = ValgrindStackRegistration::new(start, length);
        // SAFETY: the mapping is longer than that, and nobody else has it; its end is aligned to pages.
        let top = unsafe {
            let top = start.add(length - size_of::<Top>()).cast::<Top>();
            top.write(Top { length, _registered });
            NonNull::new_unchecked(top)
        };
        // From here on the mapping goes with `stack`.
        let stack = Self { top };
        set_guard(start.cast())?;
        super::super::overflow::watch();
        Ok(stack)
    }

    #[inline]
    pub(in crate::native::fiber) fn size(&self) -> usize {
        self.length() - page()
    }

    /// The stack for who runs on it.
    ///
    /// # Safety
    /// It is used only as long as the stack is there.
    #[inline]
    pub(in crate::native::fiber) unsafe fn lend(&self) -> Lent {
        Lent(self.top)
    }

    #[inline]
    fn length(&self) -> usize {
        // SAFETY: it was written when the stack was made, and lies above what grows.
        unsafe { self.top.as_ref() }.length
    }

    /// The addresses that an overflow touches.
    #[inline]
    pub(in crate::native::fiber) fn guard(&self) -> Range<usize> {
        let start = self.top.addr().get() + size_of::<Top>() - self.length();
        start..start + page()
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

static PAGE: AtomicUsize = AtomicUsize::new(0);

/// The size of a page, a power of two.
#[inline]
fn page() -> usize {
    match PAGE.load(Ordering::Relaxed) {
        0 => ask_page(),
        page => page,
    }
}

#[cold]
fn ask_page() -> usize {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    assert!(page.is_power_of_two(), "the system has pages of {page} bytes");
    PAGE.store(page, Ordering::Relaxed);
    page
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: it is read once, for the memory goes. Valgrind is told after that.
        let top = unsafe { self.top.read() };
        let start = self.top.as_ptr().wrapping_add(1).wrapping_byte_sub(top.length).cast();
        // SAFETY: the mapping is this stack's, and nobody runs on it any more. It fails only where
        // a hole would be one mapping too many; then the memory goes and the addresses stay.
        unsafe {
            if libc::munmap(start, top.length) != 0 {
                libc::madvise(start, top.length, libc::MADV_DONTNEED);
            }
        }
    }
}

/// See [`Stack::lend`].
pub(in crate::native::fiber) struct Lent(NonNull<Top>);

// SAFETY: `Stack::new` makes the guard page that must be there, and nearly a page to use at least; `Top` is
// aligned as the base must be.
unsafe impl corosensei::stack::Stack for Lent {
    #[inline]
    fn base(&self) -> StackPointer {
        self.0.addr()
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        // SAFETY: whoever lent it keeps it.
        let length = unsafe { self.0.as_ref() }.length;
        let start = self.0.addr().get() + size_of::<Top>() - length;
        NonZeroUsize::new(start).expect("nothing is mapped at zero")
    }
}
