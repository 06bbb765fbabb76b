//! Who is on the other side.
//!
//! Why unsafe: the system is asked directly, the standard library does not.

use super::{UnixStream, gid_t, pid_t, uid_t};
use std::io;
use std::os::fd::AsRawFd;

/// The credentials of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UCred {
    uid: uid_t,
    gid: gid_t,
    pid: Option<pid_t>,
}

impl UCred {
    /// The user.
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group.
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process, where the system tells.
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}

/// The credentials that the other side had when it connected.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn of_peer(stream: &UnixStream) -> io::Result<UCred> {
    let mut found = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut size = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the descriptor is the stream's, and the system writes at most `size` bytes to
    // `found`, whose size that is.
    let answer = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut found).cast(),
            &raw mut size,
        )
    };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(UCred { uid: found.uid, gid: found.gid, pid: Some(found.pid) })
}

/// The credentials that the other side had when it connected.
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "openbsd",
    target_os = "netbsd"
))]
pub(super) fn of_peer(stream: &UnixStream) -> io::Result<UCred> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the descriptor is the stream's, and the system writes one id to each address.
    let answer = unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut uid, &raw mut gid) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(UCred { uid, gid, pid: None })
}

/// The system is not known to tell.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "openbsd",
    target_os = "netbsd"
)))]
pub(super) fn of_peer(stream: &UnixStream) -> io::Result<UCred> {
    let _ = stream.as_raw_fd();
    Err(io::ErrorKind::Unsupported.into())
}
