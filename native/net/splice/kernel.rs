//! The calls of Linux that move bytes without copying them to us.
//!
//! `splice` moves between a pipe and something else only, so a pipe of our own is between the two
//! streams. It is emptied before it is filled again: a call that would block then says so about the
//! stream, never about the pipe.
//!
//! Why unsafe: the calls have no safe names.

use super::sealed::End;
use crate::io::Interest;
use core::ptr;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// As much as a pipe is asked to hold, which is what anybody may have. With the 64 KiB that it holds by
/// itself, copying is cheaper.
const PIECE: usize = 1024 * 1024;

/// Moves everything from `reader` to `writer`, until it ends.
pub(super) async fn one_way(
    reader: &(impl End + ?Sized),
    writer: &(impl End + ?Sized),
) -> io::Result<u64> {
    let (outlet, inlet) = pipe()?;
    let (outlet_fd, inlet_fd) = (outlet.as_raw_fd(), inlet.as_raw_fd());
    let mut total = 0;
    loop {
        let fill = |fd| splice(fd, inlet_fd, PIECE);
        let mut rest = reader.when_ready(Interest::READABLE, fill).await?;
        if rest == 0 {
            return Ok(total);
        }
        total += rest as u64;
        while rest > 0 {
            let empty = |fd| splice(outlet_fd, fd, rest);
            match writer.when_ready(Interest::WRITABLE, empty).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => rest -= n,
            }
        }
    }
}

/// As [`one_way`], and tells the writer's other side of the end.
pub(super) async fn one_way_and_end(
    reader: &(impl End + ?Sized),
    writer: &(impl End + ?Sized),
) -> io::Result<u64> {
    let moved = one_way(reader, writer).await?;
    writer.end()?;
    Ok(moved)
}

#[cfg(feature = "fs")]
pub(super) async fn send_file(
    file: &crate::native::fs::File,
    at: u64,
    len: u64,
    writer: &(impl End + ?Sized),
) -> io::Result<u64> {
    /// So that other tasks have their turn.
    const AT_A_TIME: u64 = 1024 * 1024;
    let mut sent = 0;
    while sent < len {
        let (from, piece) = (at + sent, AT_A_TIME.min(len - sent) as usize);
        let source = file.as_raw_fd();
        let send = |fd| {
            let invalid = |_| io::Error::from(io::ErrorKind::InvalidInput);
            let mut offset = libc::off64_t::try_from(from).map_err(invalid)?;
            // SAFETY: both descriptors are open, and the offset lives during the call.
            count(|| unsafe { libc::sendfile64(fd, source, &raw mut offset, piece) })
        };
        match writer.when_ready(Interest::WRITABLE, send).await? {
            0 => break,
            n => sent += n as u64,
        }
    }
    Ok(sent)
}

/// What comes out, and what goes in.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is ours. If the system refuses, the pipe holds less, and no harm is done.
    unsafe { libc::fcntl(ends[1], libc::F_SETPIPE_SZ, PIECE as libc::c_int) };
    // SAFETY: the system has just given them to us.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

fn splice(from: RawFd, to: RawFd, bytes: usize) -> io::Result<usize> {
    let how = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    // SAFETY: both descriptors are open, and positions are not given.
    count(|| unsafe { libc::splice(from, ptr::null_mut(), to, ptr::null_mut(), bytes, how) })
}

/// Calls the system until no signal interrupts it.
fn count(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        match usize::try_from(call()) {
            Ok(count) => return Ok(count),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
}
