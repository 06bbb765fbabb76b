//! Buffers that can be handed over whole: to a kernel that writes into them later, to a device.
//!
//! A borrowed buffer can be taken back at any moment, by dropping the future that borrows it. An
//! owned one cannot, so whoever it was handed to may keep its address until the work is done.
//!
//! * [`OwnedBuf`]: bytes to send. [`OwnedBufMut`]: room to receive into, from its very beginning.
//! * [`Slice`]: a part of either, for what is left after a partial operation.
//!
//! Why unsafe: whoever holds the address relies on what an implementation promises about it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::{Bound, Range, RangeBounds};
use core::slice;

/// A buffer of bytes that can be handed over.
///
/// # Safety
///
/// * [`as_ptr`](Self::as_ptr) points to [`len`](Self::len) initialised bytes, and
/// * keeps doing so while the value is moved, until it is changed through `&mut` or dropped.
///
/// So the bytes are on the heap or static: an array does not qualify, a boxed one does. And a buffer
/// is `Send`: if a future is dropped while the kernel uses its buffer, the thread that learns of the
/// end drops that.
pub unsafe trait OwnedBuf: Send + Unpin + 'static {
    /// Where the bytes are.
    fn as_ptr(&self) -> *const u8;

    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes.
    fn bytes(&self) -> &[u8] {
        // SAFETY: what the trait promises.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// The part of the buffer in `range`, which still owns all of it.
    ///
    /// For an [`OwnedBufMut`] the range may reach into room that is not filled yet.
    ///
    /// # Panics
    ///
    /// If the range begins behind the bytes, or ends before it begins.
    ///
    /// # Examples
    ///
    /// ```
    /// use creel::platform::buf::OwnedBuf;
    ///
    /// let part = String::from("hello world").slice(6..);
    /// assert_eq!(part.bytes(), b"world");
    /// assert_eq!(part.into_inner(), "hello world");
    /// ```
    #[track_caller]
    fn slice(self, range: impl RangeBounds<usize>) -> Slice<Self>
    where
        Self: Sized,
    {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => usize::MAX,
        };
        assert!(start <= self.len() && start <= end, "{start}..{end} of {} bytes", self.len());
        Slice { buf: self, range: start..end }
    }
}

/// A buffer that can be handed over to be filled.
///
/// # Safety
///
/// * [`as_mut_ptr`](Self::as_mut_ptr) is the address of [`OwnedBuf::as_ptr`], and points to
///   [`capacity`](Self::capacity) bytes, initialised or not, that may be written;
/// * it keeps doing so while the value is moved, until it is changed otherwise or dropped;
/// * `len <= capacity`.
pub unsafe trait OwnedBufMut: OwnedBuf {
    /// Where the room is.
    fn as_mut_ptr(&mut self) -> *mut u8;

    /// How much there is.
    fn capacity(&self) -> usize;

    /// Records that `n` bytes have been received: a buffer that can change its length has this
    /// length now, another keeps its own.
    ///
    /// # Safety
    ///
    /// The first `n` bytes are initialised, and `n <= capacity`.
    unsafe fn set_received(&mut self, n: usize);
}

/// Implements both traits for what derefs to initialised bytes of fixed length.
macro_rules! fixed {
    ($($(#[$meta:meta])* [$($generics:tt)*] $type:ty),* $(,)?) => {$(
        $(#[$meta])*
        // SAFETY: the bytes are on the heap, initialised, and stay until the value is dropped.
        unsafe impl $($generics)* OwnedBuf for $type {
            fn as_ptr(&self) -> *const u8 {
                (**self).as_ptr()
            }
            fn len(&self) -> usize {
                (**self).len()
            }
        }

        // SAFETY: all of it may be written, and it has no other length.
        unsafe impl $($generics)* OwnedBufMut for $type {
            fn as_mut_ptr(&mut self) -> *mut u8 {
                (**self).as_mut_ptr()
            }
            fn capacity(&self) -> usize {
                (**self).len()
            }
            unsafe fn set_received(&mut self, _: usize) {}
        }
    )*};
}

fixed!([] Box<[u8]>, [<const N: usize>] Box<[u8; N]>);

/// Implements both traits for a vector, given how to find the address of all its room.
macro_rules! growing {
    ($type:ty, $address:expr) => {
        // SAFETY: the bytes are on the heap and stay until the vector is changed or dropped.
        unsafe impl OwnedBuf for $type {
            fn as_ptr(&self) -> *const u8 {
                (**self).as_ptr()
            }
            fn len(&self) -> usize {
                (**self).len()
            }
        }

        // SAFETY: the room is all of the vector's capacity.
        unsafe impl OwnedBufMut for $type {
            fn as_mut_ptr(&mut self) -> *mut u8 {
                $address(self)
            }
            fn capacity(&self) -> usize {
                <$type>::capacity(self)
            }
            unsafe fn set_received(&mut self, n: usize) {
                // SAFETY: promised by the caller.
                unsafe { self.set_len(n) };
            }
        }
    };
}

growing!(Vec<u8>, Vec::as_mut_ptr);

#[cfg(feature = "bytes")]
growing!(bytes::BytesMut, |buf: &mut bytes::BytesMut| {
    let len = buf.len();
    // The pointer of its slice would be good for the slice alone.
    buf.clear();
    let address = buf.spare_capacity_mut().as_mut_ptr().cast();
    // SAFETY: that many were initialised, and still are.
    unsafe { buf.set_len(len) };
    address
});

/// Implements the reading trait for what derefs to bytes that nobody changes.
macro_rules! frozen {
    ($($(#[$meta:meta])* $type:ty: $bytes:ident),* $(,)?) => {$(
        $(#[$meta])*
        // SAFETY: the bytes are static or on the heap, and stay until the value is dropped.
        unsafe impl OwnedBuf for $type {
            fn as_ptr(&self) -> *const u8 {
                self.$bytes().as_ptr()
            }
            fn len(&self) -> usize {
                self.$bytes().len()
            }
        }
    )*};
}

frozen! {
    &'static [u8]: as_ref,
    &'static str: as_bytes,
    String: as_bytes,
    #[cfg(feature = "bytes")]
    bytes::Bytes: as_ref,
}

/// A part of an owned buffer, which owns all of it; made by [`OwnedBuf::slice`].
#[derive(Debug)]
pub struct Slice<B> {
    buf: B,
    /// Begins within the bytes; may end behind them, or behind the capacity.
    range: Range<usize>,
}

impl<B> Slice<B> {
    /// All of the buffer.
    pub fn into_inner(self) -> B {
        self.buf
    }

    /// All of the buffer.
    pub fn get_ref(&self) -> &B {
        &self.buf
    }
}

// SAFETY: a part of what `B` vouches for: it begins within its bytes.
unsafe impl<B: OwnedBuf> OwnedBuf for Slice<B> {
    fn as_ptr(&self) -> *const u8 {
        self.buf.bytes()[self.range.start..].as_ptr()
    }

    fn len(&self) -> usize {
        self.buf.len().min(self.range.end) - self.range.start
    }
}

// SAFETY: a part of what `B` vouches for: it begins within its room.
unsafe impl<B: OwnedBufMut> OwnedBufMut for Slice<B> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        // SAFETY: the range begins within the bytes, which begin here.
        unsafe { self.buf.as_mut_ptr().add(self.range.start) }
    }

    fn capacity(&self) -> usize {
        self.buf.capacity().min(self.range.end) - self.range.start
    }

    unsafe fn set_received(&mut self, n: usize) {
        // SAFETY: what comes before the range is initialised, and the caller promises the rest.
        unsafe { self.buf.set_received(self.range.start + n) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_vector_takes_the_length_of_what_was_received() {
        let mut buf = Vec::with_capacity(16);
        buf.extend(*b"old contents");
        // SAFETY: four bytes are initialised.
        unsafe { buf.set_received(4) };
        assert_eq!(buf, b"old ");
        assert!(OwnedBufMut::capacity(&buf) >= 16);
    }

    #[test]
    fn a_slice_begins_where_it_says_and_keeps_what_comes_before() {
        let mut buf = Vec::with_capacity(8);
        buf.extend(*b"abc");
        let mut part = buf.slice(2..);
        assert_eq!((part.bytes(), OwnedBufMut::capacity(&part)), (&b"c"[..], 6));
        // SAFETY: the address has room for six bytes.
        unsafe { part.as_mut_ptr().copy_from_nonoverlapping(b"xyz".as_ptr(), 3) };
        // SAFETY: the three bytes were just written.
        unsafe { part.set_received(3) };
        assert_eq!(part.into_inner(), b"abxyz");
    }

    #[test]
    fn a_slice_of_a_fixed_buffer_ends_with_it() {
        let part = vec![1, 2, 3].into_boxed_slice().slice(1..=7);
        assert_eq!((part.bytes(), OwnedBufMut::capacity(&part)), (&[2, 3][..], 2));
        assert!(part.slice(2..).is_empty());
    }

    #[test]
    #[should_panic = "4..5 of 3 bytes"]
    fn a_slice_cannot_begin_behind_the_bytes() {
        let _ = vec![1, 2, 3].slice(4..5);
    }

    #[cfg(feature = "bytes")]
    #[test]
    fn bytes_are_owned_buffers() {
        let mut buf = bytes::BytesMut::with_capacity(8);
        buf.extend_from_slice(b"ab");
        let address = OwnedBufMut::as_mut_ptr(&mut buf);
        assert_eq!((&*buf, OwnedBuf::as_ptr(&buf)), (&b"ab"[..], address.cast_const()));
        // SAFETY: there is room for eight bytes, and two were initialised already.
        unsafe { address.add(2).copy_from_nonoverlapping(b"cd".as_ptr(), 2) };
        // SAFETY: two and two.
        unsafe { buf.set_received(4) };
        assert_eq!(OwnedBuf::bytes(&buf.freeze()), b"abcd");
    }

    #[test]
    fn moving_keeps_the_address() {
        let buf = alloc::string::String::from("here");
        let address = OwnedBuf::as_ptr(&buf);
        let moved = Box::new(buf);
        assert_eq!(OwnedBuf::as_ptr(&*moved), address);
    }
}
