//! What fits into one atomic word.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ptr::{self, NonNull};

/// A value of one machine word, which the stealable queues ([`deque`](super::deque),
/// [`run_queue`](super::run_queue)) keep in an atomic.
///
/// A thief has to read a value before it knows whether it will be its own, while the owner may
/// already write the next one there. For values of more than a word that would be a data race,
/// which the memory model forbids even if the value is thrown away. So they go in a [`Box`].
///
/// # Safety
/// `from_word` after `into_word` gives the value back, once.
pub unsafe trait Word: Sized {
    /// Makes a word of the value, which is from now on the value's only trace.
    fn into_word(self) -> *mut ();

    /// Makes the value again.
    ///
    /// # Safety
    /// `word` came from [`into_word`](Self::into_word) of this very type, and was not used before.
    unsafe fn from_word(word: *mut ()) -> Self;
}

// SAFETY: a box is made of the address it was turned into.
unsafe impl<T> Word for Box<T> {
    #[inline]
    fn into_word(self) -> *mut () {
        Box::into_raw(self).cast()
    }

    #[inline]
    unsafe fn from_word(word: *mut ()) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Box::from_raw(word.cast()) }
    }
}

// SAFETY: as for `Box`.
unsafe impl<T> Word for Arc<T> {
    #[inline]
    fn into_word(self) -> *mut () {
        Arc::into_raw(self).cast_mut().cast()
    }

    #[inline]
    unsafe fn from_word(word: *mut ()) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Arc::from_raw(word.cast_const().cast()) }
    }
}

// SAFETY: a reference is made of its own address; its lifetime is part of the type.
unsafe impl<T> Word for &T {
    #[inline]
    fn into_word(self) -> *mut () {
        ptr::from_ref(self).cast_mut().cast()
    }

    #[inline]
    unsafe fn from_word(word: *mut ()) -> Self {
        // SAFETY: the caller's promise.
        unsafe { &*word.cast_const().cast() }
    }
}

// SAFETY: an address is what it is.
unsafe impl<T> Word for NonNull<T> {
    #[inline]
    fn into_word(self) -> *mut () {
        self.as_ptr().cast()
    }

    #[inline]
    unsafe fn from_word(word: *mut ()) -> Self {
        // SAFETY: the caller's promise.
        unsafe { NonNull::new_unchecked(word.cast()) }
    }
}

// SAFETY: a number is kept as an address without provenance.
unsafe impl Word for usize {
    #[inline]
    fn into_word(self) -> *mut () {
        ptr::without_provenance_mut(self)
    }

    #[inline]
    unsafe fn from_word(word: *mut ()) -> Self {
        word.addr()
    }
}
