//! Memory that is not initialised yet, lent to a system call that fills it.
//!
//! Every `read` that is passed here is one receiving call of a socket or pipe: it hands the slice
//! to the system, reads nothing from it, and answers how many bytes the system wrote.
//!
//! Why unsafe: clearing the memory first would cost more than the call.

use crate::io::ReadBuf;
use std::io;

/// Appends to `buf` what `read` receives: `(bytes, something else)`.
#[inline]
pub(crate) fn fill<R>(
    buf: &mut ReadBuf<'_>,
    read: impl FnOnce(&mut [u8]) -> io::Result<(usize, R)>,
) -> io::Result<(usize, R)> {
    // SAFETY: nobody reads from the slice, and what is written is initialised; see the module.
    let free = unsafe { &mut *(core::ptr::from_mut(buf.unfilled_mut()) as *mut [u8]) };
    let room = free.len();
    let (n, rest) = read(free)?;
    assert!(n <= room, "no more can be received than there is room for");
    // SAFETY: the system has written `n` bytes; see the module.
    unsafe { buf.assume_init(n) };
    buf.advance(n);
    Ok((n, rest))
}

/// Appends to `buf` what `read` receives: `(bytes, something else)`.
#[cfg(feature = "bytes")]
pub(crate) fn fill_buf<B: bytes::BufMut, R>(
    buf: &mut B,
    read: impl FnOnce(&mut [u8]) -> io::Result<(usize, R)>,
) -> io::Result<(usize, R)> {
    let chunk = buf.chunk_mut();
    let room = chunk.len();
    // SAFETY: as in `fill`.
    let free = unsafe { core::slice::from_raw_parts_mut(chunk.as_mut_ptr(), room) };
    let (n, rest) = read(free)?;
    assert!(n <= room, "no more can be received than there is room for");
    // SAFETY: the system has written `n` bytes of the chunk; see the module.
    unsafe { buf.advance_mut(n) };
    Ok((n, rest))
}
