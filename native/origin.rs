//! Whether this is still the process that something was made in.
//!
//! A fork has the memory and the descriptors of its parent and none of its threads: to wait in the
//! selector would take the parent's events away, to leave work to a thread would leave it for ever.
//! So drivers and pools remember their process, and in another one they refuse.
//!
//! To ask the system who we are would cost as much as a read: the C library counts forks for us.
//!
//! Why unsafe: the C library calls a function of ours.

use crate::atomic::Ordering;
use core::sync::atomic::AtomicU32;

/// How many forks lie between this process and the one that was started first.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The process that something was made in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin(u32);

impl Origin {
    pub(super) fn here() -> Self {
        watch();
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether this process is a fork of that one.
    #[inline]
    pub(super) fn is_inherited(self) -> bool {
        // Relaxed: a fork begins with one thread, which has counted it.
        self.0 != FORKS.load(Ordering::Relaxed)
    }
}

#[cfg(all(unix, not(miri)))]
fn watch() {
    use core::ffi::c_int;
    use std::sync::Once;

    type Handler = Option<extern "C" fn()>;

    unsafe extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
    }

    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler lives as long as the program, and does nothing that is forbidden in the
        // fork of a process that has threads.
        let result = unsafe { pthread_atfork(None, None, Some(in_child)) };
        assert_eq!(result, 0, "the C library has no memory to note a handler in");
    });
}

/// There are no forks.
#[cfg(not(all(unix, not(miri))))]
fn watch() {}
