//! Statics for the one thread that there is.

use core::ops::Deref;

/// Something that only one thread ever sees.
pub struct Single<T>(pub T);

// SAFETY: an instance runs on one thread: where memory can be shared this does not build.
#[cfg(not(target_feature = "atomics"))]
unsafe impl<T> Sync for Single<T> {}

impl<T> Deref for Single<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
