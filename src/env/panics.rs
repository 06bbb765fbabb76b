//! A series of calls into foreign code, all of which must happen even if one panics.
//!
//! With `std` the first panic is kept and goes on at the end. Without, and where panics abort, a panic
//! ends the program or unwinds at once: there is no way to catch it.

#[cfg(not(all(feature = "std", panic = "unwind")))]
pub(crate) use bare::{Panics, unwinding};
#[cfg(all(feature = "std", panic = "unwind"))]
pub(crate) use caught::{Panics, unwinding};

/// Whether a panic can be caught. What is done about one that was is in no program where it cannot.
pub(crate) const CAUGHT: bool = cfg!(all(feature = "std", panic = "unwind"));

#[cfg(all(feature = "std", panic = "unwind"))]
mod caught {
    use std::any::Any;
    use std::boxed::Box;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    /// Whether this thread is unwinding, so that another panic would end the program.
    pub(crate) fn unwinding() -> bool {
        std::thread::panicking()
    }

    /// The first panic of a series of calls.
    #[derive(Debug)]
    pub(crate) struct Panics(Option<Box<dyn Any + Send>>);

    impl Panics {
        #[inline]
        pub(crate) fn new() -> Self {
            Self(None)
        }

        /// Calls `f`; a panic is kept if it is the first, else forgotten.
        #[inline]
        pub(crate) fn guard(&mut self, f: impl FnOnce()) {
            self.finishes(f);
        }

        /// [`guard`](Self::guard) that answers whether `f` came to its end.
        #[inline]
        pub(crate) fn finishes(&mut self, f: impl FnOnce()) -> bool {
            let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { return true };
            if self.0.is_none() {
                self.0 = Some(payload);
            } else if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                // Whose drop panics twice is not dropped.
                core::mem::forget(again);
            }
            false
        }

        /// Forgets the first panic, where it is nobody's business.
        pub(crate) fn forget(self) {
            let mut panics = Self::new();
            panics.guard(|| drop(self.0));
            core::mem::forget(panics);
        }

        /// Whether there was a panic.
        pub(crate) fn any(&self) -> bool {
            self.0.is_some()
        }

        /// What the first panic, if there was one, panicked with.
        pub(crate) fn into_payload(self) -> Option<Box<dyn Any + Send>> {
            self.0
        }

        /// Lets the first panic go on, if there was one.
        #[inline]
        pub(crate) fn resume(self) {
            if let Some(payload) = self.0 {
                resume_unwind(payload);
            }
        }
    }
}

#[cfg(not(all(feature = "std", panic = "unwind")))]
mod bare {
    /// Whether this thread is unwinding: nobody can tell.
    pub(crate) fn unwinding() -> bool {
        false
    }

    /// Where nothing can be caught, nothing is kept.
    #[derive(Debug)]
    pub(crate) struct Panics;

    impl Panics {
        #[inline]
        pub(crate) fn new() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn guard(&mut self, f: impl FnOnce()) {
            f();
        }

        #[inline]
        pub(crate) fn finishes(&mut self, f: impl FnOnce()) -> bool {
            f();
            true
        }

        pub(crate) fn any(&self) -> bool {
            false
        }

        #[cfg(feature = "alloc")]
        pub(crate) fn into_payload(self) -> Option<alloc::boxed::Box<dyn core::any::Any + Send>> {
            None
        }

        #[inline]
        pub(crate) fn resume(self) {}

        #[inline]
        pub(crate) fn forget(self) {}
    }
}
