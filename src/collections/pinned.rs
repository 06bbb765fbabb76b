//! A fixed number of places whose contents never move, in one allocation.

use alloc::boxed::Box;
use core::pin::Pin;

/// Like `Box<[T]>`, but each element is pinned.
#[derive(Debug)]
pub(crate) struct PinnedSlice<T>(Box<[T]>);

impl<T> PinnedSlice<T> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The element at `index`.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub(crate) fn get(&mut self, index: usize) -> Pin<&mut T> {
        // SAFETY: the box never gives its elements out but by this method, so they stay where they
        // are until they are dropped in place.
        unsafe { Pin::new_unchecked(&mut self.0[index]) }
    }
}

impl<T> FromIterator<T> for PinnedSlice<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self(elements.into_iter().collect())
    }
}

impl<T> Default for PinnedSlice<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}
