//! The standard streams of a child, as this process sees them.

use super::system::{Receiver, Sender, receiver, sender};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};
use std::process::Stdio;

/// One stream: its name, what it is for us, and the standard library's type.
macro_rules! stream {
    ($stream:ident, $inner:ident, $make:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug)]
        pub struct $stream {
            inner: $inner,
        }

        impl $stream {
            /// Makes one of the standard library's.
            ///
            /// # Errors
            /// If the system refuses it.
            ///
            /// # Panics
            /// Outside a runtime.
            #[track_caller]
            pub fn from_std(inner: std::process::$stream) -> io::Result<Self> {
                Ok(Self { inner: $make(inner)? })
            }

            /// The descriptor, blocking.
            ///
            /// # Errors
            /// If the system refuses it.
            #[cfg(unix)]
            pub fn into_owned_fd(self) -> io::Result<std::os::fd::OwnedFd> {
                self.inner.into_blocking_fd()
            }

            /// The handle.
            ///
            /// # Errors
            /// If an operation on it is under way.
            #[cfg(windows)]
            pub fn into_owned_handle(self) -> io::Result<std::os::windows::io::OwnedHandle> {
                self.inner.into_owned_handle()
            }
        }

        impl TryFrom<$stream> for Stdio {
            type Error = io::Error;

            /// For another child, to which it is handed over.
            fn try_from(stream: $stream) -> io::Result<Self> {
                #[cfg(unix)]
                return stream.into_owned_fd().map(Into::into);
                #[cfg(windows)]
                return stream.into_owned_handle().map(Into::into);
            }
        }

        descriptor!($stream);
    };
}

/// The descriptor or handle of a stream.
macro_rules! descriptor {
    ($stream:ident) => {
        #[cfg(unix)]
        const _: () = {
            use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

            impl AsRawFd for $stream {
                fn as_raw_fd(&self) -> RawFd {
                    self.inner.as_raw_fd()
                }
            }

            impl AsFd for $stream {
                fn as_fd(&self) -> BorrowedFd<'_> {
                    self.inner.as_fd()
                }
            }
        };

        #[cfg(windows)]
        const _: () = {
            use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};

            impl AsRawHandle for $stream {
                fn as_raw_handle(&self) -> RawHandle {
                    self.inner.as_raw_handle()
                }
            }

            impl AsHandle for $stream {
                fn as_handle(&self) -> BorrowedHandle<'_> {
                    self.inner.as_handle()
                }
            }
        };
    };
}

macro_rules! reads {
    ($stream:ident) => {
        impl AsyncRead for $stream {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.inner).poll_read(cx, buf)
            }
        }
    };
}

stream!(
    ChildStdin,
    Sender,
    sender,
    "Writes to the standard input of a child. Dropping it closes that."
);
stream!(ChildStdout, Receiver, receiver, "Reads the standard output of a child.");
stream!(ChildStderr, Receiver, receiver, "Reads the standard error of a child.");
reads!(ChildStdout);
reads!(ChildStderr);

impl AsyncWrite for ChildStdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
