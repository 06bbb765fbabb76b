//! What mio needs and the libc of Rust 1.95 does not have.
//!
//! mio makes an accepted connection non-blocking by `fcntl`, which that libc refuses for sockets with
//! `EINVAL` (28), so that a listener of tokio's ends at its first connection. `ioctl` is not refused.

const O_NONBLOCK: i32 = 4;
const FIONBIO: i32 = 2;

unsafe extern "C" {
    fn ioctl(fd: i32, request: i32, ...) -> i32;
}

/// In place of libc's; nothing else in these programs calls it.
#[unsafe(no_mangle)]
extern "C" fn fcntl(fd: i32, _command: i32, flags: i32) -> i32 {
    let mut on = i32::from(flags & O_NONBLOCK != 0);
    // SAFETY: `FIONBIO` reads one integer.
    unsafe { ioctl(fd, FIONBIO, &raw mut on) }
}
