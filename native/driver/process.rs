//! Whether this is still the process that a driver was made in.
//!
//! A fork has the descriptors of its parent and none of its threads: to wait in the selector would
//! take the parent's events away, to deregister a source would deregister the parent's. So every
//! driver remembers its process, and in another one it registers nothing and waits for nothing.
//!
//! Asking the system each time would cost as much as a read. Linux clears a page in every child
//! that is marked so: looking whether it is clear is a load.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
pub(super) fn current() -> u32 {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// `None` if the system is too old.
    static PAGE: OnceLock<Option<&'static AtomicU32>> = OnceLock::new();
    let Some(page) = PAGE.get_or_init(cleared_in_children) else { return std::process::id() };
    // Relaxed: nothing else is published by it.
    match page.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            page.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
fn cleared_in_children() -> Option<&'static std::sync::atomic::AtomicU32> {
    use core::ptr;

    const SIZE: usize = 4096;
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a fresh mapping, which nobody else knows and which is never unmapped.
    let page = unsafe { libc::mmap(ptr::null_mut(), SIZE, rights, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the mapping is ours.
    if unsafe { libc::madvise(page, SIZE, libc::MADV_WIPEONFORK) } != 0 {
        // SAFETY: the mapping is ours, and nobody knows it.
        unsafe { libc::munmap(page, SIZE) };
        return None;
    }
    // SAFETY: it is large enough, aligned, zero, and lives as long as the process.
    Some(unsafe { &*page.cast() })
}

/// Without a page like that, the system is asked.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
pub(super) fn current() -> u32 {
    std::process::id()
}

#[cfg(all(test, not(loom)))]
mod tests {
    #[test]
    fn it_stays_the_same() {
        assert_eq!((super::current(), super::current()), (std::process::id(), std::process::id()));
    }
}
