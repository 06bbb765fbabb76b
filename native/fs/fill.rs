//! Room that is not initialised yet, lent to a system call that fills it.
//!
//! Why unsafe: clearing the room first would cost more than the call.

use crate::platform::buf::OwnedBufMut;
use core::slice;
use std::io::{self, ErrorKind};

/// Fills `buf` from its beginning by `read`, which is one reading call of a file: it hands the slice
/// to the system, reads nothing from it, and answers how many bytes the system wrote. Signals do not
/// interrupt it.
pub(super) fn fill<B: OwnedBufMut>(
    buf: &mut B,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let room = buf.capacity();
    // SAFETY: `OwnedBufMut` promises the room; nobody reads from it before it is filled.
    let free = unsafe { slice::from_raw_parts_mut(buf.as_mut_ptr(), room) };
    let n = loop {
        match read(free) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => break result?,
        }
    };
    assert!(n <= room, "no more can be read than there is room for");
    // SAFETY: the system has written `n` bytes.
    unsafe { buf.set_received(n) };
    Ok(n)
}
