//! A descriptor that is readable when a process has ended.
//!
//! Why unsafe: the standard library has no name for the call.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Opens the descriptor of a child that nobody has waited for, so that the number is still its own.
pub(super) fn open(child: u32) -> io::Result<OwnedFd> {
    // SAFETY: two integers; flags of zero. The descriptor is closed on exec by itself.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, libc::c_long::from(child), 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let fd = i32::try_from(fd).expect("descriptors are small");
    // SAFETY: the system has just given it to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
