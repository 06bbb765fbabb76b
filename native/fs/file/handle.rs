//! The file's descriptor or handle.
//!
//! Why unsafe: whoever hands over a descriptor by number promises that it is theirs.

use super::{File, StdFile};

#[cfg(unix)]
const _: () = {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

    impl From<OwnedFd> for File {
        fn from(fd: OwnedFd) -> Self {
            StdFile::from(fd).into()
        }
    }

    impl AsRawFd for File {
        fn as_raw_fd(&self) -> RawFd {
            self.std.as_raw_fd()
        }
    }

    impl AsFd for File {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.std.as_fd()
        }
    }

    impl FromRawFd for File {
        unsafe fn from_raw_fd(fd: RawFd) -> Self {
            // SAFETY: the caller owns the descriptor.
            unsafe { StdFile::from_raw_fd(fd) }.into()
        }
    }
};

#[cfg(windows)]
const _: () = {
    use std::os::windows::io::{
        AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle,
    };

    impl From<OwnedHandle> for File {
        fn from(handle: OwnedHandle) -> Self {
            StdFile::from(handle).into()
        }
    }

    impl AsRawHandle for File {
        fn as_raw_handle(&self) -> RawHandle {
            self.std.as_raw_handle()
        }
    }

    impl AsHandle for File {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.std.as_handle()
        }
    }

    impl FromRawHandle for File {
        unsafe fn from_raw_handle(handle: RawHandle) -> Self {
            // SAFETY: the caller owns the handle.
            unsafe { StdFile::from_raw_handle(handle) }.into()
        }
    }
};
